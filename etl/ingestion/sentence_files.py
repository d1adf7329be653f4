"""The sentences of a file for `etl tokens`: the text column of a table, or the lines of a text."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from etl.errors import InputError
from etl.ingestion.tables.header import find_column
from etl.ingestion.tables.reader import FORMATS, format_of, open_file_as_table, raw_file_at
from etl.schema import resources
from etl.text.encoding import decode_text

_MAX_TEXT_BYTES = 16 << 20  # the first lines are shown, not all of a corpus
_BINARY_FORMATS = {".xlsx", ".parquet", ".arrow"}
_NEXT_STEP = "name a text file with one sentence a line, or a table with a text column."


def read_sentences(file: Path, limit: int) -> list[str]:
    """Reads the first sentences of a file; blank ones are left out.

    A table is known by its suffix, its text column by the usual names in `schemas/outside.yaml`. A CSV or
    JSON without such a column is read line by line, like any other text.

    Args:
        file: the table or text.
        limit: how many sentences are read.

    Raises:
        InputError: the file cannot be read, is in no known encoding, or has no sentence.
    """
    suffix = format_of(file)
    sentences = _cells(file, limit, is_text=suffix not in _BINARY_FORMATS) if suffix in FORMATS else None
    if sentences is None:
        sentences = _lines(file, limit)
    if not sentences:
        raise InputError(
            f"{file} has no sentence",
            details=[f"expected one a line, got {file.stat().st_size:,} bytes of blank lines"],
            next_step=_NEXT_STEP,
        )
    return sentences


def _cells(file: Path, limit: int, *, is_text: bool) -> list[str] | None:
    """The cells of the text column; None where a text is no table with one."""
    try:
        with open_file_as_table(raw_file_at(file, str(file)), next_step=_NEXT_STEP) as table:
            column = find_column(table.columns, resources.load("schemas", "outside.yaml")["columns"]["text"])
            if column is None and is_text:
                return None
            if column is None:
                raise InputError(
                    f"{file} does not say which column holds the sentences",
                    details=[f"its columns are {', '.join(table.columns)}"],
                    next_step=_NEXT_STEP,
                )
            cells = (
                cell for frame in table.frames([column]) for cell in frame[column] if (cell or "").strip()
            )
            return list(islice(cells, limit))
    except InputError:
        if is_text:
            return None
        raise


def _lines(file: Path, limit: int) -> list[str]:
    try:
        with file.open("rb") as stream:
            content = stream.read(_MAX_TEXT_BYTES)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}", next_step=_NEXT_STEP) from error
    if len(content) == _MAX_TEXT_BYTES:  # the last line may be cut
        content = content[: content.rfind(b"\n") + 1] or content
    try:
        text, _ = decode_text(content, str(file))
    except InputError as error:
        raise InputError(
            error.what,
            cause="It is no text file, or was saved by a program that used another encoding.",
            next_step="save it as UTF-8, one sentence a line.",
        ) from error
    return [line for line in text.split("\n") if line.strip()][:limit]

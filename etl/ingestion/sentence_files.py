"""The sentences of a file for `etl tokens`: the text column of a table, or the lines of a text."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

import polars as pl

from etl.errors import InputError
from etl.ingestion.sources.pointer import MAX_BYTES, refuse_pointer
from etl.ingestion.tables.dialect import parse_dialect
from etl.ingestion.tables.header import column_name, find_column, own_names
from etl.ingestion.tables.preview import WORKBOOKS
from etl.ingestion.tables.reader import FORMATS, format_of, open_file_as_tables, raw_file_at
from etl.ingestion.tables.table import OpenTable, Unit
from etl.language.message import tr
from etl.language.system_words import system_words
from etl.schema import resources
from etl.schema.details import said
from etl.settings import MAX_RAW_CHARS, Table
from etl.text.encoding import decode_text
from etl.user_files.plain import plain_file

_log = logging.getLogger(__name__)

_MAX_TEXT_BYTES = 16 << 20  # the first lines are shown, not all of a corpus
_BINARY_FORMATS = {*WORKBOOKS, ".parquet", ".arrow", ".feather"}
_UNITS: dict[Unit, str] = {"row": tr("row"), "line": tr("line"), "element": tr("element")}
_NEXT_STEP = tr(
    "name a text file with one sentence a line, or the column of a table with `--text-column NAME`."
)


def read_sentences(file: Path, limit: int, how: Table = Table()) -> list[str]:
    """Reads the first sentences of a file; blank ones are left out.

    A table is known by its suffix, its text column by the settings or by the usual names in
    `schemas/outside.yaml`. A CSV or JSON without such a column is read line by line, like any other text.

    Args:
        file: the table or text.
        limit: how many sentences are read.
        how: of a table, which column holds the sentences and how it is written.

    Raises:
        InputError: the file cannot be read, is in no known encoding, or has no sentence.
    """
    suffix = format_of(file)
    # A text in which no column is named may hold sentences on lines.
    has_lines = suffix not in _BINARY_FORMATS and how.text_column is None
    sentences = _cells(file, limit, how, has_lines=has_lines) if suffix in FORMATS else None
    if sentences is None:
        sentences = _lines(file, limit)
    if not sentences:
        raise InputError(
            tr("{file} has no sentence", file=file),
            details=[tr("expected one a line, got {size:,} bytes of blank lines", size=file.stat().st_size)],
            next_step=_NEXT_STEP,
        )
    return sentences


def _cells(file: Path, limit: int, how: Table, *, has_lines: bool) -> list[str] | None:
    """The cells of the text column; None where a text is no table with one, and may have lines."""
    raw = raw_file_at(file, str(file))
    dialect = parse_dialect(how.delimiter, header=how.header)

    def is_header(names: list[str]) -> bool:
        return _text_column(names, how) is not None

    try:
        with open_file_as_tables(raw, next_step=_NEXT_STEP, is_header=is_header, dialect=dialect) as tables:
            columns = [column for table in tables if (column := _text_column(table.columns, how))]
            if len(columns) < len(tables) and has_lines:
                return None
            if len(columns) < len(tables):
                raise InputError(
                    tr("{file} has no column {name!r}", file=file, name=how.text_column)
                    if how.text_column
                    else tr("{file} does not say which column holds the sentences", file=file),
                    details=[
                        tr("its columns are {columns}", columns=", ".join(own_names(tables[0].columns)))
                    ],
                    next_step=_NEXT_STEP,
                )
            return list(islice(_filled(tables, columns), limit))
    except InputError:
        if has_lines:
            return None
        raise


def _filled(tables: Sequence[OpenTable], columns: Sequence[str]) -> Iterator[str]:
    """The cells of a column of each table that hold anything."""
    for table, column in zip(tables, columns, strict=True):
        for frame in table.frames([column]):
            bad = frame.filter(pl.col("detail").is_not_null()).select("position", "detail")
            for position, detail in bad.iter_rows():
                _log.warning(
                    tr(
                        "{unit} {position} is left out: {detail}",
                        unit=_UNITS[table.unit],
                        position=position,
                        detail=said(detail),
                    )
                )
            yield from (cell for cell in frame[column] if (cell or "").strip())


def _text_column(names: Sequence[str], how: Table) -> str | None:
    """The column of sentences: the one that the settings name, else one of a usual name."""
    if how.text_column is None:
        return find_column(names, resources.load("schemas", "outside.yaml")["columns"]["text"])
    named = column_name(how.text_column)
    return named if named in names else None


def _lines(file: Path, limit: int) -> list[str]:
    try:
        with plain_file(file).open("rb") as stream:
            content = stream.read(_MAX_TEXT_BYTES)
    except OSError as error:
        raise InputError(
            tr("{file} cannot be read: {problem}", file=file, problem=system_words(error)),
            next_step=_NEXT_STEP,
        ) from error
    refuse_pointer(content[:MAX_BYTES], str(file))
    if len(content) == _MAX_TEXT_BYTES:  # the last line may be cut
        end = content.rfind(b"\n") + 1
        # One line alone is beyond all measure: enough of it that it is rejected, and no half of a character.
        content = content[:end] if end else _beginning(content)
    try:
        text, _ = decode_text(content, str(file))
    except InputError as error:
        raise InputError(
            error.what,
            cause=tr("It is no text file, or was saved by a program that used another encoding."),
            next_step=tr("save it as UTF-8, one sentence a line."),
        ) from error
    return [line for line in text.split("\n") if line.strip()][:limit]


def _beginning(line: bytes) -> bytes:
    """The whole characters at the beginning of a line that is cut somewhere."""
    for cut in range(4):
        with suppress(InputError):
            text, _ = decode_text(line[: len(line) - cut])
            return text[: MAX_RAW_CHARS + 1].encode()
    return line

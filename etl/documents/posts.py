"""Posts of social networks: JSON lines and CSV with a text column, or a text file with one post a line.

The names of columns that are known stand in `schemas/documents/posts.yaml`. Each post is a document.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import msgspec

from etl.documents.passage import Passage
from etl.errors import InputError
from etl.ingestion.sources.decode import Plain, as_text
from etl.schema import resources

_DELIMITERS = ",\t;|"


def read_lines(text: str) -> Iterator[Passage]:
    """One post a line; blank lines are none."""
    posts = ((number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip())
    for document, (number, line) in enumerate(posts, start=1):
        yield Passage(line.strip(), "post", "line", number, document=document)


def read_json_lines(text: str, name: str, text_column: str | None) -> Iterator[Passage]:
    """One JSON object a line; a line that is none, or has no text, is a `bad_row`.

    Raises:
        InputError: the first object has no column that holds the text.
    """
    decoder = msgspec.json.Decoder(dict[str, Any])
    columns: dict[str, str] | None = None
    document = 0
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        document += 1
        try:
            record = decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeEncodeError):
            yield Passage(line, "post", "line", number, document=document, reason="bad_row")
            continue
        columns = columns or _columns(list(record), name, text_column)
        yield _post({key: record.get(theirs) for key, theirs in columns.items()}, "line", number, document)


def read_table(text: str, name: str, text_column: str | None) -> Iterator[Passage]:
    """A CSV or TSV with a header. A record of another length is a `bad_row`.

    Raises:
        InputError: no column holds the text, or a record has no end.
    """
    delimiter = _delimiter(text)
    records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    number = 1
    try:
        header = [each.strip() for each in next(records, [])]
        columns = _columns(header, name, text_column)
        for document, record in enumerate(filter(None, records), start=1):
            number = document + 1
            if len(record) != len(header):
                line = delimiter.join(record)
                yield Passage(line, "post", "row", number, document=document, reason="bad_row")
                continue
            row = dict(zip(header, record, strict=True))
            yield _post({key: row[theirs] for key, theirs in columns.items()}, "row", number, document)
    except csv.Error as error:
        raise InputError(
            f"{name} breaks off after record {number:,}",
            details=[f"expected another record, got: {error}"],
            cause="A quotation mark is missing or too many.",
            next_step="repair the record, or write the file again as UTF-8 CSV.",
        ) from error


def has_columns(header: list[str]) -> bool:
    """Whether one of these names is that of a text column."""
    return "text" in _known(header)


def header_of(text: str) -> list[str]:
    """The first record of a CSV."""
    try:
        return next(csv.reader(io.StringIO(text[:20_000], newline=""), delimiter=_delimiter(text)), [])
    except csv.Error:
        return []


def _delimiter(text: str) -> str:
    """The one that occurs most often in the first line."""
    first_line = text.partition("\n")[0]
    return max(_DELIMITERS, key=first_line.count)


def _post(values: Mapping[str, Any], unit: Any, number: int, document: int) -> Passage:
    cells = {key: as_text(value) for key, value in values.items() if isinstance(value, get_args(Plain))}
    is_text = isinstance(values["text"], str)
    return Passage(
        cells.get("text") or "",
        "post",
        unit,
        number,
        document=document,
        speaker=cells.get("speaker") or None,
        time=cells.get("time") or None,
        reason=None if is_text else "bad_row",
    )


def _known(names: list[str]) -> dict[str, str]:
    """Our names and theirs, of the columns that are known; the first in the order of the schema counts."""
    schema: dict[str, list[str]] = resources.load("schemas", "documents", "posts.yaml")
    theirs = {each.strip().lower(): each for each in reversed(names)}
    found = {ours: [theirs[each] for each in known if each in theirs] for ours, known in schema.items()}
    return {ours: names[0] for ours, names in found.items() if names}


def _columns(names: list[str], name: str, text_column: str | None) -> dict[str, str]:
    columns = _known(names)
    if text_column is not None:
        columns["text"] = text_column
    if columns.get("text") not in names:
        wanted = f"a column {text_column!r}" if text_column else "a column such as text, content or message"
        raise InputError(
            f"{name} does not say which column holds the posts",
            details=[f"expected {wanted}, got {', '.join(names) or 'none'}"],
            next_step="name it with `--text-column NAME`.",
        )
    return columns

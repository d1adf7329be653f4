"""Posts of social networks: a table with a text column, or a text file with one post a line.

The names of columns that are known stand in `schemas/documents/posts.yaml`. Each post is a document.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import polars as pl

from etl.documents.passage import Passage, Unit
from etl.errors import InputError
from etl.ingestion.sources.frame import reason_of
from etl.ingestion.sources.raw import RawFile
from etl.ingestion.tables.dialect import FOUND_OUT, Dialect
from etl.ingestion.tables.header import column_name, find_column, own_names
from etl.ingestion.tables.preview import Preview
from etl.ingestion.tables.reader import open_file_as_tables, raw_file_in_memory
from etl.ingestion.tables.table import OpenTable
from etl.language.message import plural, tr
from etl.schema import resources
from etl.text.mojibake import repair_mojibake

_log = logging.getLogger(__name__)

_NEXT_STEP = tr("repair it, or save it again, as UTF-8 where it is text.")
_HEADER_CHARS = 20_000


def read_lines(text: str) -> Iterator[Passage]:
    """Reads one post a line; blank lines are none."""
    posts = ((number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip())
    for document, (number, line) in enumerate(posts, start=1):
        yield Passage(line.strip(), "post", "line", number, document=document)


def read_table(
    raw: RawFile, suffix: str, text_column: str | None, dialect: Dialect = FOUND_OUT
) -> Iterator[Passage]:
    """Reads the posts in a table; what is a row, and what is not and why, is as `etl ingest` has it.

    Args:
        raw: the file.
        suffix: of its format, such as `.csv`, where its name does not have it.
        text_column: the column that holds the posts; None: by its usual names.
        dialect: what the user says of how the table is written.

    Raises:
        InputError: no column holds the text, or the file is damaged.
    """
    named = None if text_column is None else column_name(text_column)

    def is_header(columns: list[str]) -> bool:
        return named in columns if named else has_columns(columns)

    opened = open_file_as_tables(raw, suffix, next_step=_NEXT_STEP, is_header=is_header, dialect=dialect)
    taken_back = set(_schema()["taken_back"])
    document = n_taken_back = 0
    with opened as tables:
        for table in tables:
            columns = _columns(table, text_column)
            unit: Unit = "line" if table.unit == "line" else "row"
            shift = 1 if table.unit == "element" else 0  # elements of an array are counted from 0
            for row in _records(table, columns):
                document += 1
                cells = {ours: row[theirs] for ours, theirs in columns.items()}
                if (cells["text"] or "").strip() in taken_back:
                    n_taken_back += 1
                    continue
                yield Passage(
                    _words(cells["text"] or row["bad_record"] or ""),
                    "post",
                    unit,
                    row["position"] + shift,
                    document=document,
                    speaker=repair_mojibake(cells.get("speaker") or "") or None,
                    time=cells.get("time") or None,
                    reason=row["reason"],
                )
    if n_taken_back:
        _log.warning(
            tr(
                "{file}: {rows} left out, of posts that were taken back",
                file=raw.name,
                rows=plural("{number:,} row", "{number:,} rows", n_taken_back),
            )
        )


def _records(table: OpenTable, columns: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    names = list(dict.fromkeys(columns.values()))
    for frame in table.frames(names, optional=[name for name in names if name != columns["text"]]):
        yield from frame.with_columns(reason=reason_of(pl.col("detail"))).iter_rows(named=True)


def has_columns(header: list[str]) -> bool:
    """Whether one of these names is that of a text column."""
    return "text" in _known(header)


def header_of(text: str) -> list[str]:
    """The cells of the first line of a text."""
    return _first_records(text)[0]


def _first_records(text: str) -> list[list[str]]:
    """The cells of the first lines of a text; of a blank one, one line without any."""
    head = text[:_HEADER_CHARS].encode()
    return Preview(raw_file_in_memory(head, ""), ".csv").first_records or [[]]


def _known(names: list[str]) -> dict[str, str]:
    """Our names and theirs, of the columns that are known; the first in the order of the schema counts."""
    found = {ours: find_column(names, usual) for ours, usual in _schema()["columns"].items()}
    return {ours: theirs for ours, theirs in found.items() if theirs is not None}


def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = resources.load("schemas", "documents", "posts.yaml")
    return schema


def _words(cell: str) -> str:
    """The words of a cell, whose encoding may be broken, or which holds pieces in JSON."""
    if re.fullmatch(_schema()["pieces"], cell, re.DOTALL):
        with suppress(ValueError, TypeError, KeyError, RecursionError):
            cell = "".join(piece["text"] for piece in json.loads(f"[{cell}]"))
    return repair_mojibake(cell)


def _columns(table: OpenTable, text_column: str | None) -> dict[str, str]:
    columns = _known(table.columns)
    if text_column is not None:
        columns["text"] = column_name(text_column)
    if not table.columns and not table.has_fixed_columns:  # not one line is a JSON object
        columns.setdefault("text", "text")
    elif columns.get("text") not in table.columns:
        names = ", ".join(own_names(table.columns)) or tr("none")
        if text_column:
            raise InputError(
                tr("{file} has no column {name!r}", file=table.name, name=text_column),
                details=[tr("its columns are {columns}", columns=names)],
                next_step=tr("name one of them with `--text-column`."),
            )
        raise InputError(
            tr("{table} does not say which column holds the posts", table=table.name),
            details=[tr("expected a column such as text, content or message, got {columns}", columns=names)],
            next_step=tr("name it with `--text-column NAME`."),
        )
    return columns

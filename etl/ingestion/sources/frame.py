"""Turns what a reader found into frames of rows with the columns that the corridor expects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

import polars as pl

from etl.errors import InputError
from etl.ingestion.sources import decode
from etl.ingestion.sources.header import column_names
from etl.ingestion.sources.raw import OpenFile, RawFile
from etl.schema import contract, row

BATCH_ROWS = 20_000


def rows_frame(raw: RawFile | None, columns: pl.DataFrame, **constants: Any) -> pl.DataFrame:
    """A frame with the reader's schema (`etl.schema.row.read_schema`), one row for each row of `columns`.

    A row without a group is a group of its own.

    Args:
        raw: where the rows come from; None where `columns` says so itself.
        columns: what differs from row to row.
        constants: what is the same for all: source, release, split, …; the contract says the domain.
    """

    if raw is not None:
        constants = {"file": raw.file, "member": raw.member, **constants}
    constants = {"turn": 1, "domain": contract.load(constants["source"]).domain, **constants}
    return columns.select(
        pl.col(name).cast(dtype, strict=False)
        if name in columns.columns
        else pl.lit(constants.get(name), dtype).alias(name)
        for name, dtype in row.read_schema().items()
    ).with_columns(pl.coalesce("group", "id").alias("group"))


def id_column(slug: str, *parts: str | pl.Expr) -> pl.Expr:
    """The id `<slug>:<part>:<part>…`; a part is a name as it is or an expression, null read as `?`."""

    as_expressions = [pl.lit(part) if isinstance(part, str) else part.cast(pl.String) for part in parts]
    return pl.concat_str([pl.lit(slug), *(part.fill_null("?") for part in as_expressions)], separator=":")


def stem(raw: RawFile) -> str:
    """The name of the file without folder and ending: part of the ids of corpora that have none."""
    return PurePosixPath(raw.member or raw.file).name.split(".")[0]


def in_batches(records: Iterable[Any], size: int = BATCH_ROWS) -> Iterator[list[Any]]:
    """The records in lists of `size`; those before a damage are given before its error is raised."""
    batch: list[Any] = []
    try:
        for record in records:
            batch.append(record)
            if len(batch) == size:
                yield batch
                batch = []
    except InputError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def record_frames(
    open_file: OpenFile, delimiter: str, names: list[str] | None = None, *, is_quoted: bool = True
) -> Iterator[pl.DataFrame]:
    """The records of a delimited file as frames of strings, counted in `open_file.rows`.

    Args:
        open_file: the file.
        delimiter: what stands between the fields.
        names: the columns of a file without a header; by default the first record names them.
        is_quoted: whether quotes may enclose a field (CSV), or are text like any other.

    Yields:
        A frame with one column per name, `position` (record number from 1, header included), and `reason` and
        `detail`, which say of a record with another number of fields that it is a `bad_row`.
    """

    records = decode.delimited(open_file, delimiter, is_quoted=is_quoted)
    columns = names or column_names(next(records, (0, []))[1])
    schema = {"position": pl.Int64, **dict.fromkeys([*columns, "reason", "detail"], pl.String)}
    for batch in in_batches(records):
        open_file.rows += len(batch)
        rows = [
            (number, *record, None, None)
            if len(record) == len(columns)
            else (
                number,
                *(None for _ in columns),
                "bad_row",
                f"expected {len(columns)} fields, got {len(record)}",
            )
            for number, record in batch
        ]
        yield pl.DataFrame(rows, schema=schema, orient="row")


def filled(cell: pl.Expr) -> pl.Expr:
    """A cell stripped, null where that leaves nothing."""
    return cell.str.strip_chars().replace("", None)


def is_blank(expr: pl.Expr) -> pl.Expr:
    """Whether a cell is null or holds white space only."""
    return expr.is_null() | (expr.str.strip_chars() == "")

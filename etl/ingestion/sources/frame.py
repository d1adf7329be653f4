"""Turns the columns of a corpus into frames of rows with the schema that ingest expects."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import polars as pl

from etl.ingestion.sources.raw import RawFile
from etl.schema import contract, row


def rows_frame(raw: RawFile | None, columns: pl.DataFrame, **constants: Any) -> pl.DataFrame:
    """A frame with the reader's schema (`etl.schema.row.read_schema`), one row for each row of `columns`.

    A row with a `detail` is a `bad_row`; a row without a group is a group of its own.

    Args:
        raw: where the rows come from; None where `columns` says so itself.
        columns: what differs from row to row.
        constants: what is the same for all: source, release, split, …; the contract says the domain.
    """

    if raw is not None:
        constants = {"file": raw.file, "member": raw.member, **constants}
    if "detail" in columns.columns:
        is_bad = pl.col("detail").is_not_null()
        columns = columns.with_columns(reason=pl.when(is_bad).then(pl.lit("bad_row")))
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


def filled(cell: pl.Expr) -> pl.Expr:
    """A cell stripped, null where that leaves nothing."""
    return cell.str.strip_chars().replace("", None)


def is_blank(expr: pl.Expr) -> pl.Expr:
    """Whether a cell is null or holds white space only."""
    return expr.is_null() | (expr.str.strip_chars() == "")

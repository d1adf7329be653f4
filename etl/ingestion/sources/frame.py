"""Turns the columns of a corpus into frames of rows with the schema that ingest expects."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import polars as pl

from etl.ingestion.sources.raw import RawFile
from etl.schema import contract, row


def rows_frame(raw: RawFile | None, columns: pl.DataFrame, **constants: Any) -> pl.DataFrame:
    """Returns a frame with the schema of `etl.schema.row.read_schema`, one row for each row of `columns`.

    A row with a `detail` is a `bad_row`; a row without a group is a group of its own.

    Args:
        raw: the file of the rows; None where `columns` has `file` and `member`.
        columns: what differs from row to row.
        constants: what is the same for all: source, release, split, …; the domain is by default that of the
            contract.
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
    """Returns the expression of the id `<slug>:<part>:<part>…`.

    Args:
        slug: of the corpus.
        parts: strings, or expressions, whose nulls become `?`.
    """

    as_expressions = [pl.lit(part) if isinstance(part, str) else part.cast(pl.String) for part in parts]
    return pl.concat_str([pl.lit(slug), *(part.fill_null("?") for part in as_expressions)], separator=":")


def stem(raw: RawFile) -> str:
    """Returns the file's name without folder and suffix: part of the ids where a corpus has no ids."""
    return PurePosixPath(raw.member or raw.file).name.split(".")[0]


def filled(cell: pl.Expr) -> pl.Expr:
    """Strips a cell; what is empty then is null."""
    return cell.str.strip_chars().replace("", None)


def is_blank(expr: pl.Expr) -> pl.Expr:
    """Whether a cell is null or holds white space only."""
    return expr.is_null() | (expr.str.strip_chars() == "")

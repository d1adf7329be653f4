"""Marks rows with the reason for which they will be rejected. The first reason wins."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


def mark(frame: pl.DataFrame, condition: pl.Expr, reason: str, detail: pl.Expr | str) -> pl.DataFrame:
    """Sets `reason` and `detail` where `condition` holds and no reason is set yet.

    Args:
        frame: rows with `reason` and `detail`.
        condition: which rows; null counts as no.
        reason: a code of `schemas/columns.yaml`.
        detail: what was found, for a person.
    """
    import polars as pl

    return mark_each(frame, pl.when(condition).then(pl.lit(reason)), detail)


def mark_each(frame: pl.DataFrame, reason: pl.Expr, detail: pl.Expr | str) -> pl.DataFrame:
    """Like `mark`, with a reason of its own for each row; null where there is none."""
    import polars as pl

    found = pl.lit(detail) if isinstance(detail, str) else detail
    is_new = pl.col("reason").is_null() & reason.is_not_null()
    return frame.with_columns(
        pl.when(is_new).then(reason).otherwise(pl.col("reason")).alias("reason"),
        pl.when(is_new).then(found).otherwise(pl.col("detail")).alias("detail"),
    )

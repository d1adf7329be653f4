"""Marks rows with the reason for which the writer will reject them. The first reason wins."""

from __future__ import annotations

import polars as pl


def mark(frame: pl.DataFrame, condition: pl.Expr, reason: str, detail: pl.Expr | str) -> pl.DataFrame:
    """Sets `reason` and `detail` where `condition` holds and no reason is set yet.

    Args:
        frame: rows with `reason` and `detail`.
        condition: which rows to mark; null counts as false.
        reason: a code of `schemas/columns.yaml`.
        detail: explanation for people.
    """
    if not frame.select((condition & pl.col("reason").is_null()).any()).item():
        return frame
    return mark_each(frame, pl.when(condition).then(pl.lit(reason)), detail)


def mark_each(frame: pl.DataFrame, reason: pl.Expr, detail: pl.Expr | str) -> pl.DataFrame:
    """Sets `reason` and `detail` where no reason is set yet, with a reason for each row; null marks nothing.

    `detail` may refer to its own row only: it is computed for the marked rows, which are few.
    """
    reasons = frame.with_columns(reason.alias("new"))["new"]
    rows = (frame["reason"].is_null() & reasons.is_not_null()).arg_true()
    if not len(rows):
        return frame
    details = frame[rows].with_columns(
        (pl.lit(detail) if isinstance(detail, str) else detail).alias("detail")
    )
    return frame.with_columns(
        frame["reason"].scatter(rows, reasons.gather(rows)), frame["detail"].scatter(rows, details["detail"])
    )

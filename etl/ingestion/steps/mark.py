"""Marks rows with the reason for which they will be rejected. The first reason wins."""

from __future__ import annotations

import polars as pl


def mark(frame: pl.DataFrame, condition: pl.Expr, reason: str, detail: pl.Expr | str) -> pl.DataFrame:
    """Sets `reason` and `detail` where `condition` holds and no reason is set yet.

    Args:
        frame: rows with `reason` and `detail`.
        condition: which rows; null counts as no.
        reason: a code of `schemas/columns.yaml`.
        detail: what was found, for a person.
    """

    return mark_each(frame, pl.when(condition).then(pl.lit(reason)), detail)


def mark_each(frame: pl.DataFrame, reason: pl.Expr, detail: pl.Expr | str) -> pl.DataFrame:
    """Like `mark`, with a reason of its own for each row; null where there is none.

    `detail` may look at its own row only: it is computed for the marked rows, which are few.
    """

    found = frame.with_columns(reason.alias("found"))["found"]
    rows = (frame["reason"].is_null() & found.is_not_null()).arg_true()
    if not len(rows):
        return frame
    details = frame[rows].with_columns(
        (pl.lit(detail) if isinstance(detail, str) else detail).alias("detail")
    )
    return frame.with_columns(
        frame["reason"].scatter(rows, found.gather(rows)), frame["detail"].scatter(rows, details["detail"])
    )

"""The votes of a row: the targets that its raters or its several labels name, with their weights.

`etl.schema.resolver` counts them; here is what they mean under each value of the setting `labels`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import pyarrow as pa

from etl.settings import Labels

COLUMN = "label_votes"
VOTE = ("label", "weight")
# In the order of the taxonomy; the weights of a row sum to 1.
VOTES = pl.List(pl.Struct(dict(zip(VOTE, (pl.String, pl.Float64), strict=True))))
# How far a sum of weights may be from 1: floats, of which some programs keep only 32 bits.
TOLERANCE = 1e-6
SEPARATOR = "\x1f"  # of labels in one string


def make_column(votes: Sequence[Sequence[tuple[str, float]]]) -> pl.Series:
    """Returns the column of the votes of rows, pairs of a label and its weight; null where there are none.

    By way of Arrow, which takes a tenth of the time of dictionaries. Its arrays are made by polars: pyarrow
    loads pandas for those that it makes of lists.
    """
    if not any(votes):
        return pl.Series(COLUMN, [None] * len(votes), VOTES)
    offsets: list[int | None] = []
    labels: list[str] = []
    weights: list[float] = []
    for of_row in votes:
        offsets.append(len(labels) if of_row else None)
        for label, weight in of_row:
            labels.append(label)
            weights.append(weight)
    offsets.append(len(labels))
    of_votes = [pl.Series(labels, dtype=pl.String), pl.Series(weights, dtype=pl.Float64)]
    values = pa.StructArray.from_arrays([_to_arrow(each) for each in of_votes], VOTE)
    starts = _to_arrow(pl.Series(offsets, dtype=pl.Int32))
    column = pl.from_arrow(pa.ListArray.from_arrays(starts, values))
    assert isinstance(column, pl.Series)
    return column.alias(COLUMN)


def _to_arrow(column: pl.Series) -> Any:
    return column.to_arrow(compat_level=pl.CompatLevel.oldest())


def in_words() -> pl.Expr:
    """Returns the expression of the label of a row for people; without one, its votes, in percent."""
    return pl.coalesce("label", shares_in_words())


def shares_in_words() -> pl.Expr:
    """Returns the expression of the votes of a row for people, in percent; null where there are none."""
    vote = pl.element().struct.field
    said = pl.format("{} {} %", vote("label"), (vote("weight") * 100).round(0).cast(pl.Int64))
    return pl.col(COLUMN).list.eval(said).list.join(", ")


def is_labelled() -> pl.Expr:
    """Returns the expression of whether a row has a label, or votes in its place."""
    return pl.col("label").is_not_null() | pl.col(COLUMN).is_not_null()


def answer(labels: Labels) -> pl.Expr:
    """Returns the expression of what a row says: equal strings for equal labels, distributions or sets.

    Args:
        labels: `majority` compares `label`, `soft` the weights of the votes, `multi` the targets they name.
    """
    if labels == "majority":
        return pl.col("label")
    name = pl.element().struct.field("label")
    weight = pl.element().struct.field("weight").round(6)
    vote = name if labels == "multi" else pl.format("{}={}", name, weight)
    whole = pl.col("label") if labels == "multi" else pl.format("{}=1.0", "label")
    return pl.coalesce(pl.col(COLUMN).list.eval(vote).list.join(SEPARATOR), whole)


def spread(rows: pl.LazyFrame, labels: Labels) -> pl.LazyFrame:
    """Spreads each row over its labels: a line for each, with `label` and `weight`, without `label_votes`.

    Args:
        rows: with `label` and `label_votes`.
        labels: `majority` gives each row one line of weight 1; `soft` a line for each vote, with its weight;
            `multi` one for each target that is named, of weight 1.
    """
    whole = rows if labels == "majority" else rows.filter(pl.col(COLUMN).is_null())
    lines = [whole.drop(COLUMN).with_columns(weight=pl.lit(1.0))]
    if labels != "majority":
        votes = rows.drop("label").filter(pl.col(COLUMN).is_not_null()).explode(COLUMN)
        weight = pl.col(COLUMN).struct.field("weight") if labels == "soft" else pl.lit(1.0)
        lines.append(
            votes.with_columns(label=pl.col(COLUMN).struct.field("label"), weight=weight).drop(COLUMN)
        )
    return pl.concat(lines, how="diagonal")


def amount(weights: pl.Expr) -> pl.Expr:
    """Returns the expression of a sum of weights, so rounded that the order of the rows does not matter."""
    return weights.sum().round(3)


def are_sound(targets: Sequence[str]) -> pl.Expr:
    """Returns the expression of whether the votes of a row are sound; null where it has none.

    They name targets, each once and in the order of the taxonomy, with weights above 0 that sum to 1; and a
    label beside them has more than half of the weight.

    Args:
        targets: those of the taxonomy, in order.
    """
    vote = pl.element().struct.field
    ids = {target: index for index, target in enumerate(targets)}
    known = vote("label").replace_strict(ids, default=None, return_dtype=pl.Int64)
    column = pl.col(COLUMN)
    largest = column.list.eval(vote("label").filter(vote("weight") > 0.5)).list.first()
    is_sound = (
        (column.list.len() > 0)
        & column.list.eval(known.is_not_null() & (vote("weight") > 0).fill_null(value=False)).list.all()
        & column.list.eval(known.diff().drop_nulls() > 0).list.all()
        & ((column.list.eval(vote("weight")).list.sum() - 1).abs() <= TOLERANCE)
        & (pl.col("label").is_null() | largest.eq_missing(pl.col("label")))
    )
    return pl.when(column.is_not_null()).then(is_sound)

"""Numbers the rows that a check points at, and says which of them belong together.

A selection is a frame with `row`, the number of a row in the order of the dataset, and `group`, from 1; and
where they apply `likely_label`, `confidence`, `similarity` and `detail`. It holds no text: that is read, and
written, by `etl.validation.evidence`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

ROW = "row"
GROUP = "group"


def number_groups(rows: pl.DataFrame, keys: Sequence[str], within: Sequence[str] = ("id",)) -> pl.DataFrame:
    """Numbers the groups of rows: the largest is the first, of equal ones that with the first id.

    Args:
        rows: with `row`, `id`, the keys, and what they are sorted by.
        keys: columns whose values the rows of a group share.
        within: columns by which the rows of a group are sorted.

    Returns:
        The rows in that order, with `group`.
    """
    ordered = rows.with_columns(
        pl.len().over(keys).alias("_rows"), pl.col("id").min().over(keys).alias("_first")
    ).sort(
        "_rows", "_first", *keys, *within, ROW, descending=[True] + [False] * (len(keys) + len(within) + 2)
    )
    number = pl.struct(keys).rle_id().cast(pl.Int64) + 1
    return ordered.with_columns(number.alias(GROUP)).drop("_rows", "_first")


def stack(selections: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Puts selections below each other, one at least, and numbers their groups on."""
    stacked: list[pl.DataFrame] = []
    last = 0
    for selection in selections:
        stacked.append(selection.with_columns(pl.col(GROUP) + last))
        last += selection[GROUP].n_unique()
    return pl.concat(stacked)


def number_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """Makes each row a group of its own, in the order that the rows have."""
    return rows.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias(GROUP))


def number_pairs(near: pl.DataFrame, these: pl.DataFrame, those: pl.DataFrame) -> pl.DataFrame:
    """Makes a group of each text that has a near-duplicate, the most similar first.

    Args:
        near: the hashes `normalised` and `other`, and `similarity`.
        these: rows that have the texts `normalised`; all of a text are in its group.
        those: rows that have the texts `other`; of each the first by id is in the group.

    Returns:
        `row`, `group` and `similarity`.
    """
    first = those.sort("id", ROW).unique("normalised", keep="first", maintain_order=True)
    of_these = near.join(these.select("normalised", "id", ROW), on="normalised")
    of_those = near.join(first.select("normalised", "id", ROW), left_on="other", right_on="normalised")
    sides = [
        side.select("normalised", "other", "similarity", "id", ROW, is_other=pl.lit(is_other))
        for side, is_other in ((of_these, False), (of_those, True))
    ]
    rows = pl.concat(sides).with_columns(_first=pl.col("id").min().over("normalised", "other"))
    ordered = rows.sort(
        "similarity", "_first", "normalised", "other", "is_other", "id", descending=[True, *[False] * 5]
    )
    number = pl.struct("normalised", "other").rle_id().cast(pl.Int64) + 1
    return ordered.select(ROW, number.alias(GROUP), "similarity")

"""Says which rows break the output contract, as polars predicates, and selects them.

`etl.validation.checks.output_contract` has Great Expectations count them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from etl.dataset.manifest import Manifest
from etl.schema import row, votes
from etl.schema.splits import ALL_SPLITS, UNLABELLED
from etl.validation.selection import number_groups, number_rows
from etl.validation.view import View

REQUIRED = ("id", "source", "file", "position", "raw_text", "text", "label", "tokens", "split")
# By finding code and column.
BrokenRows = Mapping[tuple[str, str], pl.Expr]


@dataclass(frozen=True)
class Promise:
    """What the manifest of a dataset says of its labels.

    Attributes:
        targets: those of the taxonomy.
        is_labelled: whether each row has a `label`; else it has one or `label_votes`.
        has_votes: whether there is a column `label_votes`.
    """

    targets: tuple[str, ...]
    is_labelled: bool
    has_votes: bool


def promise_of(manifest: Manifest) -> Promise:
    """Returns what a manifest says of the labels of its rows."""
    columns = row.columns(is_reject=False, of_format=manifest.format)
    is_labelled = manifest.settings.labels == "majority"
    return Promise(manifest.taxonomy.targets, is_labelled, votes.COLUMN in columns)


def broken_rows(promise: Promise, split: str | pl.Expr) -> BrokenRows:
    """Returns by finding code and column the expression of whether a row breaks the contract.

    A row of the split `unlabelled` may have no label: one that it has is outside.

    Args:
        promise: of the dataset.
        split: that of the shard, or the expression of it.
    """
    column = pl.col
    of_shard = pl.lit(split) if isinstance(split, str) else split
    is_waiting = of_shard == UNLABELLED
    nulls = {("nulls", name): column(name).is_null() for name in REQUIRED}
    nulls["nulls", "label"] &= ~is_waiting
    if not promise.is_labelled:
        nulls["nulls", "label"] &= column(votes.COLUMN).is_null()
    broken = {
        **nulls,
        ("label_outside_taxonomy", "label"): column("label").is_not_null()
        & (is_waiting | ~column("label").is_in(list(promise.targets))),
        ("split_mismatch", "split"): column("split") != of_shard,
        ("duplicate_ids", "id"): column("id").is_duplicated() & column("id").is_not_null(),
    }
    if promise.has_votes:
        broken["unsound_votes", votes.COLUMN] = ~votes.are_sound(promise.targets)
    return broken


def select(view: View, codes: Collection[str], _measured: Any) -> dict[str, pl.DataFrame]:
    """Selects the rows that break the contract, as its detail the column; equal ids are a group."""
    of_shards = [view.dataset.scan(split).with_columns(shard=pl.lit(split)) for split in ALL_SPLITS]
    rows = pl.concat(of_shards).with_row_index("row")
    found: dict[str, list[pl.LazyFrame]] = {}
    for (code, column), is_broken in broken_rows(promise_of(view.manifest), pl.col("shard")).items():
        if code in codes and code != "duplicate_ids":
            broken = rows.filter(is_broken.fill_null(value=False))
            found.setdefault(code, []).append(broken.select("row", detail=pl.lit(column)))
    selected = {
        code: number_rows(pl.concat(frames).collect(engine="streaming").sort("row", "detail"))
        for code, frames in found.items()
    }
    if "duplicate_ids" in codes:
        same = rows.select("row", "id").filter(pl.col("id").is_not_null() & pl.col("id").is_duplicated())
        selected["duplicate_ids"] = number_groups(same.collect(), ["id"])
    return selected

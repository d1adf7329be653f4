"""Counts the rows of a dataset from the keys of the whole corpus: by source and reason, by split and label.

Keys have, among others, the columns `source`, `reason`, `split` and `label`.
"""

from __future__ import annotations

from collections import Counter

import polars as pl

from etl.dataset.manifest import SourceCounts, SplitCounts
from etl.dataset.read import SPLITS
from etl.dataset.shards import REJECTS


def count_sources(keys: pl.DataFrame) -> dict[str, SourceCounts]:
    """For each source how many rows were read, kept, and rejected for each reason."""
    counts: dict[str, SourceCounts] = {}
    groups = keys.group_by("source", "reason").len().sort("source", "reason")
    for (source,), reasons in groups.group_by("source", maintain_order=True):
        by_reason: dict[str | None, int] = dict(reasons.select("reason", "len").iter_rows())
        kept = by_reason.pop(None, 0)
        rejected = {str(reason): count for reason, count in by_reason.items()}
        counts[str(source)] = SourceCounts(kept + sum(rejected.values()), kept, rejected)
    return counts


def count_splits(keys: pl.DataFrame, targets: tuple[str, ...]) -> dict[str, SplitCounts]:
    """For each split how many rows it has, in all and for each label."""
    kept = keys.filter(pl.col("reason").is_null()).group_by("split", "label").len()
    counts = Counter({(split, label): count for split, label, count in kept.iter_rows()})
    labels = {split: {label: counts[split, label] for label in targets} for split in SPLITS}
    return {split: SplitCounts(sum(of_split.values()), of_split) for split, of_split in labels.items()}


def count_series(keys: pl.DataFrame) -> dict[str, int]:
    """Counts the rows that each series of shards will have: those of the splits, and the rejects."""
    kept = Counter(dict(keys.filter(pl.col("reason").is_null()).group_by("split").len().iter_rows()))
    return {**{split: kept[split] for split in SPLITS}, REJECTS: keys.height - kept.total()}

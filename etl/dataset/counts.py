"""Counts the rows of a dataset from the keys of the whole corpus: by source and reason, by split and label.

Keys have, among others, the columns `source`, `reason`, `split`, `label` and `label_votes`.
"""

from __future__ import annotations

from collections import Counter

import polars as pl

from etl.dataset.manifest import SourceCounts, SplitCounts
from etl.dataset.shard_plan import REJECTS
from etl.schema import votes
from etl.schema.splits import ALL_SPLITS, SPLITS
from etl.settings import Labels


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


def count_splits(keys: pl.DataFrame, targets: tuple[str, ...], labels: Labels) -> dict[str, SplitCounts]:
    """For each split how many rows it has, in all and for each label; see `SplitCounts`.

    The split `unlabelled` is counted if it has rows.

    Args:
        keys: of the whole corpus.
        targets: of the taxonomy.
        labels: what a label of a row is.
    """
    kept = keys.lazy().filter(pl.col("reason").is_null()).select("split", "label", votes.COLUMN)
    rows = Counter(dict(kept.group_by("split").len().collect().iter_rows()))
    lines = votes.spread(kept, labels).group_by("split", "label").agg(votes.amount(pl.col("weight")))
    amounts = {(split, label): amount for split, label, amount in lines.collect().iter_rows()}
    as_counted = float if labels == "soft" else int
    return {
        split: SplitCounts(
            rows[split], {target: as_counted(amounts.get((split, target), 0)) for target in targets}
        )
        for split in ALL_SPLITS
        if split in SPLITS or rows[split]
    }


def count_series(keys: pl.DataFrame) -> dict[str, int]:
    """Counts the rows that each series of shards will have: those of the splits, and the rejects."""
    kept = Counter(dict(keys.filter(pl.col("reason").is_null()).group_by("split").len().iter_rows()))
    return {**{split: kept[split] for split in ALL_SPLITS}, REJECTS: keys.height - kept.total()}

"""Counts the rows of a dataset: by source and reason, by split and label.

Rows come in parts, and have `source`, `reason`, `split`, `label` and `label_votes`, among others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import polars as pl

from etl.dataset.manifest import SourceCounts, SplitCounts
from etl.dataset.shard_plan import REJECTS
from etl.schema import votes
from etl.schema.splits import ALL_SPLITS, SPLITS
from etl.settings import Labels


class RowCounts(NamedTuple):
    """Counts of some rows, which can be added up.

    Attributes:
        sources: `source`, `reason` and `rows`.
        splits: `split` and `rows`, of rows without a reason.
        labels: `split`, `label` and `weight`, of rows without a reason.
    """

    sources: pl.DataFrame
    splits: pl.DataFrame
    labels: pl.DataFrame


def count_rows(rows: pl.DataFrame, labels: Labels) -> RowCounts:
    """Counts some rows.

    Args:
        rows: any of the dataset.
        labels: what a label of a row is.
    """
    kept = rows.lazy().filter(pl.col("reason").is_null()).select("split", "label", votes.COLUMN)
    lines = votes.spread(kept, labels).group_by("split", "label").agg(pl.col("weight").sum())
    n_rows = pl.len().cast(pl.Int64).alias("rows")
    return RowCounts(
        rows.group_by("source", "reason").agg(n_rows),
        kept.group_by("split").agg(n_rows).collect(),
        lines.select("split", "label", "weight").collect(),
    )


def add_up(counts: Iterable[RowCounts]) -> RowCounts:
    """Adds up the counts of parts; there is at least one."""
    sources, splits, labels = (pl.concat(parts) for parts in zip(*counts, strict=True))
    return RowCounts(
        sources.group_by("source", "reason").agg(pl.col("rows").sum()),
        splits.group_by("split").agg(pl.col("rows").sum()),
        labels.group_by("split", "label").agg(pl.col("weight").sum()),
    )


def count_sources(sources: pl.DataFrame) -> dict[str, SourceCounts]:
    """For each source how many rows were read, kept, and rejected for each reason.

    Args:
        sources: `source`, `reason` and `rows`, a line for each pair.
    """
    described: dict[str, SourceCounts] = {}
    ordered = sources.sort("source", "reason")
    for (source,), reasons in ordered.group_by("source", maintain_order=True):
        by_reason: dict[str | None, int] = dict(reasons.select("reason", "rows").iter_rows())
        kept = by_reason.pop(None, 0)
        rejected = {str(reason): count for reason, count in by_reason.items()}
        described[str(source)] = SourceCounts(kept + sum(rejected.values()), kept, rejected)
    return described


def count_splits(counts: RowCounts, targets: tuple[str, ...], labels: Labels) -> dict[str, SplitCounts]:
    """For each split how many rows it has, in all and for each label; see `SplitCounts`.

    The split `unlabelled` is counted if it has rows.

    Args:
        counts: of the whole corpus.
        targets: of the taxonomy.
        labels: what a label of a row is.
    """
    rows = Counter(dict(counts.splits.iter_rows()))
    lines = counts.labels.with_columns(votes.amount(pl.col("weight")).over("split", "label"))
    amounts = {(split, label): amount for split, label, amount in lines.iter_rows()}
    as_counted = float if labels == "soft" else int
    return {
        split: SplitCounts(
            rows[split], {target: as_counted(amounts.get((split, target), 0)) for target in targets}
        )
        for split in ALL_SPLITS
        if split in SPLITS or rows[split]
    }


def count_series(counts: RowCounts) -> dict[str, int]:
    """Counts the rows that each series of shards will have: those of the splits, and the rejects."""
    kept = Counter(dict(counts.splits.iter_rows()))
    return {
        **{split: kept[split] for split in ALL_SPLITS},
        REJECTS: int(counts.sources["rows"].sum()) - kept.total(),
    }

"""Labels of a source that nobody knows, counted where they are many, for a user to say what they mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from etl.dataset.manifest import SourceCounts, UnknownLabels
from etl.dataset.shard_plan import REJECTS
from etl.ingestion.steps.relabel import open_resolver
from etl.language.lists import listing
from etl.language.message import tr
from etl.schema.taxonomy import Taxonomy
from etl.settings import Settings

REASON = "unknown_label"
# A source with more than this share of them has labels of its own, not slips.
_MOST_UNKNOWN = 0.1
_MOST_LISTED = 20
_MOST_CHARS = 40


def find_unknown_labels(
    folder: Path, counts: Mapping[str, SourceCounts], taxonomy: Taxonomy, settings: Settings
) -> tuple[UnknownLabels, ...]:
    """Counts the unknown labels of each source in which they are more than a tenth of the rows.

    Args:
        folder: that of the dataset, with its rejects.
        counts: the rows of each source.
        taxonomy: the labels of the dataset.
        settings: those of the run.
    """
    if not any(map(_has_many, counts.values())):
        return ()
    files = sorted((folder / REJECTS).glob("*.parquet"))
    rejects = pl.scan_parquet(files, glob=False).filter(pl.col("reason") == REASON)
    return summarise(count_cells(rejects).collect(engine="streaming"), counts, taxonomy, settings)


def count_cells(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Counts the rows of each raw label of each file, as `count`."""
    return rows.group_by("source", "file", "member", "raw_label").agg(count=pl.len().cast(pl.Int64))


def summarise(
    cells: pl.DataFrame, counts: Mapping[str, SourceCounts], taxonomy: Taxonomy, settings: Settings
) -> tuple[UnknownLabels, ...]:
    """Takes cells apart, and counts in how many rows each unknown label is.

    Args:
        cells: raw labels that are unknown, see `count_cells`.
        counts: the rows of each source; those with few unknown labels are left out.
        taxonomy: the labels to map to.
        settings: those of the run.
    """
    found: dict[str, Counter[str]] = {source: Counter() for source, each in counts.items() if _has_many(each)}
    for (source, file, member), group in cells.group_by("source", "file", "member"):
        if source in found:
            path = f"{file}/{member}" if member else str(file)
            resolve = open_resolver(taxonomy, settings, str(source), path)
            for raw_label, count in group.select("raw_label", "count").iter_rows():
                for label in dict.fromkeys(resolve(raw_label).unknown):
                    found[str(source)][label] += count
    return tuple(_summarise_source(source, counts[source], labels) for source, labels in found.items())


def describe(unknown: UnknownLabels) -> str:
    """Returns the warning of one source, in a line."""
    listed = [f"{_shortened(label)} {count:,}" for label, count in unknown.labels.items()]
    return tr(
        "{source}: {rows:,} of {read:,} rows have an unknown label: {labels}",
        source=unknown.source,
        rows=unknown.rows,
        read=unknown.read,
        labels=listing(listed, len(listed), unknown.more),
    )


def _has_many(counts: SourceCounts) -> bool:
    return counts.rejected.get(REASON, 0) > _MOST_UNKNOWN * counts.read


def _summarise_source(source: str, counts: SourceCounts, labels: Counter[str]) -> UnknownLabels:
    most = sorted(labels.items(), key=lambda item: (-item[1], item[0]))[:_MOST_LISTED]
    return UnknownLabels(source, counts.read, counts.rejected[REASON], dict(most), len(labels) - len(most))


def _shortened(label: str) -> str:
    return repr(label if len(label) <= _MOST_CHARS else f"{label[:_MOST_CHARS]}…")

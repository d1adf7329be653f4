"""Reduces the rows of each split to the distinct patterns that the output contract judges.

A pattern is a row of which only those facts are left: for most columns whether there is a value, for label
and split the value, for the votes whether they are sound. A million rows have a dozen, so that what judges
them need not see a million; and the same dozen come again with the next version of a dataset.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa

from etl.dataset.read import Dataset
from etl.schema import votes
from etl.schema.splits import ALL_SPLITS
from etl.validation.broken_rows import REQUIRED, Promise, promise_of
from etl.validation.view import unreadable_file

# Columns whose values are judged; of the others only whether there is one.
_JUDGED = ("label", "split")
PATTERN = "pattern"


@dataclass(frozen=True)
class SplitPatterns:
    """The patterns of one split.

    Attributes:
        split: which.
        promise: what the manifest says of its labels.
        values: by column, the value of each pattern; as many in each column, in an order of their own.
    """

    split: str
    promise: Promise
    values: dict[str, list[bool | str | None]]

    @property
    def n_patterns(self) -> int:
        """How many patterns there are."""
        return len(self.values["id"])

    def table(self) -> pa.Table:
        """Returns the patterns as rows."""
        kinds = {name: pa.string() if name in _JUDGED else pa.bool_() for name in self.values}
        return pa.table({name: pa.array(values, kinds[name]) for name, values in self.values.items()})


# For each set of patterns, by expectation in the order of `row_expectations`, the numbers of those it fails.
Verdict = list[list[int]]
JudgePatterns = Callable[[Sequence[SplitPatterns]], list[Verdict]]


@dataclass(frozen=True)
class CountedShard:
    """How many rows of a shard have each pattern of its split: `pattern`, its number, and `rows`."""

    path: Path
    counts: pl.DataFrame


def count_patterns(dataset: Dataset) -> list[tuple[SplitPatterns, list[CountedShard]]]:
    """Counts the patterns of each split that has shards. Memory: that of a streamed shard.

    Raises:
        InputError: a shard cannot be read.
    """
    promise = promise_of(dataset.manifest)
    counted = []
    for split in ALL_SPLITS:
        if shards := dataset.shards(split):
            counts = [_count(shard, promise) for shard in shards]
            columns = [name for name in counts[0].columns if name != "rows"]
            distinct = pl.concat(counts).select(columns).unique().sort(columns, nulls_last=True)
            numbered = distinct.with_row_index(PATTERN)
            of_shards = [
                of_shard.join(numbered, on=columns, nulls_equal=True).select(PATTERN, "rows")
                for of_shard in counts
            ]
            counted.append(
                (
                    SplitPatterns(split, promise, distinct.to_dict(as_series=False)),
                    [CountedShard(*pair) for pair in zip(shards, of_shards, strict=True)],
                )
            )
    return counted


def _count(shard: Path, promise: Promise) -> pl.DataFrame:
    """Counts the patterns of one shard into `rows`."""
    is_there = pl.lit(value=True)
    patterns = [
        pl.col(name).cast(pl.String)
        if name in _JUDGED
        else pl.when(pl.col(name).is_not_null()).then(is_there).alias(name)
        for name in REQUIRED
    ]
    if promise.has_votes:
        patterns.append(votes.are_sound(promise.targets).alias(votes.COLUMN))
    rows = pl.scan_parquet(shard, glob=False).with_columns(pl.col("label").cast(pl.String)).select(patterns)
    try:
        return rows.group_by(pl.all()).agg(pl.len().alias("rows")).collect(engine="streaming")
    except (pl.exceptions.PolarsError, OSError) as error:
        raise unreadable_file(shard, error) from error

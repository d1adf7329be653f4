"""Lengths of the rows of each split: counted, summed up in percentiles, and drawn.

A length is whatever the caller counts, characters or tokens. Rows are only ever counted by length: the memory
does not grow with the rows, and every percentile is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from etl.dataset.read import SPLITS
from etl.language.message import tr
from etl.text.charts import round_up
from etl.text.html import bar, count, heading, table, text

# The heading of a column of the report, and a field of Lengths.
_HEADINGS = {
    tr("shortest"): "shortest",
    "50 %": "p50",
    "90 %": "p90",
    "95 %": "p95",
    "99 %": "p99",
    tr("longest"): "longest",
}


@dataclass(frozen=True)
class Lengths:
    """The lengths of one split, or of all rows.

    Attributes:
        split: None means all rows.
        rows: rows that have a length; a null has none.
        total: the sum of the lengths.
        shortest, longest: the extremes.
        p25, p50, p75, p90, p95, p99: the smallest length that at least so many per cent of the rows do not
            exceed.
    """

    split: str | None
    rows: int
    total: int
    shortest: int
    p25: int
    p50: int
    p75: int
    p90: int
    p95: int
    p99: int
    longest: int


def count_lengths(rows: pl.LazyFrame, length: pl.Expr) -> pl.DataFrame:
    """Counts rows by `split` and `length` into `rows`, sorted; rows without a split or length are left out.

    Args:
        rows: with `split`, and what `length` is made of.
        length: the length of a row.
    """
    return (
        rows.select("split", length.cast(pl.Int64).alias("length"))
        .drop_nulls()
        .group_by("split", "length")
        .agg(pl.len().cast(pl.Int64).alias("rows"))
        .sort("split", "length")
        .collect(engine="streaming")
    )


def add_up(counted: pl.DataFrame) -> pl.DataFrame:
    """Adds up counts that know more than split and length; the result is that of `count_lengths`.

    Args:
        counted: `split`, `length` and `rows`, beside other columns.
    """
    known = counted.select("split", "length", "rows").drop_nulls()
    return known.group_by("split", "length").agg(pl.col("rows").sum()).sort("split", "length")


def describe(counted: pl.DataFrame) -> tuple[Lengths, ...]:
    """Describes the lengths of each split that has rows, then those of all rows.

    Args:
        counted: what `count_lengths` returns.
    """
    described = [_describe(counted.filter(pl.col("split") == split), split) for split in SPLITS]
    described.append(_describe(pool(counted), None))
    return tuple(lengths for lengths in described if lengths)


def pool(counted: pl.DataFrame) -> pl.DataFrame:
    """Adds up the rows of all splits by `length`, sorted."""
    return counted.group_by("length").agg(pl.col("rows").sum()).sort("length")


def percentile(counted: pl.DataFrame, share: float) -> int:
    """Returns the smallest length that at least `share` of the rows do not exceed.

    Args:
        counted: `length` and `rows`, sorted by length, at least one.
        share: above 0, at most 1.
    """
    cumulated = np.cumsum(counted["rows"].to_numpy())
    # Whole rows are asked for: without the margin, 0.9 * 10 rows would be 9.000000000000002.
    place = int(np.searchsorted(cumulated, share * cumulated[-1] - 1e-9 * cumulated[-1]))
    return int(counted["length"][place])


def _describe(counted: pl.DataFrame, split: str | None) -> Lengths | None:
    if counted.is_empty():
        return None
    length, rows = counted["length"], counted["rows"]
    return Lengths(
        split=split,
        rows=int(rows.sum()),
        total=int((length * rows).sum()),
        shortest=int(length[0]),
        p25=percentile(counted, 0.25),
        p50=percentile(counted, 0.5),
        p75=percentile(counted, 0.75),
        p90=percentile(counted, 0.9),
        p95=percentile(counted, 0.95),
        p99=percentile(counted, 0.99),
        longest=int(length[-1]),
    )


def render_lengths(described: Sequence[Lengths], unit: str) -> str:
    """Draws lengths by split, as bars and percentiles.

    Args:
        described: each split, then all rows.
        unit: what is counted, in the plural.
    """
    if not described:
        return ""
    full = round_up(max(1, *(lengths.p99 for lengths in described)))
    rows = [
        [
            text(lengths.split or tr("all")),
            bar(
                [
                    (
                        lengths.p50 / full,
                        lengths.split or "s0",
                        tr("half have at most {number:,} {unit}", number=lengths.p50, unit=unit),
                    )
                ],
                is_tall=True,
                mark=(lengths.p95 / full, tr("95 % have at most {number:,}", number=lengths.p95)),
            ),
            *(count(getattr(lengths, field)) for field in _HEADINGS.values()),
            f"{lengths.total / lengths.rows:.1f}",
        ]
        for lengths in described
    ]
    columns = [
        (tr("split"), "label"),
        (tr("{unit}: median, and a line at 95 %", unit=unit), "wide"),
        *((heading, "n") for heading in _HEADINGS),
        (tr("mean"), "n"),
    ]
    ticks = ("0", *(f"{length:,g}" for length in (full / 2, full)))
    return heading(tr("Length in {unit}", unit=unit)) + table(columns, rows, ticks=ticks)

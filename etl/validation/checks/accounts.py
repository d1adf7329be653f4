"""What became of the rows of each source, and which of their sentences a report may quote."""

from __future__ import annotations

import polars as pl

from etl.dataset.read import Dataset
from etl.validation.checks.files import unreadable
from etl.validation.result import Account, Result


def count_rejects(dataset: Dataset) -> pl.DataFrame:
    """Rejected rows by `source` and `reason`, with `rows`, sorted.

    Raises:
        InputError: a file of rejects cannot be read.
    """

    rejects = dataset.scan_rejects().group_by("source", "reason").agg(pl.len().alias("rows"))
    try:
        return rejects.sort("source", "reason").collect()
    except (pl.exceptions.ComputeError, OSError) as error:
        raise unreadable(dataset.path / "rejects" / "part-*.parquet", error) from error


def accounts(counted: pl.DataFrame, rejected: pl.DataFrame) -> tuple[Account, ...]:
    """The account of each source.

    Args:
        counted: columns split, source, label, rows.
        rejected: columns source, reason, rows.
    """
    kept: dict[str, int] = {}
    for _, source, _, rows in counted.iter_rows():
        kept[str(source)] = kept.get(str(source), 0) + rows
    reasons: dict[str, dict[str, int]] = {}
    for source, reason, rows in rejected.iter_rows():
        reasons.setdefault(str(source), {})[str(reason)] = rows
    return tuple(
        Account(
            source=source,
            read=kept.get(source, 0) + sum(reasons.get(source, {}).values()),
            kept=kept.get(source, 0),
            rejected=reasons.get(source, {}),
        )
        for source in sorted({*kept, *reasons})
    )


def example_texts(dataset: Dataset, result: Result) -> dict[str, str]:
    """The sentences of the rows that findings and leaks name, by id."""

    assert result.statistics
    ids = {example for finding in result.findings for example in finding.examples}
    ids |= {row_id for leak in result.statistics.leaks for pair in leak.pairs for row_id in pair}
    named = dataset.scan().filter(pl.col("id").is_in(sorted(ids))).select("id", "raw_text").drop_nulls()
    return dict(named.collect().iter_rows())

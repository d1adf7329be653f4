"""Applies what people decided about rows: adds `corrected`, gives labels, marks `dropped_by_correction`.

The step sees the keys of the whole corpus, after tagging, so a decision never makes a row be read or tagged
again; `etl.ingestion.corrections` finds the row of each decision, and tags rows that had no label before.
"""

from __future__ import annotations

import polars as pl

from etl.ingestion.steps.mark import mark
from etl.schema import votes

COLUMN = "corrected"
DECIDED = ("decision", "decided_label", "decided_votes", "decided_split", "decided_by")


def correct(keys: pl.DataFrame) -> pl.DataFrame:
    """Adds `corrected`; changes `label`, `label_votes` and, of rows that waited for a label, `split`.

    Marks `dropped_by_correction`.

    Args:
        keys: a row for each row of the corpus, see `row_hashes`; with the columns `DECIDED` where there are
            decisions: null where there is none about the row.

    Returns:
        The keys without `DECIDED`.
    """
    if "decision" not in keys.columns:
        return keys.with_columns(pl.lit(None, pl.String).alias(COLUMN))
    is_relabelled = pl.col("decision") == "relabel"
    keys = keys.with_columns(
        pl.when(is_relabelled).then("decided_label").otherwise("label").alias("label"),
        pl.when(is_relabelled).then("decided_votes").otherwise(votes.COLUMN).alias(votes.COLUMN),
        pl.coalesce("decided_split", "split").alias("split"),
    )
    is_dropped = pl.col("decision") == "drop"
    keys = mark(keys, is_dropped, "dropped_by_correction", pl.format("decided by {}", "decided_by"))
    return keys.rename({"decision": COLUMN}).drop(DECIDED[1:])

"""Applies what people decided about rows: adds `corrected`, gives labels, marks `dropped_by_correction`.

The step sees records and rows after tagging, so a decision never makes a row be read or tagged again;
`etl.ingestion.corrections` finds the row of each decision, and tags rows that had no label before.
"""

from __future__ import annotations

import polars as pl

from etl.ingestion.row_numbers import ROW
from etl.ingestion.steps.mark import mark
from etl.schema import votes

COLUMN = "corrected"
DECIDED = pl.Schema(
    {
        "row": ROW,
        "decision": pl.String(),
        "decided_label": pl.String(),
        "decided_votes": votes.VOTES,
        "decided_split": pl.String(),
        "decided_by": pl.String(),
    }
)


def correct(rows: pl.DataFrame, decided: pl.DataFrame) -> pl.DataFrame:
    """Adds `corrected`; changes `label`, `label_votes` and, of rows that waited for a label, `split`.

    Marks `dropped_by_correction`.

    Args:
        rows: with `row`, `reason` and `detail`, and whichever of the changed columns they have.
        decided: `DECIDED`: a row for each row about which there is a decision.
    """
    if decided.is_empty():
        return rows.with_columns(pl.lit(None, pl.String).alias(COLUMN))
    rows = rows.join(decided, on="row", how="left", maintain_order="left")
    is_relabelled = pl.col("decision") == "relabel"
    changed = {
        "label": pl.when(is_relabelled).then("decided_label").otherwise("label"),
        votes.COLUMN: pl.when(is_relabelled).then("decided_votes").otherwise(votes.COLUMN),
        "split": pl.coalesce("decided_split", "split"),
    }
    rows = rows.with_columns(**{name: value for name, value in changed.items() if name in rows.columns})
    is_dropped = pl.col("decision") == "drop"
    rows = mark(rows, is_dropped, "dropped_by_correction", pl.format("decided by {}", "decided_by"))
    return rows.rename({"decision": COLUMN}).drop(
        [name for name in DECIDED if name not in ("row", "decision")]
    )

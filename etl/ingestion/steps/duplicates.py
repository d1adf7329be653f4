"""Marks duplicates and conflicting labels among the train rows of one text.

Only train rows are marked: validation and test keep all rows, and so does what waits for a label.
"""

from __future__ import annotations

import polars as pl

from etl.ingestion.steps.mark import mark
from etl.schema import votes
from etl.settings import Labels, Settings

TEXT = ("key_low", "text_key")


def mark_duplicates(records: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Marks `duplicate` and `conflicting_labels`; the cleaned text and the label count.

    Args:
        records: the `texts` of `etl.ingestion.steps.records` in the order of the rows; and `corrected`,
            `reason` and `detail`: rows with a reason are ignored, and one that is `not_a_conflict` is never
            marked as a conflict.
        settings: in `dedupe` how to treat duplicates and conflicts; `labels`, what makes two labels the same.
    """
    is_considered = pl.col("reason").is_null() & (pl.col("split") == "train")
    considered = records.filter(is_considered)
    repeated = considered.filter(pl.struct(TEXT).is_duplicated())
    rows = pl.len().over(TEXT)
    is_winner = (2 * pl.col("agreeing") > rows) & (settings.dedupe.conflicts == "majority")
    repeated = repeated.join(_count_agreeing(repeated, settings.labels), on="row", maintain_order="left")
    answer = votes.answer(settings.labels).alias("answer")
    repeated = repeated.select(
        "row",
        "n_labels",
        is_duplicate=~pl.struct(*TEXT, answer).is_first_distinct(),
        is_conflict=(pl.col("agreeing") < rows) & ~is_winner,
    )
    records = records.join(repeated, on="row", how="left", maintain_order="left")
    if settings.dedupe.duplicates == "first":
        detail = "an earlier train row has this text and label"
        records = mark(records, pl.col("is_duplicate"), "duplicate", detail)
    if settings.dedupe.conflicts != "keep":
        is_meant = pl.col("corrected").eq_missing("not_a_conflict")
        named = pl.format("{} different labels for this text in train", "n_labels")
        records = mark(records, pl.col("is_conflict") & ~is_meant, "conflicting_labels", named)
    return records.drop("is_duplicate", "is_conflict", "n_labels")


def _count_agreeing(repeated: pl.DataFrame, labels: Labels) -> pl.DataFrame:
    """Counts for each `row` how many rows of its text share its commonest label, and the labels of the text.

    Rows of a text conflict where no label is common to all of them. Under `labels: majority` a row has one
    label, under `soft` and `multi` those of its votes: votes that only differ in weight are no conflict.
    """
    lines = votes.spread(repeated.lazy().select("row", *TEXT, "label", votes.COLUMN), labels)
    return (
        lines.with_columns(
            agreeing=pl.len().over(*TEXT, "label"), n_labels=pl.col("label").n_unique().over(TEXT)
        )
        .group_by("row")
        .agg(pl.col("agreeing").max(), pl.col("n_labels").first())
        .collect()
    )

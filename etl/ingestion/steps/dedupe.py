"""Marks duplicates, conflicts and leaks among the rows of the whole corpus.

Only train rows are marked: validation and test keep all rows, and so does what waits for a label. Once
a decision gives it one it stands in the split of its group, and is compared like any other row there.
Utterances so short that they repeat by chance ("네.", "왜?") are exempt from all comparisons of texts.
"""

from __future__ import annotations

import polars as pl

from etl.ingestion.steps.mark import mark
from etl.ingestion.steps.near_leaks import mark_near
from etl.schema import votes
from etl.schema.splits import EVALUATION
from etl.settings import Labels, Settings
from etl.similarity.nearest import FindNearest, nearest


def dedupe(keys: pl.DataFrame, settings: Settings, find_nearest: FindNearest = nearest) -> pl.DataFrame:
    """Marks `duplicate_id`, `duplicate`, `conflicting_labels`, and leaks: exact, normalised, near, group.

    Args:
        keys: a row of hashes for each row of the corpus, in order, see `row_hashes`; with `normalised`, the
            text itself, unless `settings.near` is 0; and `corrected`, see `correct`: a row that is
            `not_a_conflict` is never marked as one.
        settings: in `dedupe` how to treat duplicates and conflicts, and the similarity of near-duplicates; in
            `labels` what makes two labels the same.
        find_nearest: `nearest`, or a function with the same result that uses other machines.

    Returns:
        The keys without `normalised`, which no later step needs.
    """
    near = settings.dedupe.near
    normalised = keys["normalised"] if near else None
    keys = keys.drop("normalised", strict=False).with_row_index("row")
    keys = mark(keys, _is_repeat("id_key"), "duplicate_id", "a row with this id was read before")
    keys = _mark_within_train(keys, settings)
    is_long = ~pl.col("is_short")
    keys = _mark_leaks(keys, "raw_key", is_long, "leak_exact", "the same raw text is in")
    keys = _mark_leaks(keys, "normalised_key", is_long, "leak_normalised", "the same text, normalised, is in")
    if normalised is not None:
        keys = mark_near(keys, normalised, near, find_nearest)
    always = pl.lit(value=True)
    keys = _mark_leaks(keys, "group_key", always, "leak_group", "the same group has rows in")
    return keys.drop("row")


def _is_repeat(column: str) -> pl.Expr:
    """Whether an earlier row without a reason has the same value."""
    is_alive = pl.col("reason").is_null()
    return is_alive & ~pl.struct(column, is_alive.alias("alive")).is_first_distinct()


def _mark_within_train(keys: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    is_considered = pl.col("reason").is_null() & (pl.col("split") == "train") & ~pl.col("is_short")
    # Few texts occur twice: the rest is computed for those only.
    repeated = keys.filter(is_considered).filter(pl.col("text_key").is_duplicated())
    rows = pl.len().over("text_key")
    is_winner = (2 * pl.col("agreeing") > rows) & (settings.dedupe.conflicts == "majority")
    agreeing = _count_agreeing(repeated, settings.labels)
    repeated = repeated.join(agreeing, on="row", maintain_order="left").select(
        "row",
        "n_labels",
        is_duplicate=~pl.struct(
            "text_key", votes.answer(settings.labels).alias("answer")
        ).is_first_distinct(),
        is_conflict=(pl.col("agreeing") < rows) & ~is_winner,
    )
    keys = keys.join(repeated, on="row", how="left", maintain_order="left")
    if settings.dedupe.duplicates == "first":
        keys = mark(keys, pl.col("is_duplicate"), "duplicate", "an earlier train row has this text and label")
    if settings.dedupe.conflicts != "keep":
        detail = pl.format("{} different labels for this text in train", "n_labels")
        is_meant = pl.col("corrected").eq_missing("not_a_conflict")
        keys = mark(keys, pl.col("is_conflict") & ~is_meant, "conflicting_labels", detail)
    return keys.drop("is_duplicate", "is_conflict", "n_labels")


def _count_agreeing(repeated: pl.DataFrame, labels: Labels) -> pl.DataFrame:
    """Counts for each `row` how many rows of its text share its commonest label, and the labels of the text.

    Rows of a text conflict where no label is common to all of them. Under `labels: majority` a row has one
    label, under `soft` and `multi` those of its votes: votes that only differ in weight are no conflict.
    """
    lines = votes.spread(repeated.lazy().select("row", "text_key", "label", votes.COLUMN), labels)
    return (
        lines.with_columns(
            agreeing=pl.len().over("text_key", "label"), n_labels=pl.col("label").n_unique().over("text_key")
        )
        .group_by("row")
        .agg(pl.col("agreeing").max(), pl.col("n_labels").first())
        .collect()
    )


def _mark_leaks(keys: pl.DataFrame, key: str, applies: pl.Expr, reason: str, detail: str) -> pl.DataFrame:
    """Marks train rows that share the key with an evaluation row; rows with a reason are ignored."""
    alive = keys.filter(pl.col("reason").is_null() & applies).select("row", key, "split")
    is_train = pl.col("split") == "train"
    is_evaluated = pl.col("split").is_in(EVALUATION)
    evaluated = alive.filter(is_evaluated).unique(key, keep="first", maintain_order=True)
    leaks = alive.filter(is_train).join(evaluated.select(key, leaks_to="split"), on=key)
    keys = keys.join(leaks.select("row", "leaks_to"), on="row", how="left", maintain_order="left")
    is_leak = pl.col("leaks_to").is_not_null()
    return mark(keys, is_leak, reason, pl.format(f"{detail} {{}}", "leaks_to")).drop("leaks_to")

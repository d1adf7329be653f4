"""Marks the train rows whose text is nearly the same as one of validation or test."""

from __future__ import annotations

import polars as pl

from etl.ingestion.steps.mark import mark
from etl.schema.splits import EVALUATION
from etl.similarity.nearest import FindNearest, nearest

RESEMBLED = "resembled"


def mark_near(
    keys: pl.DataFrame, normalised: pl.Series, threshold: float, find_nearest: FindNearest = nearest
) -> pl.DataFrame:
    """Marks `leak_near`, with the similarity and the split of the most similar row in `detail`.

    Adds `resembled`, the number of that row: of several rows of one text the first. Else it is null.

    Args:
        keys: one row for each row of the corpus, with `row` (its number), `split`, `is_short`, `reason` and
            `detail`. Rows with a reason and short ones are ignored.
        normalised: the normalised text of each row; it may be null where the row is ignored.
        threshold: least similarity of near-duplicates, above 0.
        find_nearest: `nearest`, or a function with the same result that uses other machines.
    """
    alive = keys.select("row", "split", "is_short", "reason").with_columns(normalised.alias("normalised"))
    alive = alive.filter(pl.col("reason").is_null() & ~pl.col("is_short") & (pl.col("normalised") != ""))
    is_train, is_evaluated = pl.col("split") == "train", pl.col("split").is_in(EVALUATION)
    texts = alive.group_by("normalised", maintain_order=True).agg(
        is_train.any().alias("in_train"),
        pl.col("split").filter(is_evaluated).first().alias("leaks_to"),
        pl.col("row").filter(is_evaluated).first().alias(RESEMBLED),
    )
    parts = [(texts["in_train"], texts["leaks_to"].is_not_null())]
    [pairs] = find_nearest(texts["normalised"], threshold, parts)
    leaks = pairs.select(
        texts["normalised"].gather(pairs["text"]),
        *(texts[name].gather(pairs["other"]) for name in ("leaks_to", RESEMBLED)),
        pl.col("similarity").round(3),
    )
    rows = (
        alive.filter(is_train).join(leaks, on="normalised").select("row", "leaks_to", RESEMBLED, "similarity")
    )
    keys = keys.join(rows, on="row", how="left", maintain_order="left")
    detail = pl.format("a text in {} is nearly the same: similarity {}", "leaks_to", "similarity")
    return mark(keys, pl.col("leaks_to").is_not_null(), "leak_near", detail).drop("leaks_to", "similarity")

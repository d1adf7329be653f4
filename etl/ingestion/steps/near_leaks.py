"""Marks train rows whose text is nearly the same as one of validation or test."""

from __future__ import annotations

import polars as pl

from etl.ingestion.steps.mark import mark


def keep_most_similar(pairs: pl.DataFrame) -> pl.DataFrame:
    """Keeps for each train row the most similar row; of several the first.

    Args:
        pairs: `row`, `other`, the number of an evaluation row, and `similarity`.
    """
    ordered = pairs.sort("row", "similarity", "other", descending=[False, True, False])
    return ordered.unique("row", keep="first", maintain_order=True)


def mark_near_leaks(pairs: pl.DataFrame) -> pl.DataFrame:
    """Marks `leak_near`, with the similarity, the split and the id of the most similar row in `detail`.

    Args:
        pairs: `row`; `leaks_to` and `id`, the split and the id of the most similar row; its `similarity`; and
            `reason` and `detail`.
    """
    similarity = pl.col("similarity").round(3)
    detail = pl.format("a text in {} is nearly the same: similarity {} to {}", "leaks_to", similarity, "id")
    return mark(pairs, pl.lit(value=True), "leak_near", detail)

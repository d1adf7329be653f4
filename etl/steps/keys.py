"""What the steps that look at the whole corpus need of a row: keys and marks, no text.

A key is 128 bits; two texts have the same key exactly when they are equal (by chance once in some 10^26 rows
squared). So a corpus of ten million rows needs a gigabyte, however long its sentences are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.normalise import is_short, normalised_key
from etl.settings import Dedupe

if TYPE_CHECKING:
    import polars as pl


def keys(frame: pl.DataFrame, settings: Dedupe) -> pl.DataFrame:
    """One row of keys for each row of the corpus.

    Args:
        frame: rows with `id`, `source`, `group`, `raw_text`, `text`, `label`, `split`, `reason`, `detail`.
        settings: below which length a text is short.
    """
    import polars as pl

    # Apart from the rest, or it would be computed once for each half of the key.
    frame = frame.with_columns(normalised_key(pl.col("text")).alias("normalised"))
    return frame.select(
        "source",
        "label",
        "split",
        "reason",
        "detail",
        is_short(pl.col("text"), settings.short_eojeols, settings.short_chars).alias("is_short"),
        _key(pl.col("id")).alias("id_key"),
        _key(pl.concat_str("source", "group", separator="\0")).alias("group_key"),
        _key(pl.col("raw_text")).alias("raw_key"),
        _key(pl.col("text")).alias("text_key"),
        _key(pl.col("normalised")).alias("normalised_key"),
    )


def _key(text: pl.Expr) -> pl.Expr:
    import polars as pl

    return pl.struct(text.hash(0).alias("high"), text.hash(1).alias("low"))

"""What the steps that look at the whole corpus need of a row: keys, marks and, for what is near, one text.

A key is 128 bits; two texts have the same key exactly when they are equal (by chance once in some 10^26 rows
squared). So the keys of a corpus of ten million rows need a gigabyte, however long its sentences are. What is
nearly the same cannot be told by keys: unless `dedupe.near` is 0, the normalised texts that are not short are
kept too, some 120 MB for a million rows of 40 characters.
"""

from __future__ import annotations

import polars as pl

from etl.settings import Dedupe
from etl.text.normalise import is_short, normalised_key


def keys(frame: pl.DataFrame, settings: Dedupe) -> pl.DataFrame:
    """One row of keys for each row of the corpus.

    Args:
        frame: rows with `id`, `source`, `group`, `raw_text`, `text`, `label`, `split`, `reason`, `detail`.
        settings: below which length a text is short, and whether near-duplicates will be looked for.
    """

    # Apart from the rest, or it would be computed once for each half of the key.
    frame = frame.with_columns(normalised_key(pl.col("text")).alias("normalised"))
    short = is_short(pl.col("text"), settings.short_eojeols, settings.short_chars)
    is_comparable = ~short & pl.col("reason").is_null()
    return frame.select(
        "source",
        "label",
        "split",
        "reason",
        "detail",
        short.alias("is_short"),
        _key(pl.col("id")).alias("id_key"),
        _key(pl.concat_str("source", "group", separator="\0")).alias("group_key"),
        _key(pl.col("raw_text")).alias("raw_key"),
        _key(pl.col("text")).alias("text_key"),
        _key(pl.col("normalised")).alias("normalised_key"),
        *([pl.when(is_comparable).then(pl.col("normalised")).alias("normalised")] if settings.near else []),
    )


def _key(text: pl.Expr) -> pl.Expr:

    return pl.struct(text.hash(0).alias("high"), text.hash(1).alias("low"))

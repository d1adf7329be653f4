"""Cuts the sentence into tokens with parts of speech: `text` to `tokens` and `tags`.

How a tagger is run, and what happens when it fails, is `etl.tagging`'s business.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from etl.ingestion.steps.mark import mark_each

TagTexts = Callable[["pl.Series"], "pl.DataFrame"]


def tag(frame: pl.DataFrame, tag_texts: TagTexts) -> pl.DataFrame:
    """Adds `tokens` and `tags`; marks the sentences that the tagger could not cut.

    Only rows without a reason are tagged, so that no tagger ever sees a blank sentence, and each distinct
    sentence once.

    Args:
        frame: rows with `text` and `reason`.
        tag_texts: distinct texts to a frame with `text`, `tokens`, `tags` (lists of equal length),
            `problem` (null or a reason) and `found` (what went wrong).
    """

    is_alive = pl.col("reason").is_null()
    tagged = tag_texts(frame.filter(is_alive)["text"].unique(maintain_order=True))
    frame = frame.join(tagged, on="text", how="left", maintain_order="left")
    # A rejected row with the text of a living one would get tokens or not, depending on how batches were cut.
    frame = frame.with_columns(pl.when(is_alive).then(pl.col("tokens", "tags")))
    frame = mark_each(frame, pl.col("problem"), pl.col("found"))
    return frame.drop("problem", "found")

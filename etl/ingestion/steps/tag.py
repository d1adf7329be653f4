"""Splits the sentence into tokens with parts of speech: `text` to `tokens` and `tags`.

`etl.tagging` runs the taggers and handles their failures.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from etl.ingestion.steps.mark import mark_each

TagTexts = Callable[["pl.Series"], "pl.DataFrame"]


def tag(frame: pl.DataFrame, tag_texts: TagTexts, *, is_cheap: bool = False) -> pl.DataFrame:
    """Adds `tokens` and `tags`; marks sentences that the tagger could not process.

    Only rows without a reason are tagged, so that no tagger gets a blank sentence.

    Args:
        frame: rows with `text` and `reason`.
        tag_texts: returns for texts, in their order, a frame with `text`, `tokens`, `tags` (lists of equal
            length), `problem` (null or a reject reason) and `found` (its detail).
        is_cheap: whether tagging costs less than finding equal sentences. Else each distinct one is tagged
            once.
    """
    is_alive = frame["reason"].is_null()
    texts = frame["text"].filter(is_alive)
    if is_cheap:
        answers = tag_texts(texts).drop("text")
        place = pl.when(is_alive).then(is_alive.cum_sum() - 1)
        # Null where the row is not alive.
        tagged = answers if is_alive.all() else answers.select(pl.all().gather(place))
        frame = frame.hstack(tagged)
    else:
        tagged = tag_texts(texts.unique(maintain_order=True))
        frame = frame.join(tagged, on="text", how="left", maintain_order="left")
        # Otherwise the tokens of a rejected row would depend on which other rows are in the batch.
        frame = frame.with_columns(pl.when(is_alive).then(pl.col("tokens", "tags")))
    frame = mark_each(frame, pl.col("problem"), pl.col("found"))
    return frame.drop("problem", "found")

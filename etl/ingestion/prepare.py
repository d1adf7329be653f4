"""Cleans and tags any sentence exactly as the sentences of a dataset were: with the steps of ingest."""

from __future__ import annotations

import polars as pl

from etl.dataset.preparation import Preparation
from etl.ingestion.steps.clean import clean
from etl.ingestion.steps.key_tokens import key_tokens
from etl.ingestion.steps.tag import tag
from etl.tagging import policy
from etl.tagging.tagger import Tagger

_KEEP_ALL = policy.Policy(keep=(), classes={}, forms=(), stop_words=frozenset())


def prepare(preparation: Preparation, texts: pl.Series, tagger: Tagger) -> pl.DataFrame:
    """Cleans and tags sentences as those of the dataset were.

    Args:
        preparation: how.
        texts: strings; null counts as empty.
        tagger: what `open_tagger` gave for it.

    Returns:
        A row for each of `texts`, in their order: `raw_text`, `text`, `tokens` (null where it was not tagged)
        and `reason` (null, or a code of `schemas/columns.yaml`).
    """
    kept = policy.load(tagger.settings) if preparation.tokens == "key" else _KEEP_ALL
    frame = key_tokens(tag(_cleaned(preparation, texts), tagger), kept)
    return frame.select("raw_text", "text", "tokens", "reason")


def prepare_text(preparation: Preparation, texts: pl.Series) -> pl.DataFrame:
    """Cleans sentences as those of the dataset were, and tags nothing: what reads text needs no tokens.

    Args:
        preparation: how.
        texts: strings; null counts as empty.

    Returns:
        A row for each of `texts`, in their order: `raw_text`, `text` and `reason`, as `prepare` gives them.
    """
    return _cleaned(preparation, texts).select("raw_text", "text", "reason")


def _cleaned(preparation: Preparation, texts: pl.Series) -> pl.DataFrame:

    nothing = [pl.lit(None, pl.String).alias(name) for name in ("reason", "detail")]
    return clean(texts.rename("raw_text").to_frame().with_columns(nothing), preparation.clean)

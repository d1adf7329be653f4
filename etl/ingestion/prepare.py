"""Prepares any sentence exactly as the sentences of a dataset were: with the steps of ingest."""

from __future__ import annotations

import polars as pl

from etl.dataset.preparation import Preparation
from etl.ingestion.pipeline import SENTENCE, TEXT, Tools, run_steps, sentences
from etl.settings import Settings
from etl.tagging import policy
from etl.tagging.tagger import Tagger


def prepare(preparation: Preparation, texts: pl.Series, tagger: Tagger) -> pl.DataFrame:
    """Cleans and tags sentences.

    Args:
        preparation: how the sentences of the dataset were prepared.
        texts: strings; null counts as empty.
        tagger: what `open_tagger` gave for this preparation.

    Returns:
        A row for each of `texts`, in their order: `raw_text`, `text`, `tokens` (null where it was not tagged)
        and `reason` (null, or a code of `schemas/columns.yaml`).
    """
    kept = policy.load(tagger.settings) if preparation.tokens == "key" else policy.KEEP_ALL
    tools = Tools(Settings(clean=preparation.clean), tagger, kept)
    return run_steps(sentences(texts), tools, SENTENCE).select("raw_text", "text", "tokens", "reason")


def prepare_text(preparation: Preparation, texts: pl.Series) -> pl.DataFrame:
    """Cleans sentences and tags nothing, for models that cut text into word pieces themselves.

    Args:
        preparation: how the sentences of the dataset were prepared.
        texts: strings; null counts as empty.

    Returns:
        A row for each of `texts`, in their order: `raw_text`, `text` and `reason`, as `prepare` gives them.
    """
    tools = Tools(Settings(clean=preparation.clean))
    return run_steps(sentences(texts), tools, TEXT).select("raw_text", "text", "reason")

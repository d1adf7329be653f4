"""Rows with nearly equal texts: the texts are compared first, whatever rows have them; then the rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import polars as pl

from etl.ingestion.corpus import texts
from etl.ingestion.corpus.corpus import (
    UNMARKED,
    Corpus,
    read_bucket,
    read_frames,
    write_bucketed,
    write_task,
)
from etl.ingestion.steps.near_leaks import keep_most_similar, mark_near_leaks
from etl.runtime.engine.protocol import Engine
from etl.schema.splits import EVALUATION
from etl.settings import Settings
from etl.similarity.index.near_index import NearIndex, open_index

MARKS = "near-marks"
_BEST = "near-best"
TRAIN, EVALUATED = 1, 2  # the sides of the index


@contextmanager
def open_near_index(folder: Path, settings: Settings, memory: int) -> Iterator[NearIndex | None]:
    """Opens the index of texts; None if near-duplicates are not looked for.

    Args:
        folder: in which it stands, or will.
        settings: in `dedupe` the least similarity.
        memory: how much it may take, in bytes.
    """
    if not settings.dedupe.near:
        yield None
        return
    with open_index(folder / "near", settings.dedupe.near, memory=memory) as index:
        yield index


def add_texts(corpus: Corpus, index: NearIndex, engine: Engine) -> None:
    """Adds the texts of the corpus to an index, which compares them, and deals out its pairs."""
    index.add(range(corpus.n_partitions), partial(_read_texts, corpus), engine.map)
    index.save()
    for number, pairs in enumerate(index.pairs()):
        _deal_out(corpus, number, pairs)


def _read_texts(corpus: Corpus, partition: int) -> pl.DataFrame:
    """Reads the texts of a partition: `key_high`, `key_low`, `side` and `text`."""
    side = (
        pl.when(pl.col("split") == "train")
        .then(pl.lit(TRAIN, pl.UInt8))
        .when(pl.col("split").is_in(EVALUATION))
        .then(pl.lit(EVALUATED, pl.UInt8))
    )
    records = corpus.read_records("texts", partition, ["key_high", "key_low", "split", "normalised"])
    if corpus.decided["decided_split"].null_count() < corpus.decided.height:
        records = corpus.correct(records)
    texts = records.select("key_high", "key_low", side.alias("side"), text="normalised")
    return texts.filter(pl.col("side").is_not_null())


def _deal_out(corpus: Corpus, number: int, pairs: pl.DataFrame) -> None:
    similarity = pl.col("similarity")
    by_train = pairs.select(key_high="train_high", key_low="train_low")
    by_other = pairs.select("train_high", "train_low", similarity, key_high="other_high", key_low="other_low")
    kinds = {texts.BY_TRAIN: by_train, texts.BY_OTHER: by_other}
    write_task(corpus, texts.PAIRS, number, kinds, corpus.n_partitions)


def find_most_similar(corpus: Corpus, partition: int) -> None:
    """Finds for the train rows of a partition the most similar evaluation row."""
    trained = read_frames(corpus, texts.ROWS, texts.TRAIN_ROWS, partition)
    others = read_frames(corpus, texts.ROWS, texts.OTHER_ROWS, partition)
    if trained is None or others is None:
        return
    best = keep_most_similar(trained.join(others, on=["key_high", "key_low"]))
    write_bucketed(corpus, _BEST, partition, best.drop("key_high", "key_low"), by="other")


def mark_near(corpus: Corpus, bucket: int) -> None:
    """Marks the train rows that resemble a row of a bucket, whose id is named."""
    best = read_bucket(corpus, [_BEST], bucket)
    if best.is_empty():
        return
    ids = pl.concat(corpus.read_rows(best["other"].unique().sort(), ["id"]))
    named = best.join(ids.rename({"row": "other"}), on="other").with_columns(UNMARKED)
    marked = mark_near_leaks(named.sort("row"))
    write_bucketed(corpus, MARKS, bucket, marked.select("row", "reason", "detail"))

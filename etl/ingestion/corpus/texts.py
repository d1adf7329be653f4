"""Rows with equal texts: duplicates, conflicts and leaks. Texts that are short are exempt, see `records`."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from etl.ingestion.corpus import ids
from etl.ingestion.corpus.corpus import Corpus, read_frames, without_marked, write_bucketed, write_task
from etl.ingestion.steps.duplicates import mark_duplicates
from etl.ingestion.steps.leaks import mark_text_leaks
from etl.schema.splits import EVALUATION

MARKS = "text-marks"
# Pairs of nearly equal texts, and which rows have them: see `etl.ingestion.corpus.near`.
PAIRS, BY_TRAIN, BY_OTHER = "near-pairs", "by_train", "by_other"
ROWS, TRAIN_ROWS, OTHER_ROWS = "near-rows", "train_rows", "other_rows"


class _Pairs(NamedTuple):
    """The pairs one of whose texts belongs to a partition: by the text of train, and by the other one."""

    by_train: pl.DataFrame
    by_other: pl.DataFrame


def mark_texts(corpus: Corpus, partition: int) -> None:
    """Marks the rows of a partition whose text others have; leaves the rows of nearly equal texts."""
    records = corpus.read_records("texts", partition, _columns(corpus))
    pairs = _read_pairs(corpus, partition)
    is_met = pl.col("key_low").is_duplicated()
    if pairs:
        near = pl.concat([pairs.by_train["key_low"], pairs.by_other["key_low"]]).unique()
        is_met |= pl.col("key_low").is_in(near.implode())
    met = without_marked(corpus, corpus.correct(records.filter(is_met)), [ids.MARKS])
    marked = mark_text_leaks(mark_duplicates(met.filter(pl.col("reason").is_null()), corpus.settings))
    is_marked = pl.col("reason").is_not_null()
    write_bucketed(corpus, MARKS, partition, marked.filter(is_marked).select("row", "reason", "detail"))
    if pairs:
        write_task(
            corpus, ROWS, partition, _find_near_rows(marked.filter(~is_marked), pairs), corpus.n_partitions
        )


def _columns(corpus: Corpus) -> list[str]:
    """Returns the columns of the records but for the text itself."""
    of_votes = [] if corpus.settings.labels == "majority" else ["label_votes"]
    return ["key_high", "key_low", "text_key", "raw_key", "split", "label", *of_votes]


def _read_pairs(corpus: Corpus, partition: int) -> _Pairs | None:
    by_train = read_frames(corpus, PAIRS, BY_TRAIN, partition)
    by_other = read_frames(corpus, PAIRS, BY_OTHER, partition)
    return None if by_train is None or by_other is None else _Pairs(by_train, by_other)


def _find_near_rows(alive: pl.DataFrame, pairs: _Pairs) -> dict[str, pl.DataFrame]:
    """Returns the train rows that have a pair; and by the text of train the first row of each other text."""
    is_train, is_evaluated = pl.col("split") == "train", pl.col("split").is_in(EVALUATION)
    key = ["key_high", "key_low"]
    trained = alive.filter(is_train).select("row", *key).join(pairs.by_train, on=key, how="semi")
    evaluated = alive.filter(is_evaluated).unique(key, keep="first", maintain_order=True)
    others = pairs.by_other.join(evaluated.select(*key, other="row", leaks_to="split"), on=key)
    others = others.select(
        key_high="train_high",
        key_low="train_low",
        other="other",
        leaks_to="leaks_to",
        similarity="similarity",
    )
    return {TRAIN_ROWS: trained, OTHER_ROWS: others}

"""Rows of equal groups: train rows whose group has evaluation rows."""

from __future__ import annotations

import polars as pl

from etl.ingestion.corpus import ids, near, texts
from etl.ingestion.corpus.corpus import Corpus, without_marked, write_bucketed
from etl.ingestion.exchange import KEY
from etl.ingestion.steps.leaks import mark_group_leaks
from etl.schema.splits import EVALUATION

MARKS = "group-marks"


def mark_groups(corpus: Corpus, partition: int) -> None:
    """Marks the train rows of a partition whose group has evaluation rows."""
    records = corpus.correct(corpus.read_records("groups", partition))
    rows = records.filter(pl.col("reason").is_null())
    is_train, is_evaluated = pl.col("split") == "train", pl.col("split").is_in(EVALUATION)
    is_met = pl.all_horizontal(side.any().over(KEY) for side in (is_train, is_evaluated))
    alive = without_marked(corpus, rows.filter(is_met), [ids.MARKS, texts.MARKS, near.MARKS])
    marked = mark_group_leaks(alive).filter(pl.col("reason").is_not_null())
    write_bucketed(corpus, MARKS, partition, marked.select("row", "reason", "detail"))

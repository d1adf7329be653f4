"""Rows with equal ids: those of equal texts are numbered, others are rejected.

The split of a row is decided by then, by what it says: equal texts of a table are never in two splits.
"""

from __future__ import annotations

import polars as pl

from etl.ingestion.corpus.corpus import NUMBERS, Corpus, read_frames, write_bucketed, write_task
from etl.ingestion.exchange import KEY
from etl.ingestion.steps.repeated_ids import mark_repeated_ids

REPEATED = "repeated-ids"
MARKS = "id-marks"


def number_texts(corpus: Corpus, partition: int) -> None:
    """Numbers the rows of a partition that say the same, and keeps those whose ids are still equal.

    Leaves `NUMBERS`: `row` and `number` of the second and further rows of a text; and `REPEATED`.
    """
    records = corpus.read_records("ids", partition)
    met = records.filter(pl.col("key_low").is_duplicated())
    lacks_number = pl.col("number").is_null()
    counted = pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over(*KEY, lacks_number)
    numbered = met.with_columns(number=pl.coalesce("number", counted))
    further = numbered.filter(met["number"].is_null() & (pl.col("number") > 1))
    write_bucketed(corpus, NUMBERS, partition, further.select("row", "number"))
    repeated = numbered.filter(pl.struct(*KEY, "number").is_duplicated())
    write_task(corpus, REPEATED, partition, {REPEATED: repeated}, corpus.n_partitions)


def mark_ids(corpus: Corpus, partition: int) -> None:
    """Marks the rows of a partition whose id an earlier one has."""
    repeated = read_frames(corpus, REPEATED, REPEATED, partition)
    assert repeated is not None
    rows = corpus.correct(repeated.sort("row"))
    is_dead = pl.col("reason").is_null() & ~pl.col("is_alive")
    rows = rows.with_columns(reason=pl.when(is_dead).then(pl.lit("")).otherwise("reason"))
    marked = mark_repeated_ids(rows).filter(pl.col("reason") == "duplicate_id")
    write_bucketed(corpus, MARKS, partition, marked.select("row", "reason", "detail"))

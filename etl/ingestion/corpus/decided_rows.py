"""The rows as they are written: with final ids, what people decided, and what the stages marked."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import NamedTuple

import polars as pl

from etl.dataset.counts import RowCounts, count_rows
from etl.ingestion.batch_store import StoredBatch, number_rows, renumber
from etl.ingestion.corpus.corpus import BUCKET_BATCHES, NUMBERS, Corpus, read_bucket
from etl.ingestion.corpus.decide import read_marks
from etl.ingestion.row_numbers import positions
from etl.ingestion.steps.correct import correct
from etl.language.message import tr
from etl.runtime.console import Progress
from etl.runtime.engine.protocol import Engine
from etl.schema import votes

_COUNTED = ["source", "reason", "detail", "split", "label", votes.COLUMN]


class Verdicts(NamedTuple):
    """What was found out about the rows of a batch: `row` and `number`; `row`, `reason` and `detail`."""

    batch: StoredBatch
    numbers: pl.DataFrame
    marks: pl.DataFrame


@lru_cache(maxsize=4)  # batches are asked for one after another
def read_verdicts(corpus: Corpus, bucket: int) -> tuple[Verdicts, ...]:
    """Returns what was found out about each batch of a bucket."""
    numbers, marks = read_bucket(corpus, [NUMBERS], bucket), read_marks(corpus, bucket)
    verdicts = []
    for batch in corpus.batches_of(bucket):
        first = batch.number.first_row
        is_here = pl.col("row").is_between(first, first + batch.height, closed="left")
        verdicts.append(Verdicts(batch, numbers.filter(is_here), marks.filter(is_here)))
    return tuple(verdicts)


def decided_rows(corpus: Corpus, verdicts: Verdicts, columns: list[str] | None = None) -> pl.DataFrame:
    """Reads the rows of a batch as they are written.

    Args:
        corpus: the rows of the corpus.
        verdicts: of the batch.
        columns: which columns, `reason` and `detail` among them; None: all.
    """
    rows = number_rows(verdicts.batch.rows(columns), verdicts.batch)
    if "id" in rows.columns:
        rows = renumber(rows, verdicts.numbers)
    rows = correct(rows, corpus.decided)
    marks = verdicts.marks
    if marks.is_empty():
        return rows
    at = marks.select(positions(pl.col("row"))).to_series()
    return rows.with_columns(rows[name].scatter(at, marks[name]) for name in ("reason", "detail"))


def read_verdicts_of(corpus: Corpus, number: int) -> Verdicts:
    """Returns what was found out about a batch.

    Args:
        corpus: the rows of the corpus.
        number: of the batch among all.
    """
    bucket = number // BUCKET_BATCHES
    return read_verdicts(corpus, bucket)[number - bucket * BUCKET_BATCHES]


def count_batches(corpus: Corpus, engine: Engine, progress: Progress) -> list[RowCounts]:
    """Counts the rows of each batch as they are written."""
    progress(0, tr("counting"))
    counted = engine.map(partial(_count_bucket, corpus), range(corpus.n_buckets))
    return [of_batch for of_bucket in counted for of_batch in of_bucket]


def _count_bucket(corpus: Corpus, bucket: int) -> list[RowCounts]:
    rows = (decided_rows(corpus, verdicts, _COUNTED) for verdicts in read_verdicts(corpus, bucket))
    return [count_rows(each, corpus.settings.labels) for each in rows]

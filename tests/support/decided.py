"""Runs the stages on the whole corpus on rows that a test has made."""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl

from etl.ingestion.batch_store import BatchResult, Layout, StoredBatch, store_batch
from etl.ingestion.corpus.corpus import Corpus
from etl.ingestion.corpus.decide import decide, number_rows
from etl.ingestion.corpus.decided_rows import decided_rows, read_verdicts_of
from etl.ingestion.row_numbers import BatchNumber
from etl.ingestion.steps.records import make_records
from etl.runtime.console import no_progress
from etl.runtime.engine.local import LocalEngine
from etl.settings import Settings

_NOTHING = pl.DataFrame({"source": []}, schema={"source": pl.String})


def decide_rows(
    rows: pl.DataFrame, settings: Settings, *, batch_rows: int = 20_000, n_partitions: int = 1
) -> pl.DataFrame:
    """Returns the rows as they are written: with final ids, labels and reasons.

    Args:
        rows: rows after the steps that see one batch.
        settings: those of the run.
        batch_rows: rows in a batch.
        n_partitions: into how many partitions they are dealt out.
    """
    if rows.is_empty():
        return rows
    with tempfile.TemporaryDirectory() as scratch:
        corpus = make_corpus(Path(scratch), rows, settings, batch_rows, n_partitions)
        engine = LocalEngine(1)
        number_rows(corpus, engine, no_progress)
        decide(corpus, engine, None, 256 << 20, no_progress)
        numbers = range(len(corpus.batches))
        return pl.concat(decided_rows(corpus, read_verdicts_of(corpus, number)) for number in numbers)


def make_corpus(
    folder: Path, rows: pl.DataFrame, settings: Settings, batch_rows: int, n_partitions: int
) -> Corpus:
    """Returns rows as a corpus, each second batch of which belongs to another input."""
    batches = []
    for number, batch in enumerate(rows.iter_slices(batch_rows)):
        path = folder / f"{number}.parts"
        result = BatchResult(batch, *make_records(batch, settings), _NOTHING, _NOTHING, _NOTHING)
        store_batch(path, result, Layout(n_partitions))
        batches.append(StoredBatch(BatchNumber(number // 2, number % 2), path, batch.height))
    return Corpus(folder, tuple(batches), settings, Layout(n_partitions))

"""All rows of all inputs after the steps that see one batch, as files; and where tasks leave what they find.

A task works on one partition of the records, or on one bucket of rows, and writes one file. So it may run
anywhere, and again: what counts is that its file is complete.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import polars as pl

from etl.ingestion.batch_store import IN_ONE, Layout, StoredBatch, number_rows, renumber
from etl.ingestion.exchange import read_partition, write_parts
from etl.ingestion.row_numbers import ROW, positions
from etl.ingestion.steps.correct import DECIDED, correct
from etl.schema import votes
from etl.settings import Settings

BUCKET_BATCHES = 64
UNMARKED = [pl.lit(None, pl.String).alias(name) for name in ("reason", "detail")]
NUMBERS = "numbers"
_MOST_MARKS = 10_000_000  # that are held at once


@dataclass(frozen=True, eq=False)
class Corpus:
    """The batches of a corpus.

    Args:
        folder: of the run.
        batches: in order.
        settings: those of the run.
        layout: how batches are kept.
        decided: what people decided, see `etl.ingestion.steps.correct.DECIDED`.
    """

    folder: Path
    batches: tuple[StoredBatch, ...]
    settings: Settings
    layout: Layout = IN_ONE
    decided: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=DECIDED))

    @property
    def n_partitions(self) -> int:
        """Into how many partitions the corpus is dealt out, a power of two."""
        return self.layout.n_partitions

    @cached_property
    def bounds(self) -> np.ndarray:
        """The number of the first row of each bucket, (n_buckets,): some neighbouring batches."""
        first = [batch.number.first_row for batch in self.batches[::BUCKET_BATCHES]]
        return np.array(first, np.uint64)

    @property
    def n_buckets(self) -> int:
        """The number of buckets."""
        return len(self.bounds)

    def batches_of(self, bucket: int) -> tuple[StoredBatch, ...]:
        """The batches of a bucket."""
        return self.batches[bucket * BUCKET_BATCHES : (bucket + 1) * BUCKET_BATCHES]

    def read_records(
        self,
        kind: str,
        partition: int,
        columns: list[str] | None = None,
        batches: Sequence[StoredBatch] | None = None,
    ) -> pl.DataFrame:
        """Reads the records of a partition, in the order of the rows, with `row`.

        Args:
            kind: see `etl.ingestion.steps.records.Records`.
            partition: from 0.
            columns: which columns; None: all.
            batches: of which batches; None: of all.
        """
        read = self.batches if batches is None else batches
        wanted = ["position", *columns] if columns else None
        empty = self.batches[0].records(kind, partition, self.n_partitions, wanted).clear()
        parts = [batch.records(kind, partition, self.n_partitions, wanted) for batch in read]
        # All parts at once: they are many and small, and an expression costs as much as reading one.
        first_rows = np.array([batch.number.first_row for batch in read], np.uint64)
        first_row = pl.Series(np.repeat(first_rows, [part.height for part in parts]), dtype=ROW)
        records = pl.concat([empty, *(part for part in parts if part.height)], rechunk=True)
        of_split = [pl.col("split").cast(pl.String)] if "split" in records.columns else []
        return records.with_columns(*of_split, row=first_row + pl.col("position")).drop("position")

    def correct(self, records: pl.DataFrame) -> pl.DataFrame:
        """Applies what people decided to records without marks; see `etl.ingestion.steps.correct`."""
        if votes.COLUMN not in records.columns and "label" in records.columns:
            records = records.with_columns(pl.lit(None, votes.VOTES).alias(votes.COLUMN))
        return correct(records.with_columns(UNMARKED), self.decided)

    def read_rows(self, rows: pl.Series, columns: list[str]) -> Iterator[pl.DataFrame]:
        """Yields some columns of rows, and `row`, batch by batch; `rows` are their numbers, in order."""
        starts = np.array([batch.number.first_row for batch in self.batches], np.uint64)
        edges = [*np.searchsorted(rows.to_numpy(), starts).tolist(), len(rows)]
        for batch, start, end in zip(self.batches, edges, edges[1:], strict=False):
            if start < end:
                wanted = rows[start:end]
                at = wanted.to_frame("row").select(positions(pl.col("row"))).to_series()
                yield self._renumbered(batch.rows(columns)[at].with_columns(row=wanted), batch)

    def read_all(self, columns: list[str]) -> Iterator[pl.DataFrame]:
        """Yields some columns of all rows, and `row`, batch by batch."""
        for batch in self.batches:
            yield self._renumbered(number_rows(batch.rows(columns), batch), batch)

    def _renumbered(self, rows: pl.DataFrame, batch: StoredBatch) -> pl.DataFrame:
        if "id" not in rows.columns:
            return rows
        bucket = int(np.searchsorted(self.bounds, batch.number.first_row, side="right")) - 1
        return renumber(rows, _read_numbers(self, bucket))

    def path(self, stage: str, task: int) -> Path:
        """Returns the file of a task."""
        return self.folder / stage / f"{task:05d}.parts"

    def paths(self, stage: str) -> list[Path]:
        """Returns the files that a stage has left."""
        return sorted((self.folder / stage).glob("*.parts"))


def write_bucketed(corpus: Corpus, stage: str, task: int, rows: pl.DataFrame, by: str = "row") -> None:
    """Writes what a task found about rows, dealt out by the buckets in which they stand.

    Args:
        corpus: the rows.
        stage: whose task it is.
        task: its number.
        rows: with the column `by`.
        by: numbers of rows.
    """
    bucket = np.searchsorted(corpus.bounds, rows[by].to_numpy(), side="right") - 1
    shift = 64 - (_n_slots(corpus) - 1).bit_length()
    key = bucket.astype(np.uint64) << np.uint64(shift % 64)
    write_task(corpus, stage, task, {stage: rows.with_columns(key_high=pl.Series(key))}, _n_slots(corpus))


def write_task(
    corpus: Corpus, stage: str, task: int, kinds: dict[str, pl.DataFrame], n_partitions: int
) -> None:
    """Writes the file of a task; see `etl.ingestion.exchange.write_parts`."""
    path = corpus.path(stage, task)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_parts(path, kinds, n_partitions)


def read_bucket(corpus: Corpus, stages: Sequence[str], bucket: int) -> pl.DataFrame:
    """Reads what the tasks of some stages found about the rows of a bucket, in the order of the rows.

    Args:
        corpus: the rows.
        stages: with frames of the same columns.
        bucket: from 0.
    """
    frames = [
        read_partition(path, stage, bucket, _n_slots(corpus)).drop("key_high")
        for stage in stages
        for path in corpus.paths(stage)
    ]
    return pl.concat(frames).sort("row") if frames else pl.DataFrame(schema={"row": pl.UInt64()})


@lru_cache(maxsize=4)  # batches are read one after another
def _read_numbers(corpus: Corpus, bucket: int) -> pl.DataFrame:
    return read_bucket(corpus, [NUMBERS], bucket)


def without_marked(corpus: Corpus, rows: pl.DataFrame, stages: Sequence[str]) -> pl.DataFrame:
    """Leaves out the rows that the tasks of some stages have marked.

    Args:
        corpus: the rows of the corpus.
        rows: some of them, with `row`, ascending.
        stages: which stages.
    """
    # File by file, since all marks together may not fit into memory.
    marked: list[pl.Series] = []
    for path in (path for stage in stages for path in corpus.paths(stage)):
        marked.append(read_partition(path, path.parent.name, 0, 1, ["row"])["row"])
        if sum(map(len, marked)) > _MOST_MARKS:
            rows, marked = _without(rows, marked), []
    return _without(rows, marked)


def _without(rows: pl.DataFrame, marked: Sequence[pl.Series]) -> pl.DataFrame:
    if not any(map(len, marked)):
        return rows
    return rows.join(pl.concat(marked).to_frame(), on="row", how="anti", maintain_order="left")


def read_frames(corpus: Corpus, stage: str, kind: str, partition: int) -> pl.DataFrame | None:
    """Reads what the tasks of a stage have dealt out to a partition; None where they left nothing."""
    frames = [read_partition(path, kind, partition, corpus.n_partitions) for path in corpus.paths(stage)]
    return pl.concat(frames) if frames else None


def _n_slots(corpus: Corpus) -> int:
    return 1 << (corpus.n_buckets - 1).bit_length() if corpus.n_buckets > 1 else 1

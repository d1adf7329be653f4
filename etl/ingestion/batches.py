"""Runs the batches of all inputs through the steps that see one batch.

An input is a unit of raw files. `FreshInput` reads it; `etl.ingestion.batch_cache` takes from disk what an
earlier run made of it. A batch never spans two inputs, so the dataset is the same, byte for byte, either
way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, Protocol

import polars as pl
import xxhash

from etl.ingestion.batch_store import BatchResult, Layout, StoredBatch, read_small, store_batch
from etl.ingestion.pipeline import BATCH, TOKENS, Tools, run_steps
from etl.ingestion.row_numbers import BatchNumber
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.units import InputUnit
from etl.ingestion.steps.records import make_records
from etl.ingestion.steps.token_report import TokenTables, add_counts, count_filtered_tokens
from etl.runtime.console import Progress
from etl.runtime.engine.local import ordered_map
from etl.runtime.engine.protocol import BatchFn
from etl.settings import Settings

# Aliases are counted, and tokens that are filtered out.
_NOT_WRITTEN = ("alias", "all_tokens", "all_tags")


class BatchDone(NamedTuple):
    """A batch in its file, and what is counted of it; see `BatchResult`."""

    batch: StoredBatch
    counts: TokenTables
    aliases: pl.DataFrame


Job = Callable[[], BatchDone]


class Input(Protocol):
    """Raw files that are read together, as batches after the steps."""

    @property
    def source(self) -> str:
        """The corpus."""

    def jobs(self, number: int, log: InputLog) -> Iterator[Job]:
        """Yields a job for each batch, in order; jobs run on several threads.

        Args:
            number: that of the input.
            log: learns of the files.
        """

    def finish(self) -> None:
        """Called once when all jobs are done, unless there were none."""


@dataclass(frozen=True)
class FreshInput:
    """Raw files that are read now.

    Args:
        unit: the files.
        settings: those of the run.
        process: `process_batch` with the tools of the run, here or on a cluster.
        folder: where the batches are kept. One that is there and was made of the same raw rows stays.
    """

    unit: InputUnit
    settings: Settings
    process: BatchFn
    folder: Path

    @property
    def source(self) -> str:
        """The corpus."""
        return self.unit.slug

    def jobs(self, number: int, log: InputLog) -> Iterator[Job]:
        """Reads a batch, and yields the job that runs the steps on it."""
        for batch, rows in enumerate(self.unit.read(self.settings, log)):
            yield partial(self.run, BatchNumber(number, batch), rows)

    def run(self, number: BatchNumber, rows: pl.DataFrame) -> BatchDone:
        """Runs the steps on a batch."""
        batch = StoredBatch(number, self.folder / f"{number}.parts", rows.height)
        sources, tokens, aliases = self.process(rows, batch.path)
        return BatchDone(batch, TokenTables(sources, tokens), aliases)

    def finish(self) -> None:
        """Nothing is left to do."""


@dataclass
class AllBatches:
    """What is known of all batches; the rows are in their files.

    Attributes:
        batches: in order.
        token_counts: the tokens before and after the filter of key tokens.
        aliases: a frame for each batch that has some.
    """

    batches: list[StoredBatch] = field(default_factory=list)
    token_counts: list[TokenTables] = field(default_factory=list)
    aliases: list[pl.DataFrame] = field(default_factory=list)

    def add(self, done: BatchDone) -> None:
        """Adds a batch."""
        self.batches.append(done.batch)
        self.token_counts = add_counts(self.token_counts, done.counts)
        if done.aliases.height:
            self.aliases.append(done.aliases)

    def add_token_counts(self, counts: Iterable[TokenTables]) -> None:
        """Adds the tokens of rows that were tagged later."""
        for further in counts:
            self.token_counts = add_counts(self.token_counts, further)

    def count_aliases(self) -> dict[str, dict[str, int]]:
        """Returns by source how often each alias occurred, in an order that does not depend on the rows."""
        counts: dict[str, dict[str, int]] = {}
        if self.aliases:
            total = pl.concat(self.aliases).group_by("source", "alias").sum().sort("source", "alias")
            for source, alias, count in total.iter_rows():
                counts.setdefault(source, {})[alias] = count
        return counts


def run_batches(inputs: Iterable[Input], log: InputLog, in_flight: int, progress: Progress) -> AllBatches:
    """Runs the steps on all batches.

    Args:
        inputs: in the order of the dataset.
        log: learns what became of each file.
        in_flight: how many batches are processed at a time.
        progress: told about each batch.

    Raises:
        InputError: a file is bad, or changed while it was read.
        WriteError: a batch cannot be written.
    """
    batches = AllBatches()
    results = ordered_map(_run, _jobs(inputs, log), in_flight)
    for _, of_one_input in groupby(results, key=lambda pair: id(pair[0])):
        for files, done in of_one_input:
            batches.add(done)
            progress(done.batch.height, f"reading {files.source}")
            last = files
        last.finish()
    return batches


def process_batch(tools: Tools, layout: Layout, rows: pl.DataFrame, path: Path) -> list[pl.DataFrame]:
    """Runs the steps that see one batch, and writes its file; called here or on a worker of a cluster.

    A file that is there and was made of the same raw rows stays. Rows that come with a label got it by a
    correction: they have been cleaned and split, and lack tokens.

    Args:
        tools: what the steps need.
        layout: how batches are kept.
        rows: the raw rows.
        path: the file.

    Returns:
        `token_sources`, `tokens` and `aliases` of `BatchResult`.
    """
    content = xxhash.xxh3_64_hexdigest(rows.hash_rows().to_numpy().data)
    if (kept := read_small(path, content)) is not None:
        return kept
    rows = run_steps(rows, tools, TOKENS if "label" in rows.columns else BATCH)
    counts = count_filtered_tokens(rows)
    small = [counts.sources, counts.tokens, _count_aliases(rows)]
    rows = rows.drop(_NOT_WRITTEN)
    store_batch(path, BatchResult(rows, *make_records(rows, tools.settings), *small), layout, content)
    return small


def _jobs(inputs: Iterable[Input], log: InputLog) -> Iterator[tuple[Input, Job]]:
    for number, source in enumerate(inputs):
        for job in source.jobs(number, log):
            yield source, job


def _run(source_and_job: tuple[Input, Job]) -> tuple[Input, BatchDone]:
    source, job = source_and_job
    return source, job()


def _count_aliases(rows: pl.DataFrame) -> pl.DataFrame:
    with_alias = rows.filter(pl.col("alias").is_not_null())
    spellings = with_alias.select("source", "alias").explode("alias")
    return spellings.group_by("source", "alias", maintain_order=True).agg(count=pl.len().cast(pl.Int64))

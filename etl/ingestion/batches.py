"""Runs the batches of all inputs through the steps that see one batch.

An input is a unit of raw files. `FreshInput` reads it; `etl.ingestion.batch_cache` takes from disk what an
earlier run made of it. A batch never spans two inputs, so the dataset is the same, byte for byte, either
way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

import polars as pl
import xxhash

from etl.ingestion.batch_store import BatchResult, Layout, StoredBatch, read_small, store_batch
from etl.ingestion.pipeline import BATCH, TOKENS, Tools, run_steps
from etl.ingestion.row_numbers import BatchNumber
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.units import InputUnit, read_unit
from etl.ingestion.steps.records import make_records
from etl.ingestion.steps.token_report import TokenTables, add_counts, count_filtered_tokens
from etl.language.message import tr
from etl.runtime.console import Progress
from etl.runtime.engine.protocol import Batch, BatchFn, Engine
from etl.runtime.threads import ordered_map
from etl.settings import Settings

# Aliases are counted, and tokens that are filtered out.
_NOT_WRITTEN = ("alias", "all_tokens", "all_tags")


class BatchDone(NamedTuple):
    """A batch in its file, and what is counted of it; see `BatchResult`."""

    batch: StoredBatch
    counts: TokenTables
    aliases: pl.DataFrame


Job = Callable[[], BatchDone]


class StoredInput(Protocol):
    """Raw files whose batches an earlier run has kept."""

    @property
    def source(self) -> str:
        """The corpus."""

    @property
    def log(self) -> InputLog:
        """What became of the files when they were read."""

    def jobs(self, number: int) -> Iterator[Job]:
        """Yields a job for each batch, in order, which opens it; `number` is that of the input."""


class Recording(Protocol):
    """Remembers what becomes of an input, for later runs."""

    def to_read(self, unit: InputUnit) -> InputUnit:
        """Called once, when the files are about to be read; returns them as they are to be read."""

    def add(self, batch: StoredBatch) -> None:
        """Adds a batch whose file is complete; called on several threads."""

    def was_read(self, unit: InputUnit, log: InputLog) -> None:
        """Called once, when all was read.

        Raises:
            InputError: a file is not the one that it was.
        """

    def finish(self, source: str) -> None:
        """Called once when all batches are done, unless there were none; `source` is the corpus."""


@dataclass(frozen=True)
class FreshInput:
    """Raw files that are read now, together.

    Args:
        unit: the files.
        process: `process_batch` with the tools of the run, here or on a cluster.
        folder: where the batches are kept. One that is there and was made of the same raw rows stays.
        recording: if later runs shall not read the files again.
    """

    unit: InputUnit
    process: BatchFn
    folder: Path
    recording: Recording | None = None

    @property
    def source(self) -> str:
        """The corpus."""
        return self.unit.slug

    def run(self, number: BatchNumber, read: Batch) -> BatchDone:
        """Runs the steps on a batch; called on several threads."""
        batch = StoredBatch(number, self.folder / f"{number}.parts", read.height)
        sources, tokens, aliases = self.process(read.rows, batch.path)
        if self.recording:
            self.recording.add(batch)
        return BatchDone(batch, TokenTables(sources, tokens), aliases)


Input = FreshInput | StoredInput


@dataclass
class AllBatches:
    """What is known of all batches; the rows are in their files.

    Attributes:
        batches: in order, once all are there.
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


def run_batches(
    inputs: Iterable[Input], log: InputLog, settings: Settings, engine: Engine, progress: Progress
) -> AllBatches:
    """Reads the inputs and runs the steps on all batches.

    Args:
        inputs: in the order of the dataset.
        log: learns what became of each file.
        settings: those of the run.
        engine: where files are read; its workers run the steps.
        progress: told about each batch.

    Raises:
        InputError: a file is bad, or changed while it was read.
        WriteError: a batch cannot be written.
    """
    batches = AllBatches()
    logs: dict[int, InputLog] = {}
    for source, done in ordered_map(_run, _steps(inputs, settings, engine), engine.in_flight):
        if isinstance(done, BatchDone):
            batches.add(done)
            progress(done.batch.height, tr("reading {source}", source=source.source))
        else:
            logs[done.number] = done.log
            if done.has_batches and isinstance(source, FreshInput) and source.recording:
                source.recording.finish(source.source)
    for _, each in sorted(logs.items()):
        log.add(each)
    batches.batches.sort(key=lambda batch: batch.number)
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


class _AllDone(NamedTuple):
    """All batches of an input are done."""

    number: int
    log: InputLog
    has_batches: bool = True


def _steps(
    inputs: Iterable[Input], settings: Settings, engine: Engine
) -> Iterator[tuple[Input, Job | _AllDone]]:
    """Yields a job for each batch, and after those of an input that this is the end of it."""
    stored: deque[tuple[int, StoredInput]] = deque()
    fresh: list[tuple[int, FreshInput]] = []

    def units() -> Iterator[InputUnit]:
        for number, source in enumerate(inputs):
            if isinstance(source, FreshInput):
                fresh.append((number, source))
                yield source.recording.to_read(source.unit) if source.recording else source.unit
            else:
                stored.append((number, source))

    for read in engine.read(partial(read_unit, settings=settings), units()):
        yield from _stored_steps(stored)
        number, source = fresh[read.item]
        if isinstance(read, Batch):
            yield source, partial(source.run, BatchNumber(number, read.number), read)
        else:
            if source.recording:
                source.recording.was_read(source.unit, read.result)
            yield source, _AllDone(number, read.result, has_batches=read.n_batches > 0)
    yield from _stored_steps(stored)


def _stored_steps(stored: deque[tuple[int, StoredInput]]) -> Iterator[tuple[Input, Job | _AllDone]]:
    while stored:
        number, source = stored.popleft()
        for job in source.jobs(number):
            yield source, job
        yield source, _AllDone(number, source.log)


def _run(step: tuple[Input, Job | _AllDone]) -> tuple[Input, BatchDone | _AllDone]:
    source, job = step
    return source, job if isinstance(job, _AllDone) else job()


def _count_aliases(rows: pl.DataFrame) -> pl.DataFrame:
    with_alias = rows.filter(pl.col("alias").is_not_null(), pl.col("reason").ne_missing("unknown_label"))
    spellings = with_alias.select("source", "alias").explode("alias")
    return spellings.group_by("source", "alias", maintain_order=True).agg(count=pl.len().cast(pl.Int64))

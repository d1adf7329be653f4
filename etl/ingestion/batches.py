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
from typing import NamedTuple, Protocol

import polars as pl

from etl.ingestion.pipeline import BATCH, TOKENS, Tools, run_steps
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.units import InputUnit
from etl.ingestion.spool import Spool, StoredRows
from etl.ingestion.steps.row_hashes import hash_rows
from etl.ingestion.steps.token_report import TokenTables, add_counts, count_filtered_tokens
from etl.runtime.console import Progress
from etl.runtime.engine.local import ordered_map
from etl.runtime.engine.protocol import BatchFn
from etl.settings import Settings

# The row hashes hold reason and detail, and the aliases are counted.
_NOT_WRITTEN = ("alias", "reason", "detail", "all_tokens", "all_tags")


class BatchResult(NamedTuple):
    """Result of the per-batch steps for one batch.

    Attributes:
        rows: the rows that are written; those of a cached batch stay on disk until then.
        row_hashes: one row for each row, see `etl.ingestion.steps.row_hashes`.
        token_sources, tokens: see `etl.ingestion.steps.token_report.TokenTables`.
        aliases: `source`, `alias` and `count`: other spellings of labels that were understood.
    """

    rows: pl.DataFrame | StoredRows
    row_hashes: pl.DataFrame
    token_sources: pl.DataFrame
    tokens: pl.DataFrame
    aliases: pl.DataFrame


Job = Callable[[], BatchResult]


class Input(Protocol):
    """Raw files that are read together, as batches after the steps."""

    def jobs(self, log: InputLog) -> Iterator[Job]:
        """Yields a job for each batch, in order; jobs run on several threads. `log` learns of the files."""

    def finish(self) -> None:
        """Called once when all jobs are done, unless there were none."""


@dataclass(frozen=True)
class FreshInput:
    """Raw files that are read now.

    Args:
        unit: the files.
        settings: those of the run.
        process: `process_batch` with the tools of the run, here or on a cluster.
    """

    unit: InputUnit
    settings: Settings
    process: BatchFn

    def jobs(self, log: InputLog) -> Iterator[Job]:
        """Reads a batch, and yields the job that runs the steps on it."""
        for rows in self.unit.read(self.settings, log):
            yield partial(self._run, rows)

    def finish(self) -> None:
        """Nothing is left to do."""

    def _run(self, rows: pl.DataFrame) -> BatchResult:
        return BatchResult(*self.process(rows))


@dataclass
class Corpus:
    """Results for all rows after the per-batch steps; the rows themselves are in the spool.

    Attributes:
        row_hashes: a frame for each batch.
        token_counts: the tokens before and after the filter of key tokens.
        aliases: a frame for each batch that has some.
    """

    row_hashes: list[pl.DataFrame] = field(default_factory=list)
    token_counts: list[TokenTables] = field(default_factory=list)
    aliases: list[pl.DataFrame] = field(default_factory=list)

    def add(self, batch: BatchResult) -> None:
        """Adds everything but the rows."""
        self.row_hashes.append(batch.row_hashes)
        self.token_counts = add_counts(self.token_counts, TokenTables(batch.token_sources, batch.tokens))
        if batch.aliases.height:
            self.aliases.append(batch.aliases)

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
    inputs: Iterable[Input], log: InputLog, spool: Spool, in_flight: int, progress: Progress
) -> Corpus:
    """Runs the steps on all batches and puts the rows into the spool.

    Args:
        inputs: in the order of the dataset.
        log: learns what became of each file.
        spool: receives the rows, in order.
        in_flight: how many batches are processed at a time.
        progress: told about each batch.

    Raises:
        InputError: a file is bad, or changed while it was read.
    """
    corpus = Corpus()
    batches = ordered_map(_run, _jobs(inputs, log), in_flight)
    for _, of_one_input in groupby(batches, key=lambda pair: id(pair[0])):
        for files, batch in of_one_input:
            corpus.add(batch)
            spool.put(batch.rows)
            progress(batch.row_hashes.height, f"reading {batch.row_hashes['source'][0]}")
            last = files
        last.finish()
    return corpus


def process_batch(tools: Tools, rows: pl.DataFrame) -> list[pl.DataFrame]:
    """Runs the steps that see one batch; called here or on a worker of a cluster.

    Rows that come with a label got it by a correction: they have been cleaned and split, and lack tokens.

    Returns:
        The fields of `BatchResult`, in order.
    """
    rows = run_steps(rows, tools, TOKENS if "label" in rows.columns else BATCH)
    counts = count_filtered_tokens(rows)
    row_hashes = hash_rows(rows, tools.settings.dedupe)
    return [rows.drop(_NOT_WRITTEN), row_hashes, counts.sources, counts.tokens, _count_aliases(rows)]


def _jobs(inputs: Iterable[Input], log: InputLog) -> Iterator[tuple[Input, Job]]:
    for source in inputs:
        for job in source.jobs(log):
            yield source, job


def _run(source_and_job: tuple[Input, Job]) -> tuple[Input, BatchResult]:
    source, job = source_and_job
    return source, job()


def _count_aliases(rows: pl.DataFrame) -> pl.DataFrame:
    with_alias = rows.filter(pl.col("alias").is_not_null())
    spellings = with_alias.select("source", "alias").explode("alias")
    return spellings.group_by("source", "alias", maintain_order=True).agg(count=pl.len().cast(pl.Int64))

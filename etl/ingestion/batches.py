"""Takes the rows of all inputs, batch by batch, through the steps that see one batch.

What an earlier run made of an input is read back from a shelf, if there is one, instead of being made again.
A batch never spans two inputs, so the dataset is the same, byte for byte, whichever of its rows were kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import polars as pl

from etl.errors import InputError
from etl.ingestion.batch_cache import Keeping, Kept, Shelf
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.units import Hashes, InputUnit
from etl.ingestion.spool import Spool
from etl.ingestion.steps.row_hashes import keys
from etl.ingestion.steps.token_report import Counts, add, count_tokens, total
from etl.runtime.console import Progress
from etl.runtime.engine.local import ordered_map
from etl.runtime.engine.protocol import BatchFn
from etl.settings import Settings

Step = Callable[["pl.DataFrame"], "pl.DataFrame"]

# Another run may have more luck, so what it made of these is not kept.
_ILL_LUCK = ("tagger_timeout", "tagger_crash", "tagger_error")
_NOT_SPOOLED = ("alias", "reason", "detail")


@dataclass
class Corpus:
    """What is known of all rows once they went through the steps; the rows themselves are spooled.

    Attributes:
        keys: a row of keys for each row, see `etl.ingestion.steps.row_hashes`; a frame a batch.
        aliases: by source the dirty labels that were understood, and how often.
        token_counts: what `etl.ingestion.steps.token_report` counted.
    """

    keys: list[pl.DataFrame] = field(default_factory=list)
    aliases: dict[str, Counter[str]] = field(default_factory=dict)
    token_counts: list[Counts] = field(default_factory=list)

    def sorted_aliases(self) -> dict[str, dict[str, int]]:
        """The aliases in an order that does not depend on that of the rows."""
        return {source: dict(sorted(found.items())) for source, found in sorted(self.aliases.items())}


@dataclass
class _Reading:
    """A unit that is read and, if there is a shelf, kept."""

    unit: InputUnit
    keeping: Keeping | None
    content: list[dict[str, Any]]
    counts: list[Counts] = field(default_factory=list)
    aliases: dict[str, Counter[str]] = field(default_factory=dict)
    is_lucky: bool = True


@dataclass(frozen=True)
class _Batch:
    """What became of one batch; of a kept one the rows stay on disk."""

    reading: _Reading | None
    keys: pl.DataFrame
    rows: pl.DataFrame | None = None
    counts: Counts | None = None
    kept: tuple[Kept, int] | None = None


@dataclass(frozen=True)
class _End:
    """All batches of a unit are done: what is known of it as a whole."""

    reading: _Reading | None
    said: InputLog
    kept: Kept | None = None
    counts: Counts | None = None


@dataclass(frozen=True)
class Through:
    """What the batches of a run go through, and what is told about them.

    Args:
        work: `run_batch_steps` with the steps that see one batch, here or elsewhere.
        settings: those of the run.
        log: learns what became of each file.
        shelf: where what was made of an input is kept; None: nowhere.
        known: hashes of raw files that need not be computed again.
    """

    work: BatchFn
    settings: Settings
    log: InputLog
    shelf: Shelf | None = None
    known: Hashes = field(default_factory=dict)


def run_batches(
    units: Iterable[InputUnit], through: Through, spool: Spool, in_flight: int, progress: Progress
) -> Corpus:
    """Runs the steps on all batches, spools the rows, and returns what the steps after them need.

    Raises:
        InputError: a file is bad, or changed while it was read.
    """
    corpus = Corpus()
    for done in ordered_map(_run, _jobs(units, through), in_flight):
        if isinstance(done, _End):
            _finish(done, corpus, through.shelf)
        else:
            _take(done, corpus, spool)
            progress(done.keys.height, f"reading {done.keys['source'][0]}")
    return corpus


def run_batch_steps(steps: list[Step], settings: Settings, batch: pl.DataFrame) -> list[pl.DataFrame]:
    """Runs the per-batch steps; called here or on a Ray worker.

    Returns:
        Its rows after the steps, their keys, and of the token counts the sources and the tokens.
    """
    for step in steps:
        batch = step(batch)
    counts = count_tokens(batch)
    batch_keys = keys(batch, settings.dedupe)
    return [batch.drop("all_tokens", "all_tags"), batch_keys, counts.sources, counts.tokens]


def _run(job: Callable[[], _Batch | _End]) -> _Batch | _End:
    return job()


def _jobs(units: Iterable[InputUnit], through: Through) -> Iterator[Callable[[], _Batch | _End]]:
    """What is to be done for each batch, and at the end of each unit, in order."""
    for unit in units:
        content = _content(unit, through)
        name = through.shelf.name(content) if through.shelf and content else None
        kept = through.shelf.find(name) if through.shelf and name else None
        if kept:
            yield from _kept_jobs(kept, through.log)
            continue
        keeping = through.shelf.begin(name) if through.shelf and name else None
        reading = _Reading(unit, keeping, content)
        said = InputLog(skip_bad_files=through.log.skip_bad_files)
        try:
            for frame in unit.read(through.settings, said):
                yield partial(_new_batch, reading, frame, through)
        finally:
            through.log.add(said)
        _refuse_changed(content, said)
        yield partial(_End, reading, said)


def _content(unit: InputUnit, through: Through) -> list[dict[str, Any]]:
    """What a unit is read from; nothing where that is not asked for, or the files are damaged."""
    if through.shelf is None:
        return []
    try:
        return unit.content(through.known)
    except InputError:  # reading it says so again, and then it is known what to do about it
        return []


def _kept_jobs(kept: Kept, log: InputLog) -> Iterator[Callable[[], _Batch | _End]]:
    log.add(InputLog(inputs=kept.facts.inputs, warnings=kept.facts.warnings))
    for number in range(len(kept.facts.batch_rows)):
        yield partial(_kept_batch, kept, number)
    yield partial(_kept_end, kept)


def _new_batch(reading: _Reading, frame: pl.DataFrame, through: Through) -> _Batch:
    rows, batch_keys, sources, tokens = through.work(frame)
    return _Batch(reading, batch_keys, rows, Counts(sources, tokens))


def _kept_batch(kept: Kept, number: int) -> _Batch:
    return _Batch(None, kept.keys(number), kept=(kept, number))


def _kept_end(kept: Kept) -> _End:
    return _End(None, InputLog(), kept, Counts(kept.table("sources"), kept.table("tokens")))


def _take(batch: _Batch, corpus: Corpus, spool: Spool) -> None:
    corpus.keys.append(batch.keys)
    if batch.kept:
        kept, number = batch.kept
        spool.put_later(lambda: kept.rows(number).drop(_NOT_SPOOLED), batch.keys.height)
        return
    reading, rows, counts = batch.reading, batch.rows, batch.counts
    assert reading is not None
    assert rows is not None
    assert counts is not None
    if reading.keeping:
        reading.keeping.add(rows, batch.keys)
        reading.is_lucky &= not batch.keys["reason"].is_in(_ILL_LUCK).any()
    reading.counts = add(reading.counts, counts)
    _count_aliases(rows, reading.aliases)
    spool.put(rows.drop(_NOT_SPOOLED))


def _count_aliases(rows: pl.DataFrame, aliases: dict[str, Counter[str]]) -> None:

    met = (
        rows.filter(pl.col("alias").is_not_null())
        .select("source", pl.col("alias").str.split(","))
        .explode("alias")
    )
    for source, alias in met.iter_rows():
        aliases.setdefault(source, Counter())[alias] += 1


def _finish(end: _End, corpus: Corpus, shelf: Shelf | None) -> None:
    """Adds up what a unit leaves behind and, where all went well, keeps it."""
    if end.kept:
        counts = [end.counts] if end.counts else []
        aliases = {source: Counter(met) for source, met in end.kept.facts.aliases.items()}
    else:
        assert end.reading is not None
        counts, aliases = end.reading.counts, end.reading.aliases
        if end.reading.keeping and shelf:
            _keep(end.reading, end.reading.keeping, end.said)
    for each in counts:
        corpus.token_counts = add(corpus.token_counts, each)
    for source, met in aliases.items():
        corpus.aliases.setdefault(source, Counter()).update(met)


def _keep(reading: _Reading, keeping: Keeping, said: InputLog) -> None:
    if said.skipped or not reading.is_lucky or not reading.counts:
        keeping.abandon()
        return
    counted = total(reading.counts)
    keeping.table("sources", counted.sources)
    keeping.table("tokens", counted.tokens)
    keeping.finish(said.inputs, said.warnings, {source: dict(met) for source, met in reading.aliases.items()})


def _refuse_changed(content: list[dict[str, Any]], said: InputLog) -> None:
    """What was read must be what was looked at before."""
    before = {(each["file"], each["member"]): each["sha256"] for each in content}
    for entry in said.inputs:
        expected = before.get((entry["file"], entry["member"]), entry["sha256"])
        if entry["sha256"] != expected:
            raise changed_while_read(entry["member"] or entry["file"], expected, entry["sha256"])


def changed_while_read(name: str, expected: str, got: str) -> InputError:
    """The error for a raw file that is not the same at the end as at the beginning."""
    return InputError(
        f"{name} changed while it was read",
        details=[f"expected sha256 {expected}, got {got}"],
        cause="Somebody was writing it: a download that has not ended, or a copy.",
        next_step="run the command again when the file is complete.",
    )

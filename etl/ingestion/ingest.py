"""Reads raw corpora into one dataset: the whole route on one page.

    discover → read → steps on each batch → files → decide about the whole corpus → write

The steps are the list in `etl.ingestion.pipeline`; what needs the whole corpus stands in
`etl.ingestion.corpus.decide`. Memory is bounded: rows are processed batch by batch and kept in files; the
whole corpus is looked at a partition at a time.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Unpack

import msgspec
import polars as pl

from etl.dataset import guards, manifest, preparation
from etl.dataset.card import write_cards
from etl.dataset.counts import add_up, count_series, count_sources, count_splits
from etl.dataset.manifest import (
    MANIFEST,
    FileEntry,
    Manifest,
    SourceCounts,
    UnexpectedRows,
    UnknownLabels,
)
from etl.dataset.read import Dataset
from etl.dataset.shards import divide
from etl.dataset.staging import check_replaceable, staging
from etl.dataset.write_shards import write_shards
from etl.errors import InputError
from etl.ingestion import fingerprints
from etl.ingestion.batch_cache import BatchCache
from etl.ingestion.batch_store import Layout
from etl.ingestion.batches import FreshInput, process_batch, run_batches
from etl.ingestion.corpus.corpus import Corpus
from etl.ingestion.corpus.decide import decide, number_rows
from etl.ingestion.corpus.decided_rows import count_batches, decided_rows, read_verdicts_of
from etl.ingestion.corpus.done import check_files
from etl.ingestion.corpus.near import find_index_folder
from etl.ingestion.corrections import prepare_corrections
from etl.ingestion.exchange import count_partitions
from etl.ingestion.pipeline import Tools
from etl.ingestion.sources.archive import walk
from etl.ingestion.sources.detect import detect
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.sources.units import group_into_units
from etl.ingestion.steps.token_report import make_token_report
from etl.ingestion.unknown_labels import describe, find_unknown_labels
from etl.ingestion.work_folder import Resources, open_work, stage_folder
from etl.language.message import tr
from etl.runtime import machine
from etl.runtime.console import Progress, no_progress
from etl.runtime.engine.local import LocalEngine
from etl.runtime.engine.protocol import BatchFn, Engine
from etl.runtime.paths import local_path
from etl.schema import contract, taxonomy
from etl.schema.own_tables import check_tables
from etl.settings import Options, PathLike, Settings, choose_settings
from etl.similarity.index.warm_up import warmed_up
from etl.tagging import policy
from etl.tagging import tagger as tagging

_log = logging.getLogger(__name__)

# What the records of a byte of text take while a partition is worked on.
_BYTES_OF_A_BYTE = 3
# What its row takes, with tokens; what the system can hold in memory, it need not write to the disk.
_BYTES_OF_A_ROW = 6
_LEAST_OF_WORKER = 4 << 20  # bytes of text; below, dealing them out takes longer than working on them
_COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".parquet", ".arrow", ".xlsx")
_UNPACKED = 6


def ingest(
    paths: PathLike | Sequence[PathLike],
    out: PathLike,
    settings: Settings | PathLike | None = None,
    *,
    workers: int | None = None,
    progress: Progress = no_progress,
    engine: Engine | None = None,
    batch_cache: BatchCache | None = None,
    near_index: Path | None = None,
    accept: Collection[str] = (),
    memory: str | None = None,
    work: PathLike | None = None,
    resume: bool = False,
    **options: Unpack[Options],
) -> Dataset:
    """Reads raw corpora into one accounted dataset: cleaned, relabelled, tagged, split without leaks.

    Args:
        paths: raw files, archives and folders; one or several.
        out: the folder of the dataset. A dataset that is there is replaced when the new one is complete.
        settings: what determines the content: `Settings`, the path of an `etl.yaml`, or None for the
            defaults.
        workers: tagging processes, and batches at a time; one for each processor if None. Like all that
            follows but `options`, it does not change the content.
        progress: told about each batch.
        engine: where the steps run; None: on this machine.
        batch_cache: what earlier runs made of their inputs.
        near_index: a folder with the texts that earlier runs have compared, see `etl.similarity.index`.
        accept: replace a better dataset all the same: "nothing_kept", "rows_rejected",
            "nothing_labelled".
        memory: how much may be taken, such as "2GB"; None: half of what is free.
        work: a folder for what a run keeps on disk until it ends; None: beside `out`. On a cluster it must be
            one that all nodes share.
        resume: go on from what a run that was killed had completed, and keep what is complete if this one
            ends with an error.
        options: settings by the names of the command's options, such as `taxonomy="polarity3"`.

    Returns:
        The dataset; its manifest counts rows by source, reason, split and label.

    Raises:
        SettingsError: a setting is unknown or wrong, or the tagger is not installed.
        InputError: a path is missing, a file is damaged, or no file belongs to a known corpus.
        FindingsError: no row was kept, or most of a source cannot be used, and a better dataset is there.
        LockError: another run uses the work folder from which this one is to go on.
        WriteError: the dataset cannot be written. Whatever the error, an existing dataset is untouched.
    """
    sources = [local_path(path) for path in ([paths] if isinstance(paths, str | os.PathLike) else paths)]
    chosen, folder = choose_settings(settings, **options), local_path(out)
    engine = engine or LocalEngine(workers or os.cpu_count() or 1)
    guards.check_codes(accept, "`accept`", guards.OF_INGEST)
    resources = Resources(memory, None if work is None else local_path(work), is_resumed=resume)
    index = near_index and find_index_folder(near_index, chosen)
    return _ingest(sources, folder, chosen, engine, progress, batch_cache, index, accept, resources)


def _ingest(
    paths: list[Path],
    out: Path,
    settings: Settings,
    engine: Engine,
    progress: Progress,
    batch_cache: BatchCache | None,
    near_index: Path | None,
    accept: Collection[str],
    resources: Resources,
) -> Dataset:
    labels, key_tokens = taxonomy.load(settings.taxonomy), policy.load(settings.tag)
    check_tables(settings, labels)
    prepared = preparation.to_bytes(preparation.of(settings))
    check_replaceable(out, MANIFEST)
    found, log = discover(paths, settings)
    layout, of_task = _choose_layout(found, resources, engine)
    facts = fingerprints.fingerprint_dataset(settings, labels, key_tokens)
    opened = partial(open_steps, layout), fingerprints.fingerprint_worker, settings
    start = partial(engine.start_workers, *opened)
    with staging(out, MANIFEST) as folder, open_work(out, resources, facts) as work:
        engine.check_folder(work, tr("name a folder that all nodes share: `--work FOLDER`."))
        with start() as process, _with_near_duplicates(settings, engine):
            units = group_into_units(found, settings)
            fresh = (FreshInput(unit, process, work / "batches") for unit in units)
            inputs = map(batch_cache.open, fresh) if batch_cache else fresh
            batches = run_batches(inputs, log, settings, engine, progress)
        if not batches.batches:
            raise nothing_read(log)
        stages = stage_folder(work, batches.batches, layout.n_partitions)
        corpus = Corpus(stages, tuple(batches.batches), settings, layout)
        number_rows(corpus, engine, progress)
        corrected = prepare_corrections(corpus, labels, start, engine.in_flight)
        corpus = corrected.corpus
        batches.add_token_counts(corrected.token_counts)
        decide(corpus, engine, near_index, of_task, progress)
        of_batches = count_batches(corpus, engine, progress)
        rows = add_up(of_batches)
        counts = count_sources(rows.sources)
        splits = count_splits(rows, labels.targets, settings.labels)
        guards.check_replacement(counts, splits, guards.find_replaced(out), str(out), accept)
        files = _write(folder, corpus, list(map(count_series, of_batches)), engine, progress)
        unknown = find_unknown_labels(folder, counts, labels, settings)
        written = Manifest(
            settings=manifest.content_settings(settings, labels.name),
            taxonomy=manifest.describe_taxonomy(labels),
            tagger=msgspec.convert(tagging.fingerprint(settings.tag), manifest.TaggerIdentity),
            key_tokens=manifest.KeyTokens(key_tokens.keep, key_tokens.sha256()),
            tokens=make_token_report(batches.token_counts, key_tokens),
            **_describe_files(log),
            counts=counts,
            splits=splits,
            aliases=batches.count_aliases(),
            warnings=list_warnings(log, key_tokens, unknown, counts),
            unexpected_rows=unexpected_rows(found, log, settings),
            unknown_labels=unknown,
            corrections=corrected.counts,
            files=files,
        )
        written = _finish(folder, prepared, written)
    return Dataset(out, written)


def _finish(folder: Path, prepared: bytes, written: Manifest) -> Manifest:
    """Writes the files beside the shards, and last the manifest, which has them, too."""
    (folder / preparation.FILE).write_bytes(prepared)
    written = written.with_files(manifest.describe_files(folder, preparation.FILE))
    written = written.with_files(write_cards(folder, written))
    (folder / MANIFEST).write_bytes(manifest.to_bytes(written))
    return written


def _choose_layout(
    found: dict[str, list[RecognisedFile]], resources: Resources, engine: Engine
) -> tuple[Layout, int]:
    """Returns how batches are kept, and how many bytes a task may take.

    All tasks together take at most half of the memory; the other half is for what a process needs anyway. If
    there is much to do, there is a partition for each worker.
    """
    memory, n_bytes = machine.read_memory_limit(resources.memory), _count_bytes(found)
    of_task = memory // 2 // engine.in_flight
    of_worker = max(_LEAST_OF_WORKER, -(-n_bytes // engine.in_flight))
    n_partitions = count_partitions(_BYTES_OF_A_BYTE * n_bytes, min(of_task, _BYTES_OF_A_BYTE * of_worker))
    return Layout(n_partitions, is_compressed=_BYTES_OF_A_ROW * n_bytes > memory), of_task


def _with_near_duplicates(settings: Settings, engine: Engine) -> AbstractContextManager[None]:
    """Loads what the search for near-duplicates needs on this machine, beside the block."""
    return warmed_up(is_wanted=bool(settings.dedupe.near) and isinstance(engine, LocalEngine))


def _describe_files(log: InputLog) -> dict[str, Any]:
    """Returns the fields of the manifest that say what became of each file."""
    return {
        "inputs": msgspec.convert(log.inputs, tuple[manifest.InputFile, ...]),
        "left_aside": msgspec.convert(log.left_aside, tuple[manifest.LeftAside, ...]),
        "skipped": msgspec.convert(log.skipped, tuple[manifest.SkippedFile, ...]),
        "ignored": dict(sorted(log.ignored.items())),
    }


def _count_bytes(found: dict[str, list[RecognisedFile]]) -> int:
    """Estimates how many bytes of text the files hold."""
    sizes = (
        (each.raw.size, each.raw.name.endswith(_COMPRESSED)) for files in found.values() for each in files
    )
    return sum(size * (_UNPACKED if is_compressed else 1) for size, is_compressed in sizes)


def discover(paths: list[Path], settings: Settings) -> tuple[dict[str, list[RecognisedFile]], InputLog]:
    """Finds out which files will be read, by corpus, and what becomes of the others.

    Raises:
        InputError: a path is missing, a file is damaged (unless bad files are skipped), or no file is known.
    """
    log = InputLog(skip_bad_files=settings.read.on_bad_file == "skip")
    found = detect(
        walk(paths, log, settings.limits, has_documents=settings.read.documents is not None), settings, log
    )
    _log.debug("files by corpus: %s", {slug: len(files) for slug, files in found.items()})
    return found, log


@contextmanager
def open_steps(layout: Layout, settings: Settings, workers: int) -> Iterator[BatchFn]:
    """Opens the tagger, and gives the function that runs the steps on one batch until the block is left.

    Args:
        layout: how batches are kept.
        settings: those of the run.
        workers: tagging processes.

    Raises:
        EtlError: see `etl.tagging.tagger.open_tagger`.
    """
    with tagging.open_tagger(settings.tag, workers) as tagger:
        yield partial(process_batch, Tools(settings, tagger, policy.load(settings.tag)), layout)


def _write(
    folder: Path, corpus: Corpus, counts: list[dict[str, int]], engine: Engine, progress: Progress
) -> dict[str, FileEntry]:
    """Writes the rows with what was decided about them into shards and rejects.

    They are written in the work folder, so that a run that goes on finds those that are complete.
    """
    progress(0, tr("writing"))
    made, layout = corpus.folder / "dataset", corpus.settings.write
    made.mkdir(exist_ok=True)
    read = partial(_read_parts, corpus)
    files = write_shards(made, corpus.folder / "shards", counts, read, layout, engine.map)
    check_files(corpus)
    for part in made.iterdir():
        shutil.move(part, folder / part.name)
    return files


def _read_parts(corpus: Corpus, batch: int) -> dict[str, pl.DataFrame]:
    """A batch as it is written, divided into the series of shards."""
    return divide(decided_rows(corpus, read_verdicts_of(corpus, batch)))


def list_warnings(
    log: InputLog,
    key_tokens: policy.Policy,
    unknown: tuple[UnknownLabels, ...],
    counts: Mapping[str, SourceCounts],
) -> tuple[str, ...]:
    """Returns the sentences for a person: of the readers, the filter, unknown labels, and what is missing."""
    missing = guards.find_refused(counts, ())
    return (
        *log.warnings,
        *key_tokens.warnings(),
        *map(describe, unknown),
        *(objection.message for objection in missing),
    )


def nothing_read(log: InputLog) -> InputError:
    """Returns the error for files that hold no row."""
    return InputError(
        tr("not one row was read"),
        details=[
            *(
                tr("read, but without a row: {file}", file=each["member"] or each["file"])
                for each in log.inputs
            ),
            *(tr("skipped: {error}", error=each["error"]) for each in log.skipped),
        ],
        cause=tr("The files are empty, or all of them were skipped."),
        next_step=tr(
            "give files with rows, or download the corpus again; `etl sources` says how many rows it has."
        ),
    )


def unexpected_rows(
    found: dict[str, list[RecognisedFile]], log: InputLog, settings: Settings
) -> tuple[UnexpectedRows, ...]:
    """Which parts of the corpora have another number of rows than published. A hint, never an error."""
    if settings.read.limit is not None:
        return ()
    rows_of = {(entry["file"], entry["member"]): entry["rows"] for entry in log.inputs}
    read_rows: Counter[tuple[str, str, str | None, str]] = Counter()
    for slug, files in found.items():
        for each in files:
            part = (slug, each.release, each.official_split, each.layout)
            read_rows[part] += rows_of.get((each.raw.file, each.raw.member), 0)
    return tuple(
        UnexpectedRows(*part, read=read_rows[part], published=expected.rows)
        for slug in found
        for expected in contract.load(slug).expected_rows
        if (part := (slug, expected.release, expected.split, expected.layout)) in read_rows
        and read_rows[part] != expected.rows
    )

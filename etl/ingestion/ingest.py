"""Reads raw corpora into one dataset: the whole route on one page.

    discover → read → steps on each batch → spool → steps on the keys of the whole corpus → write

The steps are the list in `etl.ingestion.pipeline`. Memory is bounded: rows are processed batch by batch and
spooled; of the whole corpus only keys are held.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Unpack

import msgspec
import polars as pl

from etl.dataset import guards, manifest, preparation
from etl.dataset.card import write_cards
from etl.dataset.counts import count_series, count_sources, count_splits
from etl.dataset.manifest import (
    MANIFEST,
    FileEntry,
    Manifest,
    SourceCounts,
    UnexpectedRows,
    UnknownLabels,
)
from etl.dataset.read import Dataset
from etl.dataset.shards import ShardWriter, divide
from etl.dataset.staging import check_replaceable, staging
from etl.errors import InputError
from etl.ingestion import fingerprints
from etl.ingestion.batch_cache import BatchCache
from etl.ingestion.batches import FreshInput, process_batch, run_batches
from etl.ingestion.corrections import prepare_corrections
from etl.ingestion.pipeline import CORPUS, Tools, run_steps
from etl.ingestion.resembled import name_resembled
from etl.ingestion.sources.archive import walk
from etl.ingestion.sources.detect import detect
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.sources.units import group_into_units
from etl.ingestion.spool import Spool, SpooledBatch
from etl.ingestion.steps.token_report import make_token_report
from etl.ingestion.text_numbers import number_texts
from etl.ingestion.unknown_labels import describe, find_unknown_labels
from etl.runtime.console import Progress, no_progress
from etl.runtime.engine.local import LocalEngine, ordered_map
from etl.runtime.engine.protocol import BatchFn, Engine
from etl.runtime.paths import local_path
from etl.schema import contract, taxonomy, votes
from etl.schema.own_tables import check_tables
from etl.settings import Options, PathLike, Settings, choose_settings
from etl.similarity.nearest import nearest_in_parts
from etl.tagging import policy
from etl.tagging import tagger as tagging

_log = logging.getLogger(__name__)

READ_AHEAD = 2
# What the steps on the whole corpus say about a row.
_DECIDED = ("label", votes.COLUMN, "split", "corrected", "reason", "detail")


def ingest(
    paths: PathLike | Sequence[PathLike],
    out: PathLike,
    settings: Settings | PathLike | None = None,
    *,
    workers: int | None = None,
    progress: Progress = no_progress,
    engine: Engine | None = None,
    batch_cache: BatchCache | None = None,
    pair_cache: Path | None = None,
    accept: Collection[str] = (),
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
        pair_cache: a folder with the near-duplicates that earlier runs found; only used on this machine.
        accept: replace a better dataset all the same: "nothing_kept", "rows_rejected",
            "nothing_labelled".
        options: settings by the names of the command's options, such as `taxonomy="polarity3"`.

    Returns:
        The dataset; its manifest counts rows by source, reason, split and label.

    Raises:
        SettingsError: a setting is unknown or wrong, or the tagger is not installed.
        InputError: a path is missing, a file is damaged, or no file belongs to a known corpus.
        FindingsError: no row was kept, or most of a source cannot be used, and a better dataset is there.
        WriteError: the dataset cannot be written. Whatever the error, an existing dataset is untouched.
    """
    sources = [local_path(path) for path in ([paths] if isinstance(paths, str | os.PathLike) else paths)]
    chosen, folder = choose_settings(settings, **options), local_path(out)
    engine = engine or LocalEngine(workers or os.cpu_count() or 1)
    guards.check_codes(accept, "`accept` names", guards.OF_INGEST)
    return _ingest(sources, folder, chosen, engine, progress, batch_cache, pair_cache, accept)


def _ingest(
    paths: list[Path],
    out: Path,
    settings: Settings,
    engine: Engine,
    progress: Progress,
    batch_cache: BatchCache | None,
    pair_cache: Path | None,
    accept: Collection[str],
) -> Dataset:
    labels, key_tokens = taxonomy.load(settings.taxonomy), policy.load(settings.tag)
    check_tables(settings, labels)
    prepared = preparation.to_bytes(preparation.of(settings))
    check_replaceable(out, MANIFEST)
    found, log = discover(paths, settings)
    with staging(out, MANIFEST) as folder:
        spool = Spool(folder / "spool")
        with engine.start_workers(open_steps, fingerprints.fingerprint_worker, settings) as process:
            fresh = (FreshInput(unit, settings, process) for unit in group_into_units(found, settings))
            inputs = map(batch_cache.open, fresh) if batch_cache else fresh
            corpus = run_batches(inputs, log, spool, engine.in_flight, progress)
            if not corpus.row_hashes:
                raise nothing_read(log)
            keys = number_texts(pl.concat(corpus.row_hashes), spool)
            corrected = prepare_corrections(keys, spool, settings, labels, process, engine.in_flight)
        corpus.add_token_counts(corrected.token_counts)
        _log.debug("%d batches read; looking for duplicates and leaks", len(corpus.row_hashes))
        corpus_keys = _decide(corrected.keys, settings, engine, pair_cache)
        files = _write(folder, spool, name_resembled(corpus_keys, spool), settings, progress)
        (folder / preparation.FILE).write_bytes(prepared)
        counts = count_sources(corpus_keys)
        splits = count_splits(corpus_keys, labels.targets, settings.labels)
        guards.check_replacement(counts, splits, guards.find_replaced(out), str(out), accept)
        unknown = find_unknown_labels(folder, counts, labels, settings)
        written = Manifest(
            settings=manifest.content_settings(settings, labels.name),
            taxonomy=manifest.describe_taxonomy(labels),
            tagger=msgspec.convert(tagging.fingerprint(settings.tag), manifest.TaggerIdentity),
            key_tokens=manifest.KeyTokens(key_tokens.keep, key_tokens.sha256()),
            tokens=make_token_report(corpus.token_counts, key_tokens),
            inputs=msgspec.convert(log.inputs, tuple[manifest.InputFile, ...]),
            left_aside=msgspec.convert(log.left_aside, tuple[manifest.LeftAside, ...]),
            skipped=msgspec.convert(log.skipped, tuple[manifest.SkippedFile, ...]),
            ignored=dict(sorted(log.ignored.items())),
            counts=counts,
            splits=splits,
            aliases=corpus.count_aliases(),
            warnings=list_warnings(log, key_tokens, unknown, counts),
            unexpected_rows=unexpected_rows(found, log, settings),
            unknown_labels=unknown,
            corrections=corrected.counts,
            files=files,
        )
        written = written.with_files(manifest.describe_files(folder, preparation.FILE))
        written = written.with_files(write_cards(folder, written))
        (folder / MANIFEST).write_bytes(manifest.to_bytes(written))
    return Dataset(out, written)


def _decide(keys: pl.DataFrame, settings: Settings, engine: Engine, pair_cache: Path | None) -> pl.DataFrame:
    """Returns the keys of all rows after the steps that see the whole corpus."""
    find_nearest = partial(
        nearest_in_parts, n_partitions=engine.n_partitions, map_fn=engine.map, pair_cache=pair_cache
    )
    decide = partial(run_steps, tools=Tools(settings, find_nearest=find_nearest), scopes=CORPUS)
    [decided] = engine.map(decide, [keys])
    return decided


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
def open_steps(settings: Settings, workers: int) -> Iterator[BatchFn]:
    """Opens the tagger, and gives the function that runs the steps on one batch until the block is left.

    Args:
        settings: those of the run.
        workers: tagging processes.

    Raises:
        EtlError: see `etl.tagging.tagger.open_tagger`.
    """
    with tagging.open_tagger(settings.tag, workers) as tagger:
        yield partial(process_batch, Tools(settings, tagger, policy.load(settings.tag)))


def _write(
    folder: Path, spool: Spool, corpus_keys: pl.DataFrame, settings: Settings, progress: Progress
) -> dict[str, FileEntry]:
    """Joins the spooled rows with what was decided about them, and writes shards and rejects."""
    progress(0, "writing")
    with ShardWriter(folder, count_series(corpus_keys), settings.write) as writer:
        # One batch is read back while another is written.
        for parts in ordered_map(partial(_decided, corpus_keys), spool, READ_AHEAD):
            writer.write(parts)
    spool.remove()
    return writer.files()


def _decided(corpus_keys: pl.DataFrame, spooled: SpooledBatch) -> dict[str, pl.DataFrame]:
    """A batch with what was decided about its rows, divided into the series of shards."""
    batch = spooled.take()
    decided = corpus_keys.slice(spooled.start, batch.height)
    return divide(batch.with_columns(decided.select(_DECIDED)))


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
        "not one row was read",
        details=[
            *(f"read, but without a row: {each['member'] or each['file']}" for each in log.inputs),
            *(f"skipped: {each['error']}" for each in log.skipped),
        ],
        cause="The files are empty, or all of them were skipped.",
        next_step="download them again; `etl sources` says how many rows a corpus has.",
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

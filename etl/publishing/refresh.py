"""One refresh: ingest, validate, build-vocab, publish; each only where what it depends on has changed.

All is made in a hidden folder of the place, whose lock is held. Until the last stage nothing that a reader
can see is touched.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from etl.dataset import versions, vocab
from etl.dataset.manifest import read_manifest
from etl.dataset.versions import Version
from etl.errors import EtlError, FindingsError, SettingsError
from etl.ingestion import fingerprints
from etl.ingestion.batch_cache import BatchCache
from etl.ingestion.ingest import ingest
from etl.publishing import record
from etl.publishing.record import Run, Stage
from etl.publishing.retry import with_retries
from etl.publishing.urls import copy_current, inputs_of, local_inputs, place_of
from etl.publishing.what_changed import (
    DATASET,
    INGEST,
    PUBLISH,
    STAGES,
    VALIDATE,
    VOCABULARY,
    Changes,
    known_hashes,
    reasons,
    refuse_changed,
    what_changed,
)
from etl.runtime import clock
from etl.runtime.console import Progress
from etl.runtime.engine.open import open_engine
from etl.runtime.engine.protocol import Engine
from etl.schema import taxonomy
from etl.settings import Settings
from etl.storage.remote import is_remote
from etl.tagging.policy import load as load_policy
from etl.validation import contract_worker
from etl.validation.contract_worker import BeginToFind
from etl.validation.run import validate

Done = TypeVar("Done")

_log = logging.getLogger(__name__)

CANDIDATE, FAILED = ".candidate", "failed"
BATCHES, NEAR = "cache/batches", "cache/near"
_REPORT = "validation"


@dataclass(frozen=True)
class Job:
    """A dataset to refresh.

    Args:
        inputs: raw files, archives and folders.
        place: where versions are published.
        settings: all of them.
        workers: tagging processes; decides nothing of the content.
        sources: where there are URLs among the inputs: those and the paths, to be fetched by each run.
        url: where the current version is copied to; None: nowhere.
    """

    inputs: list[Path]
    place: Path
    settings: Settings
    workers: int | None = 1
    sources: tuple[str, ...] = ()
    url: str | None = None

    def open_engine(self) -> AbstractContextManager[Engine]:
        """Where the work is done: only opened where there is some."""
        refresh = self.settings.refresh
        return open_engine(refresh.engine, refresh.address, self.workers)


@dataclass
class Making:
    """A candidate on its way; `facts` grows stage by stage into those of the version."""

    job: Job
    changes: Changes
    progress: Progress
    stages: list[Stage] = field(default_factory=list)
    facts: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where the candidate stands; called as the place is, since reports bear its name."""
        return self.job.place / CANDIDATE / self.job.place.resolve().name


def job_of(settings: Settings, base: Path, workers: int | None) -> Job:
    """Returns the job that the section `refresh` of an `etl.yaml` in the folder `base` describes.

    Raises:
        SettingsError: no input or no output is named, or the output is one of the inputs.
    """
    refresh = settings.refresh
    if not refresh.inputs or refresh.out is None:
        missing = "inputs" if not refresh.inputs else "out"
        raise SettingsError(
            f"refresh.{missing} is not set",
            details=["expected `refresh:` with `inputs: [FILE or FOLDER, …]` and `out: FOLDER`"],
            next_step="`etl init` writes a file in which every key is explained.",
        )
    inputs, sources = inputs_of(refresh.inputs, base)
    place = place_of(refresh.out, base)
    for each in inputs:
        if each.resolve().is_relative_to(place.resolve()):
            raise SettingsError(
                f"refresh.out holds the input {each}",
                details=[f"got out: {refresh.out}"],
                next_step="publish into a folder of its own.",
            )
    url = refresh.out if is_remote(refresh.out) else None
    return Job(inputs, place, settings, workers, sources=sources, url=url)


def look(job: Job) -> Changes:
    """Returns the changes since the last version; fetches inputs, but changes nothing.

    Raises:
        EtlError: see `what_changed`.
    """
    _check_place(job.place)
    with local_inputs(job.inputs, job.sources) as raw:
        return what_changed(raw, job.place, job.settings)


def refresh(job: Job, *, progress: Progress, wait: bool = False) -> Run:
    """Brings a place up to date, and records what was done.

    A run that fails leaves what was current as it was; its error is in the record, and raised by nobody.

    Args:
        job: what is refreshed.
        progress: told about each batch.
        wait: wait while another run works on the place.

    Returns:
        The run as it stands in the record.

    Raises:
        LockError: another run works on the place.
        SettingsError: the place holds something else.
        WriteError: the place or its record cannot be written.
    """
    _check_place(job.place)
    start = time.monotonic()
    with versions.locked(job.place, "etl refresh", wait=wait):
        run = Run(run=record.next_number(job.place), started=clock.now(), before=versions.current(job.place))
        try:
            retries = job.settings.refresh.retries
            with_retries(partial(_attempt, job, run, progress), retries)
            if job.url:
                keep = job.settings.refresh.keep
                with_retries(partial(copy_current, job.place, job.url, keep), retries)
            run.exit_code = 0
        except EtlError as error:
            run.outcome, run.exit_code, run.error = record.FAILED, error.exit_code, error.text()
            run.kept = _put_aside(job, run)
        except BaseException as error:
            # Ctrl-C, or a defect: recorded, then left to whoever called.
            run.outcome, run.error = record.FAILED, f"{type(error).__name__}: {error}"
            raise
        finally:
            with suppress(OSError):
                shutil.rmtree(job.place / CANDIDATE, ignore_errors=True)
            run.seconds = round(time.monotonic() - start, 3)
            _describe(job.place, run)
            _record(job.place, run)
    return run


def _attempt(job: Job, run: Run, progress: Progress) -> None:
    """One attempt at all stages; fills in what the record says of them."""
    with local_inputs(job.inputs, job.sources) as raw:
        _run_stages(replace(job, inputs=raw), run, progress)


def _run_stages(job: Job, run: Run, progress: Progress) -> None:
    shutil.rmtree(job.place / CANDIDATE, ignore_errors=True)
    versions.tidy(job.place)
    changes = what_changed(job.inputs, job.place, job.settings)
    run.events = list(changes.events)
    making = Making(job, changes, progress)
    run.stages = making.stages
    if changes.is_nothing:
        run.outcome = _stay(job.place, changes.last)
        making.stages += [Stage(stage, []) for stage in STAGES]
        return
    pair_cache = _pair_cache(job.place)
    with contract_worker.imported() as find_breaches:
        cache = _ingest(making, pair_cache)
        _validate(making, find_breaches, pair_cache)
    _build_vocabulary(making)
    version = _timed(making, PUBLISH, ["the dataset or its report is new"], partial(_publish, making))
    run.outcome = record.WITHDRAWN if version.is_withdrawn else record.PUBLISHED
    if cache:
        cache.remove_unused()
    versions.prune(job.place, job.settings.refresh.keep)


def _pair_cache(place: Path) -> Path:
    """Returns the folder of the near-duplicates that earlier runs of this code found; removes others."""
    name = fingerprints.hash_json([fingerprints.hash_ingest_code(), fingerprints.hash_packages()])[:16]
    for old in (place / NEAR).glob("*"):
        if old.name != name:
            shutil.rmtree(old, ignore_errors=True)
    return place / NEAR / name


def _stay(place: Path, last: Version | None) -> str:
    """Nothing changed: the last version stays, or becomes current if a crash kept it from being so."""
    if last and last.is_withdrawn:
        return record.WITHDRAWN
    if last and versions.current(place) != last.name:
        versions.finish(place, last)
        return record.PUBLISHED
    return record.UNCHANGED


def _ingest(making: Making, pair_cache: Path) -> BatchCache | None:
    """Reads the raw files into the candidate; where none has changed, takes the last version's dataset."""
    job, changes = making.job, making.changes
    why = changes.why[INGEST]
    making.facts[INGEST] = changes.facts[INGEST]
    making.folder.parent.mkdir()
    if not why:
        assert changes.last is not None
        making.stages.append(Stage(INGEST, []))
        versions.copy(versions.path_of(job.place, changes.last.name), making.folder)
        return None
    batches = fingerprints.fingerprint_batches(
        job.settings, taxonomy.load(job.settings.taxonomy), load_policy(job.settings.tag)
    )
    cache = BatchCache(
        job.place / BATCHES,
        lambda content: fingerprints.hash_json([batches, content]),
        known_hashes(changes, job.place),
    )
    with job.open_engine() as engine:
        _timed(
            making,
            INGEST,
            why,
            lambda: ingest(
                job.inputs,
                making.folder,
                job.settings,
                progress=making.progress,
                engine=engine,
                batch_cache=cache,
                pair_cache=pair_cache,
            ),
        )
    refuse_changed(changes, job.inputs)
    return cache


def _validate(making: Making, find_breaches: BeginToFind, pair_cache: Path) -> None:
    """Checks the candidate, or takes over the report of a version with the same dataset."""
    facts = {DATASET: _dataset(making.folder), **making.changes.facts[VALIDATE]}
    why = _why(making, VALIDATE, facts)
    if not why and making.changes.last:
        report = versions.path_of(making.job.place, making.changes.last.name) / _REPORT
        if report.is_dir() and not (making.folder / _REPORT).exists():
            versions.copy(report, making.folder / _REPORT)
    if why:
        check = partial(
            validate,
            making.folder,
            settings=making.job.settings,
            find_breaches=find_breaches,
            pair_cache=pair_cache,
        )
        result = _timed(making, VALIDATE, why, check)
        if result.exit_code("error"):
            raise FindingsError(
                "the new dataset has errors and is not published",
                details=[each.message for each in result.findings if each.severity == "error"],
                cause="A raw file is not what it was, or a check is stricter than the dataset.",
                next_step=f"look at the report in {making.job.place / FAILED}, and at what changed.",
            )
    else:
        making.stages.append(Stage(VALIDATE, []))
    making.facts[VALIDATE] = facts


def _build_vocabulary(making: Making) -> None:
    refresh = making.job.settings.refresh
    facts = {DATASET: making.facts[VALIDATE][DATASET], **making.changes.facts[VOCABULARY]}
    why = _why(making, VOCABULARY, facts)
    if not why and not (making.folder / vocab.FILE).exists():
        why = ["the dataset was written anew"]
    if why:
        with making.job.open_engine() as engine:
            build = partial(vocab.build_vocab, making.folder, engine=engine)
            limited = partial(build, min_count=refresh.min_count, max_size=refresh.max_size)
            _timed(making, VOCABULARY, why, limited)
    else:
        making.stages.append(Stage(VOCABULARY, []))
    making.facts[VOCABULARY] = facts


def _publish(making: Making) -> Version:
    return versions.publish(
        making.folder, making.job.place, stages=making.facts, raw_files=making.changes.raw_files
    )


def _why(making: Making, stage: str, facts: dict[str, str]) -> list[str]:
    last = making.changes.last
    return reasons(facts, last.stages.get(stage) if last else None)


def _dataset(folder: Path) -> str:
    """The hash of a dataset without its vocabulary, which is made after it was checked."""
    manifest = read_manifest(folder)
    files = {name: entry for name, entry in manifest.files.items() if not name.startswith("vocab.")}
    return fingerprints.hash_json(msgspec.to_builtins(msgspec.structs.replace(manifest, files=files)))


def _timed(making: Making, stage: str, why: list[str], action: Callable[[], Done]) -> Done:
    start = time.monotonic()
    making.progress(0, stage)
    entry = Stage(stage, why)
    making.stages.append(entry)
    try:
        return action()
    finally:
        entry.seconds = round(time.monotonic() - start, 3)


def _check_place(place: Path) -> None:
    known = {versions.VERSIONS, versions.LOCK, record.FILE}
    if place.is_dir() and any(place.iterdir()) and not known & {each.name for each in place.iterdir()}:
        raise SettingsError(
            f"{place} already holds something else",
            details=["expected no such folder, an empty one, or one in which `etl refresh` has published"],
            next_step="choose another folder as `refresh.out`.",
        )
    if place.exists() and not place.is_dir():
        raise SettingsError(f"{place} is a file", next_step="choose the name of a folder as `refresh.out`.")


def _put_aside(job: Job, run: Run) -> str | None:
    """Keeps the candidate of a run that failed, and only the last few of them; says where."""
    candidate = job.place / CANDIDATE / job.place.resolve().name
    if not candidate.is_dir():
        return None
    failed = job.place / FAILED
    target = failed / f"{run.run:06d}"
    with suppress(OSError):  # a full disk, say: there is nothing to look at then
        failed.mkdir(exist_ok=True)
        candidate.rename(target)
        for old in sorted(failed.iterdir())[: -job.settings.refresh.keep_failed]:
            shutil.rmtree(old, ignore_errors=True)
        return str(target)
    return None


def _record(place: Path, run: Run) -> None:
    try:
        record.append(place, run)
    except EtlError:
        if run.error:  # it would be lost with the record
            _log.error(run.error)
        raise


def _describe(place: Path, run: Run) -> None:
    """Fills in the current version and its rows."""
    run.version = versions.current(place)
    if run.version:
        with suppress(EtlError):
            splits = read_manifest(versions.path_of(place, run.version)).splits
            run.rows = {split: counts.rows for split, counts in splits.items()}

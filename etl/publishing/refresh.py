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

from etl import settings as all_settings
from etl.dataset import vocab
from etl.dataset.manifest import read_manifest
from etl.errors import EtlError, FindingsError, SettingsError
from etl.ingestion import fingerprints
from etl.ingestion.batch_cache import BatchCache
from etl.ingestion.ingest import ingest
from etl.publishing import record
from etl.publishing.changes import (
    DATASET,
    INGEST,
    PUBLISH,
    STAGES,
    VALIDATE,
    VOCABULARY,
    Changes,
    check_unchanged,
    find_changes,
    known_hashes,
    list_reasons,
)
from etl.publishing.places import copy_current, find_publish_dir, local_inputs, split_inputs
from etl.publishing.record import Run, Stage
from etl.publishing.retry import with_retries
from etl.runtime import clock, console
from etl.runtime.console import Progress
from etl.runtime.engine.open import open_engine
from etl.runtime.engine.protocol import Engine
from etl.schema import taxonomy
from etl.settings import PathLike, Settings
from etl.storage.remote import is_remote
from etl.storage.versions.local import LOCK, LocalStore
from etl.storage.versions.sharing import copy_tree
from etl.storage.versions.version import VERSIONS, Version, prune_versions
from etl.tagging.policy import load as load_policy
from etl.validation import contract_worker
from etl.validation.contract_worker import StartCheck
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
        publish_dir: the folder in which versions are published.
        settings: all of them.
        workers: tagging processes; decides nothing of the content.
        sources: where there are URLs among the inputs: those and the paths, to be fetched by each run.
        url: where the current version is copied to; None: nowhere.
    """

    inputs: list[Path]
    publish_dir: Path
    settings: Settings
    workers: int | None = 1
    sources: tuple[str, ...] = ()
    url: str | None = None

    @property
    def store(self) -> LocalStore:
        """The versions in `publish_dir`."""
        return LocalStore(self.publish_dir)

    def open_engine(self) -> AbstractContextManager[Engine]:
        """Opens what the steps run on; called only if there is something to run."""
        refresh = self.settings.refresh
        return open_engine(refresh.engine, refresh.address, self.workers)


@dataclass
class Candidate:
    """A version that is being made; each stage adds what it depended on to `facts`."""

    job: Job
    changes: Changes
    progress: Progress
    stages: list[Stage] = field(default_factory=list)
    facts: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The candidate's folder. It has the name of `publish_dir`, which reports show."""
        return self.job.publish_dir / CANDIDATE / self.job.publish_dir.resolve().name


def make_job(settings: Settings, base: Path, workers: int | None) -> Job:
    """Makes the job that the section `refresh` of an `etl.yaml` describes.

    Args:
        settings: the whole `etl.yaml`.
        base: its folder, to which paths are relative.
        workers: tagging processes; None: one a core.

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
    inputs, sources = split_inputs(refresh.inputs, base)
    publish_dir = find_publish_dir(refresh.out, base)
    for path in inputs:
        if path.resolve().is_relative_to(publish_dir.resolve()):
            raise SettingsError(
                f"refresh.out holds the input {path}",
                details=[f"got out: {refresh.out}"],
                next_step="publish into a folder of its own.",
            )
    url = refresh.out if is_remote(refresh.out) else None
    return Job(inputs, publish_dir, settings, workers, sources=sources, url=url)


def _load_job(config: Path, workers: int | None) -> Job:
    return make_job(all_settings.load(config, {}), config.parent, workers)


def plan(job: Job) -> Changes:
    """Returns what a refresh would do and why; inputs at URLs are fetched, nothing else is done.

    Raises:
        EtlError: see `find_changes`.
    """
    _check_publish_dir(job.publish_dir)
    with local_inputs(job.inputs, job.sources) as raw:
        return find_changes(raw, job.store, job.settings)


def refresh(
    config: PathLike | Job,
    *,
    workers: int | None = None,
    wait: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Publishes a new version of a dataset if its raw files, the settings or the code have changed.

    If that fails, the current version stays, and the error stands in the returned `Run`; it is not raised.

    Args:
        config: an `etl.yaml` with a section `refresh`, or a job made by `make_job`.
        workers: tagging processes, if `config` is a path; None: one a core. Decides nothing of the content.
        wait: wait while another run works in the same folder.
        progress: called for each batch.

    Returns:
        The run as it stands in `runs.jsonl`.

    Raises:
        LockError: another run works in the folder.
        SettingsError: `config` cannot be used, or the folder holds something else.
        WriteError: the folder or its record cannot be written.
    """
    job = config if isinstance(config, Job) else _load_job(Path(config), workers)
    progress = progress or console.no_progress
    _check_publish_dir(job.publish_dir)
    start = time.monotonic()
    with job.store.lock("etl refresh", wait=wait):
        number = record.next_number(job.publish_dir)
        run = Run(run=number, started=clock.now(), before=job.store.current())
        try:
            retries = job.settings.refresh.retries
            with_retries(partial(_attempt, job, run, progress), retries)
            if job.url:
                keep = job.settings.refresh.keep
                with_retries(partial(copy_current, job.store, job.url, keep), retries)
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
                shutil.rmtree(job.publish_dir / CANDIDATE, ignore_errors=True)
            run.seconds = round(time.monotonic() - start, 3)
            _describe_current(job.store, run)
            _record(job.publish_dir, run)
    return run


def _attempt(job: Job, run: Run, progress: Progress) -> None:
    """One attempt at all stages; fills in what the record says of them."""
    with local_inputs(job.inputs, job.sources) as raw:
        _run_stages(replace(job, inputs=raw), run, progress)


def _run_stages(job: Job, run: Run, progress: Progress) -> None:
    shutil.rmtree(job.publish_dir / CANDIDATE, ignore_errors=True)
    job.store.tidy()
    changes = find_changes(job.inputs, job.store, job.settings)
    run.events = list(changes.events)
    candidate = Candidate(job, changes, progress)
    run.stages = candidate.stages
    if changes.is_nothing:
        run.outcome = _keep_current(job.store, changes.last)
        candidate.stages += [Stage(stage, []) for stage in STAGES]
        return
    pair_cache = _pair_cache(job.publish_dir)
    with contract_worker.in_subprocess() as start_check:
        cache = _ingest(candidate, pair_cache)
        _validate(candidate, start_check, pair_cache)
    _build_vocabulary(candidate)
    version = _run_stage(
        candidate, PUBLISH, ["the dataset or its report is new"], partial(_publish, candidate)
    )
    run.outcome = record.WITHDRAWN if version.is_withdrawn else record.PUBLISHED
    if cache:
        cache.remove_unused()
    prune_versions(job.store, job.settings.refresh.keep)


def _pair_cache(place: Path) -> Path:
    """Returns the folder of the near-duplicates that earlier runs of this code found; removes others."""
    name = fingerprints.hash_json([fingerprints.hash_ingest_code(), fingerprints.hash_packages()])[:16]
    for old in (place / NEAR).glob("*"):
        if old.name != name:
            shutil.rmtree(old, ignore_errors=True)
    return place / NEAR / name


def _keep_current(store: LocalStore, last: Version | None) -> str:
    """Keeps the last version, or makes it current if a crash prevented that; returns the outcome."""
    if last and last.is_withdrawn:
        return record.WITHDRAWN
    if last and store.current() != last.name:
        store.point_to(last.name)
        return record.PUBLISHED
    return record.UNCHANGED


def _ingest(candidate: Candidate, pair_cache: Path) -> BatchCache | None:
    """Reads the raw files into the candidate; where none has changed, takes the last version's dataset."""
    job, changes = candidate.job, candidate.changes
    why = changes.why[INGEST]
    candidate.facts[INGEST] = changes.facts[INGEST]
    candidate.folder.parent.mkdir()
    if not why:
        assert changes.last is not None
        candidate.stages.append(Stage(INGEST, []))
        copy_tree(job.store.path_of(changes.last.name), candidate.folder)
        return None
    batches = fingerprints.fingerprint_batches(
        job.settings, taxonomy.load(job.settings.taxonomy), load_policy(job.settings.tag)
    )
    cache = BatchCache(
        job.publish_dir / BATCHES,
        lambda content: fingerprints.hash_json([batches, content]),
        known_hashes(changes, job.store),
        changes.snapshot.is_unchanged,
    )
    with job.open_engine() as engine:
        _run_stage(
            candidate,
            INGEST,
            why,
            lambda: ingest(
                job.inputs,
                candidate.folder,
                job.settings,
                progress=candidate.progress,
                engine=engine,
                batch_cache=cache,
                pair_cache=pair_cache,
            ),
        )
    check_unchanged(changes)
    return cache


def _validate(candidate: Candidate, start_check: StartCheck, pair_cache: Path) -> None:
    """Checks the candidate, or takes over the report of a version with the same dataset."""
    facts = {DATASET: _hash_dataset(candidate.folder), **candidate.changes.facts[VALIDATE]}
    why = _why(candidate, VALIDATE, facts)
    if not why and candidate.changes.last:
        report = candidate.job.store.path_of(candidate.changes.last.name) / _REPORT
        if report.is_dir() and not (candidate.folder / _REPORT).exists():
            copy_tree(report, candidate.folder / _REPORT)
    if why:
        check = partial(
            validate,
            candidate.folder,
            settings=candidate.job.settings,
            start_check=start_check,
            pair_cache=pair_cache,
        )
        result = _run_stage(candidate, VALIDATE, why, check)
        if result.exit_code("error"):
            raise FindingsError(
                "the new dataset has errors and is not published",
                details=[each.message for each in result.findings if each.severity == "error"],
                cause="A raw file is not what it was, or a check is stricter than the dataset.",
                next_step=f"look at the report in {candidate.job.publish_dir / FAILED}, and at what changed.",
            )
    else:
        candidate.stages.append(Stage(VALIDATE, []))
    candidate.facts[VALIDATE] = facts


def _build_vocabulary(candidate: Candidate) -> None:
    refresh = candidate.job.settings.refresh
    facts = {DATASET: candidate.facts[VALIDATE][DATASET], **candidate.changes.facts[VOCABULARY]}
    why = _why(candidate, VOCABULARY, facts)
    if not why and not (candidate.folder / vocab.FILE).exists():
        why = ["the dataset was written anew"]
    if why:
        with candidate.job.open_engine() as engine:
            build = partial(vocab.build_vocab, candidate.folder, engine=engine)
            limited = partial(build, min_count=refresh.min_count, max_size=refresh.max_size)
            _run_stage(candidate, VOCABULARY, why, limited)
    else:
        candidate.stages.append(Stage(VOCABULARY, []))
    candidate.facts[VOCABULARY] = facts


def _publish(candidate: Candidate) -> Version:
    return candidate.job.store.publish(
        candidate.folder, stages=candidate.facts, raw_files=candidate.changes.raw_files
    )


def _why(candidate: Candidate, stage: str, facts: dict[str, str]) -> list[str]:
    last = candidate.changes.last
    return list_reasons(facts, last.stages.get(stage) if last else None)


def _hash_dataset(folder: Path) -> str:
    """The hash of a dataset without its vocabulary, which is made after it was checked."""
    manifest = read_manifest(folder)
    files = {name: entry for name, entry in manifest.files.items() if not name.startswith("vocab.")}
    return fingerprints.hash_json(msgspec.to_builtins(msgspec.structs.replace(manifest, files=files)))


def _run_stage(candidate: Candidate, stage: str, why: list[str], action: Callable[[], Done]) -> Done:
    start = time.monotonic()
    candidate.progress(0, stage)
    entry = Stage(stage, why)
    candidate.stages.append(entry)
    try:
        return action()
    finally:
        entry.seconds = round(time.monotonic() - start, 3)


def _check_publish_dir(place: Path) -> None:
    known = {VERSIONS, LOCK, record.FILE}
    if place.is_dir() and any(place.iterdir()) and not known & {path.name for path in place.iterdir()}:
        raise SettingsError(
            f"{place} already holds something else",
            details=["expected no such folder, an empty one, or one in which `etl refresh` has published"],
            next_step="choose another folder as `refresh.out`.",
        )
    if place.exists() and not place.is_dir():
        raise SettingsError(f"{place} is a file", next_step="choose the name of a folder as `refresh.out`.")


def _put_aside(job: Job, run: Run) -> str | None:
    """Keeps the candidate of a run that failed, and only the last few of them; says where."""
    candidate = job.publish_dir / CANDIDATE / job.publish_dir.resolve().name
    if not candidate.is_dir():
        return None
    failed = job.publish_dir / FAILED
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


def _describe_current(store: LocalStore, run: Run) -> None:
    run.version = store.current()
    if run.version:
        with suppress(EtlError):
            splits = store.read_manifest(run.version).splits
            run.rows = {split: counts.rows for split, counts in splits.items()}

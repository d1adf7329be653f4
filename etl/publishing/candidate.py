"""Makes and publishes the next version, stage by stage; a stage runs only if what it depends on has changed.

The version is made in a hidden folder of the folder in which versions are published, whose lock is held.
Nothing that readers see changes before the last stage.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from etl.dataset import vocab
from etl.dataset.guards import Objection, load_guards
from etl.dataset.manifest import CorrectionCounts, read_manifest, without_model
from etl.dataset.read import open_dataset
from etl.errors import FindingsError
from etl.ingestion import fingerprints
from etl.ingestion.batch_cache import BatchCache
from etl.ingestion.ingest import ingest
from etl.language.message import plural, tr
from etl.models.card import FILE as CARD
from etl.models.card import manifest_sha256
from etl.publishing import guards, models, record
from etl.publishing.changes import (
    DATASET,
    EXPORT,
    INGEST,
    PUBLISH,
    TRAIN,
    VALIDATE,
    VOCABULARY,
    Changes,
    check_unchanged,
    find_changes,
    known_hashes,
    list_reasons,
)
from etl.publishing.job import Job
from etl.publishing.places import Published, find_published
from etl.publishing.record import Run, Stage
from etl.runtime.console import Progress
from etl.runtime.files import sha256_file
from etl.schema import taxonomy
from etl.schema.splits import SPLITS, UNLABELLED
from etl.storage.versions.local import LocalStore
from etl.storage.versions.sharing import copy_tree
from etl.storage.versions.version import Version, prune_versions
from etl.tagging.policy import load as load_policy
from etl.validation import contract_worker
from etl.validation.contract_worker import StartCheck
from etl.validation.run import validate

Done = TypeVar("Done")

CANDIDATE = ".candidate"
FAILED = "failed"
BATCHES, TEXTS, NEAR, VERDICTS = "cache/batches", "cache/texts", "cache/near", "cache/contract.json"
_log = logging.getLogger(__name__)
_REPORT = "validation"


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


def run_stages(job: Job, run: Run, progress: Progress) -> None:
    """Runs the stages that are needed, and publishes the result.

    Args:
        job: what to refresh; its inputs are on this machine.
        run: receives stages, events, outcome, and what the guards said.
        progress: called for each batch.

    Raises:
        EtlError: a stage failed; what was current is current.
    """
    shutil.rmtree(job.publish_dir / CANDIDATE, ignore_errors=True)
    changes = find_changes(job.inputs, job.store, job.settings)
    run.events, run.refused, run.accepted = list(changes.events), [], []
    candidate = Candidate(job, changes, progress)
    run.stages = candidate.stages
    if changes.is_nothing:
        run.outcome = _keep_current(job.store, changes.last)
        candidate.stages += [Stage(stage, []) for stage in changes.stages]
        return
    pair_cache = _pair_cache(job.publish_dir)
    with contract_worker.in_subprocess(job.publish_dir / VERDICTS) as start_check:
        cache = _ingest(candidate)
        _validate(candidate, start_check, pair_cache)
    _compare(candidate, run)
    _build_vocabulary(candidate)
    _train(candidate, run)
    _export(candidate)
    version = _run_stage(
        candidate, PUBLISH, [tr("the dataset or its report is new")], partial(_publish, candidate)
    )
    run.outcome = record.WITHDRAWN if version.is_withdrawn else record.PUBLISHED
    if cache:
        cache.remove_unused()
    prune_versions(job.store, job.settings.refresh.keep + 1)  # the current one aside


def kept_path(publish_dir: Path, run: Run) -> Path:
    """Returns the folder in which the candidate of a run is kept if it is not published."""
    return publish_dir / FAILED / f"{run.run:06d}"


def _keep_current(store: LocalStore, last: Version | None) -> str:
    """Keeps the last version, or makes it current if a crash prevented that; returns the outcome."""
    if last and last.is_withdrawn:
        return record.WITHDRAWN
    if last and store.current() != last.name:
        store.point_to(last.name)
        return record.PUBLISHED
    return record.UNCHANGED


def _pair_cache(publish_dir: Path) -> Path:
    """Returns the folder of the near-duplicates that earlier runs of this code found; removes others."""
    name = fingerprints.hash_json([fingerprints.hash_ingest_code(), fingerprints.hash_packages()])[:16]
    for old in (publish_dir / NEAR).glob("*"):
        if old.name != name:
            shutil.rmtree(old, ignore_errors=True)
    return publish_dir / NEAR / name


def _ingest(candidate: Candidate) -> BatchCache | None:
    """Ingests the raw files into the candidate, or copies the last version if none of them has changed."""
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
        dataset = _run_stage(
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
                near_index=job.publish_dir / TEXTS,
            ),
        )
    for warning in dataset.manifest.warnings:
        _log.warning(warning)
    check_unchanged(changes)
    # People may have decided meanwhile: what was applied counts, so that the next run applies the rest.
    applied = dataset.manifest.corrections
    _warn_of_left_out(applied)
    hashes = [(file.name, file.sha256) for file in applied.files]
    decided = fingerprints.hash_corrections(hashes, job.settings.corrections.resolve)
    candidate.facts[INGEST] = {**candidate.facts[INGEST], "corrections": decided}
    return cache


def _warn_of_left_out(counts: CorrectionCounts) -> None:
    """Says how many decisions of people were not applied, if any."""
    if number := counts.stale + counts.not_found + counts.incomplete + counts.unresolved:
        _log.warning(
            tr(
                "not applied: {decisions} of people ({stale:,} stale, {not_found:,} not found, "
                "{incomplete:,} incomplete, {unresolved:,} disagreed on); `etl corrections check` lists them",
                decisions=plural("{number:,} decision", "{number:,} decisions", number),
                stale=counts.stale,
                not_found=counts.not_found,
                incomplete=counts.incomplete,
                unresolved=counts.unresolved,
            )
        )


def _validate(candidate: Candidate, start_check: StartCheck, pair_cache: Path) -> None:
    """Validates the candidate, or copies the report of the last version if the dataset is the same."""
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
                tr("the new dataset has errors and is not published"),
                details=[each.message for each in result.findings if each.severity == "error"],
                cause=tr("A raw file is not what it was, or a check is stricter than the dataset."),
                next_step=tr(
                    "look at the report in {folder}, and at what changed.",
                    folder=candidate.job.publish_dir / FAILED,
                ),
            )
    else:
        candidate.stages.append(Stage(VALIDATE, []))
    candidate.facts[VALIDATE] = facts


def _compare(candidate: Candidate, run: Run) -> None:
    """Compares the candidate with the published version, and refuses it if it differs too much."""
    job = candidate.job
    if published := find_published(job.store, job.url):
        chosen = load_guards(job.settings.refresh.guards)
        found = guards.compare_manifests(read_manifest(candidate.folder), published.manifest, chosen)
        _refuse(job, run, published, found)


def _refuse(job: Job, run: Run, published: Published, objections: list[Objection]) -> None:
    """Raises what speaks against the candidate and is not accepted; the run gets both."""
    run.accepted += [each for each in objections if each.code in job.accept]
    run.refused = [each for each in objections if each.code not in job.accept]
    if run.refused:
        raise guards.refuse(run.refused, published.location, str(kept_path(job.publish_dir, run)))


def _build_vocabulary(candidate: Candidate) -> None:
    refresh = candidate.job.settings.refresh
    facts = {DATASET: candidate.facts[VALIDATE][DATASET], **candidate.changes.facts[VOCABULARY]}
    why = _why(candidate, VOCABULARY, facts)
    if not why and not (candidate.folder / vocab.FILE).exists():
        why = [tr("the dataset was written anew")]
    if why and not _has_no_label_yet(candidate.folder):
        with candidate.job.open_engine() as engine:
            build = partial(vocab.build_vocab, candidate.folder, engine=engine)
            limited = partial(build, min_count=refresh.min_count, max_size=refresh.max_size)
            _run_stage(candidate, VOCABULARY, why, limited)
    else:
        candidate.stages.append(Stage(VOCABULARY, []))
    candidate.facts[VOCABULARY] = facts


def _has_no_label_yet(folder: Path) -> bool:
    """Whether a dataset has nothing but rows that wait for a label, and so no vocabulary."""
    splits = read_manifest(folder).splits
    return UNLABELLED in splits and not any(splits[split].rows for split in SPLITS)


def _train(candidate: Candidate, run: Run) -> None:
    """Trains a model and compares it with the published one, or takes that of the last version."""
    job, changes = candidate.job, candidate.changes
    train = models.read_deliverables(job.settings.refresh).train
    if train is None or _has_no_label_yet(candidate.folder):
        models.remove_model(candidate.folder, models.MODEL, models.EXPORT)
        candidate.facts |= {TRAIN: changes.facts[TRAIN]} if train else {}
        return
    facts = {DATASET: manifest_sha256(open_dataset(candidate.folder)), **changes.facts[TRAIN]}
    why = _why(candidate, TRAIN, facts)
    if not why and not _take_over(candidate, models.MODEL):
        why = [tr("the model is missing")]
    candidate.facts[TRAIN] = facts
    if not why:
        candidate.stages.append(Stage(TRAIN, []))
        models.list_model(candidate.folder)
        return
    models.remove_model(candidate.folder, models.MODEL, models.EXPORT)
    _run_stage(candidate, TRAIN, why, partial(models.train_model, candidate.folder, train))
    models.list_model(candidate.folder)
    published = find_published(job.store, job.url)
    if published and published.folder:
        guard = load_guards(job.settings.refresh.guards).get(models.MACRO_F1)
        _refuse(job, run, published, models.compare_with(candidate.folder, published.folder, guard))


def _export(candidate: Candidate) -> None:
    """Exports the model of the candidate, or takes the exports of the last version."""
    formats = models.read_deliverables(candidate.job.settings.refresh).export
    if not formats or not (candidate.folder / models.MODEL).is_dir():
        models.remove_model(candidate.folder, models.EXPORT)
        candidate.facts |= {EXPORT: candidate.changes.facts[EXPORT]} if formats else {}
        return
    facts = {"model": sha256_file(candidate.folder / models.MODEL / CARD), **candidate.changes.facts[EXPORT]}
    why = _why(candidate, EXPORT, facts)
    if not why and not _take_over(candidate, models.EXPORT):
        why = [tr("the exports are missing")]
    if why:
        models.remove_model(candidate.folder, models.EXPORT)
        _run_stage(candidate, EXPORT, why, partial(models.export_model, candidate.folder, formats))
    else:
        candidate.stages.append(Stage(EXPORT, []))
    models.list_model(candidate.folder)
    candidate.facts[EXPORT] = facts


def _take_over(candidate: Candidate, name: str) -> bool:
    last = candidate.changes.last
    return last is not None and models.take_over(
        candidate.folder, candidate.job.store.path_of(last.name), name
    )


def _publish(candidate: Candidate) -> Version:
    return candidate.job.store.publish(
        candidate.folder, stages=candidate.facts, raw_files=candidate.changes.raw_files
    )


def _why(candidate: Candidate, stage: str, facts: dict[str, str]) -> list[str]:
    last = candidate.changes.last
    return list_reasons(facts, last.stages.get(stage) if last else None)


def _hash_dataset(folder: Path) -> str:
    """The hash of a dataset without its vocabulary, which is made after it was checked."""
    manifest = without_model(read_manifest(folder))
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

"""Runs the whole pipeline on made-up corpora: sample, ingest, validate, build-vocab, train-baseline, refresh.

Counts of ingest are compared with what the sample planted, for each source and reason. At the end the same
corpora are published, published again with one file added, and rolled back.
"""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from etl.dataset import difference, vocab
from etl.dataset.difference import Difference
from etl.dataset.manifest import Manifest
from etl.dataset.read import open_dataset
from etl.errors import EtlError, FindingsError, SettingsError
from etl.ingestion.ingest import ingest
from etl.language.message import tr
from etl.publishing.job import Job
from etl.publishing.refresh import refresh
from etl.runtime.console import Progress
from etl.runtime.scratch import temporary_folder
from etl.sample.corpora import TRUTH, write_sample
from etl.schema import resources
from etl.settings import Settings
from etl.storage.versions.version import VERSIONS
from etl.validation.run import validate

if TYPE_CHECKING:
    from etl.models.training.report import Report
    from etl.validation.result import Result

_log = logging.getLogger(__name__)

_ANOTHER_SEED = 8


@dataclass(frozen=True)
class DemoResult:
    """The paths and the result of each stage."""

    raw: Path
    dataset: Path
    model: Path
    manifest: Manifest
    validation: Result
    vocabulary_size: int
    training: Report
    published: DemoRefreshes


@dataclass(frozen=True)
class DemoRefreshes:
    """The result of two refreshes and a rollback.

    Attributes:
        place: where the versions are.
        seconds: of the first refresh, and of the second, to which one file was added.
        difference: what the second version has that the first has not.
        current: the version after the rollback, which is the first.
    """

    place: Path
    seconds: tuple[float, float]
    difference: Difference
    current: str


def run_demo(folder: Path, settings: Settings, *, workers: int, progress: Progress) -> DemoResult:
    """Runs all stages, and replaces what an earlier demo wrote.

    Args:
        folder: where to write: `raw/`, `dataset/`, `model/` and `published/`.
        settings: of ingest and refresh.
        workers: number of tagging processes.
        progress: told about each batch.

    Raises:
        SettingsError: `folder` holds something else than a demo.
        FindingsError: the counts differ from what was planted, or validation found errors.
    """
    from etl.models.train import train

    raw, dataset, model = folder / "raw", folder / "dataset", folder / "model"
    _remove_earlier(folder, raw)
    _log.info(tr("1/6 sample: made-up corpora in {raw}", raw=raw))
    write_sample(raw)
    _log.info(tr("2/6 ingest: {raw} → {dataset}", raw=raw, dataset=dataset))
    manifest = ingest([raw], dataset, settings, workers=workers, progress=progress).manifest
    compare(msgspec.to_builtins(manifest.counts), json.loads((raw / TRUTH).read_bytes())["sources"])
    _log.info(tr("    every count equals truth.json"))
    _log.info(tr("3/6 validate: {dataset}", dataset=dataset))
    validation = validate(dataset)
    if validation.exit_code("error"):
        raise FindingsError(
            tr("the demo's dataset has errors"),
            details=[finding.message for finding in validation.findings if finding.severity == "error"],
            cause=tr("This is a defect of the tool."),
            next_step=tr("see {path}", path=dataset / "validation" / "report.html"),
        )
    _log.info(tr("4/6 build-vocab"))
    vocabulary = vocab.build_vocab(dataset)
    _log.info(tr("5/6 train-baseline: {model}", model=model))
    training = train(dataset, model)
    published = _publish(folder / "published", raw, settings, workers, progress)
    return DemoResult(raw, dataset, model, manifest, validation, len(vocabulary), training, published)


def _publish(folder: Path, raw: Path, settings: Settings, workers: int, progress: Progress) -> DemoRefreshes:
    """Publishes the corpora, publishes them again with one file added, and goes back."""
    if (folder / "place" / VERSIONS).is_dir():
        shutil.rmtree(folder)
    job = Job([folder / "raw"], folder / "place", settings, workers)
    shutil.copytree(raw, folder / "raw")
    _log.info(
        tr(
            "6/6 refresh: {publish_dir}, twice, the second time with one file added; then rollback",
            publish_dir=job.publish_dir,
        )
    )
    seconds = []
    for is_added in (False, True):
        if is_added:
            _add_file(folder / "raw")
        done = refresh(job, progress=progress)
        if done.error:
            raise EtlError(tr("the refresh of the demo failed"), details=done.error.splitlines())
        seconds.append(done.seconds)
    first, second = (open_dataset(job.store.path_of(version.name)) for version in job.store.versions())
    with job.store.lock("etl demo"):
        current = job.store.rollback().name
    return DemoRefreshes(
        job.publish_dir, (seconds[0], seconds[1]), difference.compare(first, second), current
    )


def _add_file(raw: Path) -> None:
    """Adds a workbook of single sentences, with other sentences than the first."""
    corpus = resources.load("schemas", "sample", "corpora.yaml")["keti"]
    name = Path(corpus["folder"]) / corpus["single"]["file"]
    with temporary_folder("demo") as scratch:
        write_sample(scratch / "other", seed=_ANOTHER_SEED)
        shutil.copyfile(scratch / "other" / name, raw / name.with_name(f"more-{name.name}"))


def compare(counts: dict[str, Any], truth: dict[str, Any]) -> None:
    """Compares counts by source with the planted ones.

    Raises:
        FindingsError: they differ; each difference is listed.
    """
    differences = [
        tr(
            "{source}: expected {planted}, got {counted}",
            source=source,
            planted=_flat(truth.get(source)),
            counted=_flat(counts.get(source)),
        )
        for source in sorted({*counts, *truth})
        if _flat(truth.get(source)) != _flat(counts.get(source))
    ]
    if differences:
        raise FindingsError(
            tr("ingest did not count what the sample planted"),
            details=differences,
            cause=tr("This is a defect of the tool."),
            next_step=tr("`etl rejects` on the demo's dataset shows which rows were rejected, and why."),
        )


def _flat(entry: dict[str, Any] | None) -> dict[str, int]:
    if entry is None:
        return {}
    return {"read": entry["read"], "kept": entry["kept"], **dict(sorted(entry["rejected"].items()))}


def _remove_earlier(folder: Path, raw: Path) -> None:
    """Removes the corpora of an earlier demo; refuses to write beside anything else."""
    if (raw / TRUTH).exists():
        shutil.rmtree(raw)
    elif folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise SettingsError(
            tr("{folder} holds something that is no demo", folder=folder),
            details=[tr("expected no such folder, an empty one, or one with {file}", file=raw / TRUTH)],
            next_step=tr("run the demo in another folder: `etl demo DIR`."),
        )

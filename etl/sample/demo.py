"""The whole way once, on made-up corpora: sample, ingest, validate, build-vocab, train-baseline, refresh.

What ingest counts is compared with what the sample planted, row for row and reason for reason. At the end the
same corpora are published, once more with one file added, and rolled back.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from etl import sample
from etl.dataset import difference, versions, vocab
from etl.dataset.difference import Difference
from etl.dataset.manifest import Manifest
from etl.dataset.read import open_dataset
from etl.errors import EtlError, FindingsError, SettingsError
from etl.ingestion import pipeline
from etl.publishing.refresh import Job, refresh
from etl.runtime.console import Progress, note
from etl.schema import resources
from etl.settings import Settings
from etl.validation.run import validate

if TYPE_CHECKING:
    from etl.models.training.report import Report
    from etl.validation.result import Result

TRUTH = "truth.json"
_ANOTHER_SEED = 8


@dataclass(frozen=True)
class Demo:
    """What each stage gave."""

    raw: Path
    dataset: Path
    model: Path
    manifest: Manifest
    validation: Result
    vocabulary_size: int
    training: Report
    published: Published


@dataclass(frozen=True)
class Published:
    """What two refreshes gave, and what is current after the rollback.

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


def run(folder: Path, settings: Settings, *, workers: int, progress: Progress) -> Demo:
    """Runs all stages below `folder`, replacing what an earlier demo wrote there.

    Raises:
        SettingsError: `folder` holds something that is no demo.
        FindingsError: ingest counted something else than the sample planted, or validation found errors.
    """
    from etl.models.baseline.train import train

    raw, dataset, model = folder / "raw", folder / "dataset", folder / "model"
    _make_room(raw)
    note(f"1/6 sample: made-up corpora in {raw}")
    sample.write(raw)
    note(f"2/6 ingest: {raw} → {dataset}")
    manifest = pipeline.ingest([raw], dataset, settings, workers=workers, progress=progress)
    compare(msgspec.to_builtins(manifest.counts), json.loads((raw / TRUTH).read_bytes())["sources"])
    note("    every count equals truth.json")
    note(f"3/6 validate: {dataset}")
    validation = validate(dataset)
    if validation.exit_code("error"):
        raise FindingsError(
            "the demo's dataset has errors",
            details=[finding.message for finding in validation.findings if finding.severity == "error"],
            cause="This is a defect of the tool.",
            next_step=f"see {dataset / 'validation' / 'report.html'}",
        )
    note("4/6 build-vocab")
    vocabulary = vocab.build(dataset)
    note(f"5/6 train-baseline: {model}")
    training = train(dataset, model)
    published = _publish(folder / "published", raw, settings, workers, progress)
    return Demo(raw, dataset, model, manifest, validation, len(vocabulary), training, published)


def _publish(folder: Path, raw: Path, settings: Settings, workers: int, progress: Progress) -> Published:
    """Publishes the corpora, publishes them again with one file added, and goes back."""
    if (folder / "place" / versions.VERSIONS).is_dir():
        shutil.rmtree(folder)
    job = Job([folder / "raw"], folder / "place", settings, workers)
    shutil.copytree(raw, folder / "raw")
    note(f"6/6 refresh: {job.place}, twice, the second time with one file added; then rollback")
    seconds = []
    for is_added in (False, True):
        if is_added:
            _add_file(folder / "raw")
        done = refresh(job, progress=progress)
        if done.error:
            raise EtlError("the refresh of the demo failed", details=done.error.splitlines())
        seconds.append(done.seconds)
    first, second = (
        open_dataset(versions.path_of(job.place, each.name)) for each in versions.versions(job.place)
    )
    with versions.locked(job.place, "etl demo"):
        current = versions.rollback(job.place).name
    return Published(job.place, (seconds[0], seconds[1]), difference.compare(first, second), current)


def _add_file(raw: Path) -> None:
    """A further workbook of single sentences, in which other sentences stand."""
    corpus = resources.load("schemas", "sample", "corpora.yaml")["keti"]
    name = Path(corpus["folder"]) / corpus["single"]["file"]
    with tempfile.TemporaryDirectory() as scratch:
        sample.write(Path(scratch) / "other", seed=_ANOTHER_SEED)
        shutil.copyfile(Path(scratch) / "other" / name, raw / name.with_name(f"more-{name.name}"))


def compare(counts: dict[str, Any], truth: dict[str, Any]) -> None:
    """Compares what was counted with what was planted.

    Raises:
        FindingsError: any difference, each one named.
    """
    differences = [
        f"{source}: expected {_flat(truth.get(source))}, got {_flat(counts.get(source))}"
        for source in sorted({*counts, *truth})
        if _flat(truth.get(source)) != _flat(counts.get(source))
    ]
    if differences:
        raise FindingsError(
            "ingest did not count what the sample planted",
            details=differences,
            cause="This is a defect of the tool.",
            next_step="`etl rejects` on the demo's dataset shows which rows were rejected, and why.",
        )


def _flat(entry: dict[str, Any] | None) -> dict[str, int]:
    if entry is None:
        return {}
    return {"read": entry["read"], "kept": entry["kept"], **dict(sorted(entry["rejected"].items()))}


def _make_room(raw: Path) -> None:
    """Removes the corpora of an earlier demo, and nothing else."""
    if (raw / TRUTH).exists():
        shutil.rmtree(raw)
    elif raw.exists() and any(raw.iterdir()):
        raise SettingsError(
            f"{raw} holds something that is no demo",
            details=[f"expected no such folder, or one with {TRUTH}"],
            next_step="run the demo in another folder: `etl demo DIR`.",
        )

"""The whole way once, on made-up corpora: sample, ingest, validate, build-vocab, train-baseline.

What ingest counts is compared with what the sample planted, row for row and reason for reason.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl import route, sample, vocab
from etl.console import Progress, note
from etl.errors import FindingsError, SettingsError
from etl.settings import Settings
from etl.validate.run import validate

if TYPE_CHECKING:
    from etl.train.run import Report
    from etl.validate.result import Result

TRUTH = "truth.json"


@dataclass(frozen=True)
class Demo:
    """What each stage gave."""

    raw: Path
    dataset: Path
    model: Path
    manifest: dict[str, Any]
    validation: Result
    vocabulary_size: int
    training: Report


def run(folder: Path, settings: Settings, *, workers: int, progress: Progress) -> Demo:
    """Runs all stages below `folder`, replacing what an earlier demo wrote there.

    Raises:
        SettingsError: `folder` holds something that is no demo.
        FindingsError: ingest counted something else than the sample planted, or validation found errors.
    """
    from etl.train.run import train

    raw, dataset, model = folder / "raw", folder / "dataset", folder / "model"
    _make_room(raw)
    note(f"1/5 sample: made-up corpora in {raw}")
    sample.write(raw)
    note(f"2/5 ingest: {raw} → {dataset}")
    manifest = route.ingest([raw], dataset, settings, workers=workers, progress=progress)
    compare(manifest["counts"], json.loads((raw / TRUTH).read_text(encoding="utf-8"))["sources"])
    note("    every count equals truth.json")
    note(f"3/5 validate: {dataset}")
    validation = validate(dataset)
    if validation.exit_code("error"):
        raise FindingsError(
            "the demo's dataset has errors",
            details=[finding.message for finding in validation.findings if finding.severity == "error"],
            cause="This is a defect of the tool.",
            next_step=f"see {dataset / 'validation' / 'report.html'}",
        )
    note("4/5 build-vocab")
    vocabulary = vocab.build(dataset)
    note(f"5/5 train-baseline: {model}")
    training = train(dataset, model)
    return Demo(raw, dataset, model, manifest, validation, len(vocabulary), training)


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

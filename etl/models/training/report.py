"""What a training run gave: the model's scores beside what it has to beat, and the files that show them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import numpy.typing as npt

from etl.models.baseline import checkpoint
from etl.models.training import collapse, events, loop, metrics, mistakes, references, report_html, resume
from etl.models.training.batches import Rows
from etl.models.training.collapse import Ground, Record
from etl.models.training.inputs import Inputs
from etl.models.training.loop import Training
from etl.models.training.metrics import Scores
from etl.models.training.resume import Progress

if TYPE_CHECKING:
    LogProbabilities = dict[str, npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Report:
    """What a training run gave; `metrics.json` is this."""

    architecture: str
    held_out: str  # the split by which the epoch was chosen
    best_epoch: int
    max_len: int
    unknown_share: float  # of the tokens of that split
    empty_share: float  # of its rows: those without one known token
    epochs: list[Record]
    model: dict[str, Scores]  # by split
    tfidf: dict[str, Scores]  # TF-IDF with logistic regression
    constant: dict[str, Scores]
    warnings: list[str]


def report_on(
    training: Training, read: Inputs, ground: Ground, progress: Progress, architecture: str
) -> tuple[Report, LogProbabilities]:
    """Scores a trained model, and what it has to beat, on the held-out rows.

    Args:
        training: the model, with the weights of its best epoch; its settings with `max_len` set.
        read: the rows.
        ground: what it was measured against.
        progress: how training went.
        architecture: what the model is called.

    Returns:
        The report, and what the model says: by split, (rows, labels).
    """
    assert progress.best is not None
    labels, max_len = read.dataset.labels, training.settings.max_len or 1
    probabilities = {
        split: loop.predict(training.model, rows, max_len) for split, rows in read.held_out.items()
    }
    scores = {
        split: metrics.score(probabilities[split], rows.labels, rows.sources, labels)
        for split, rows in read.held_out.items()
    }
    found = Report(
        architecture=architecture,
        held_out=read.chooses,
        best_epoch=progress.best.epoch,
        max_len=max_len,
        unknown_share=ground.unknown_share,
        empty_share=ground.empty_share,
        epochs=progress.records,
        model=scores,
        tfidf=references.tfidf_scores(read),
        constant=ground.constants,
        warnings=_warnings(progress.records, read.held_out),
    )
    return found, probabilities


def files(
    out: Path,
    training: Training,
    read: Inputs,
    found: Report,
    probabilities: LogProbabilities,
    *,
    is_quoting: bool,
) -> dict[str, bytes]:
    """What a model's folder holds beside the model, by name: scores, the page for people, the events.

    Args:
        out: the model's folder, beside which the events lie.
        training: with the settings.
        read: the rows.
        found: the report.
        probabilities: what `report_on` gave with it.
        is_quoting: the page quotes the sentences of the mistakes that it shows.
    """
    wrong = mistakes.find(read, read.chooses, probabilities[read.chooses], is_quoting=is_quoting)
    shown = report_html.render(out.resolve().name, training.settings, read.dataset.labels, found, wrong)
    return {
        checkpoint.METRICS: to_json(found),
        report_html.FILE: shown.encode(),
        **events.files(resume.folder_of(out)),
    }


def to_json(found: Report) -> bytes:
    """The content of `metrics.json`."""
    return msgspec.json.format(msgspec.json.encode(found)) + b"\n"


def _warnings(records: list[Record], splits: dict[str, Rows]) -> list[str]:
    warnings = []
    if collapse.is_too_short(records):
        warnings.append(
            f"only {records[-1].steps:,} steps of training: too few to say whether the model learns; "
            "raise --epochs or lower --batch-size"
        )
    if "validation" not in splits:
        warnings.append(
            "no validation rows: the epoch was chosen by the test rows, so their scores flatter the model"
        )
    return warnings

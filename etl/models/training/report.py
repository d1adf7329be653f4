"""The report of a training run: the scores of the model and of the predictors that it has to beat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import numpy.typing as npt

from etl.models.training import collapse, metrics, references
from etl.models.training.collapse import Record, Reference
from etl.models.training.inputs import Inputs
from etl.models.training.metrics import Scores
from etl.models.training.state import RunProgress

if TYPE_CHECKING:
    LogProbabilities = Mapping[str, npt.NDArray[np.float64]]

FILE = "metrics.json"


@dataclass(frozen=True)
class Report:
    """The results of a training run; `metrics.json` holds them."""

    architecture: str
    held_out: str  # the split that selected the epoch
    best_epoch: int
    max_len: int
    unknown_share: float  # of the tokens of that split
    empty_share: float  # of its rows: those without one known token
    epochs: list[Record]
    model: dict[str, Scores]  # by split
    tfidf: dict[str, Scores]  # TF-IDF with logistic regression
    constant: dict[str, Scores]
    warnings: list[str]


def make_report(
    inputs: Inputs,
    reference: Reference,
    progress: RunProgress,
    log_probabilities: LogProbabilities,
    *,
    architecture: str,
    max_len: int,
) -> Report:
    """Scores the predictions of a trained model, and the predictors it has to beat, on the held-out rows.

    Args:
        inputs: the rows.
        reference: the scores of the constant predictor.
        progress: the records of the run.
        log_probabilities: of the trained model, by split, (rows, labels).
        architecture: the name of the kind of network.
        max_len: the most ids of a row.
    """
    assert progress.best is not None
    return Report(
        architecture=architecture,
        held_out=inputs.selection_split,
        best_epoch=progress.best.epoch,
        max_len=max_len,
        unknown_share=reference.unknown_share,
        empty_share=reference.empty_share,
        epochs=progress.records,
        model={
            split: metrics.score(log_probabilities[split], rows.labels, rows.sources, inputs.dataset.labels)
            for split, rows in inputs.held_out.items()
        },
        tfidf=references.score_tfidf(inputs),
        constant=reference.constants,
        warnings=_warnings(progress.records, inputs),
    )


def to_json(report: Report) -> bytes:
    """Returns the content of `metrics.json`."""
    return msgspec.json.format(msgspec.json.encode(report)) + b"\n"


def _warnings(records: list[Record], inputs: Inputs) -> list[str]:
    warnings = []
    if collapse.is_too_short(records):
        warnings.append(
            f"only {records[-1].steps:,} steps of training: too few to say whether the model learns; "
            "raise --epochs or lower --batch-size"
        )
    if "validation" not in inputs.held_out:
        warnings.append(
            "no validation rows: the epoch was chosen by the test rows, so their scores flatter the model"
        )
    return warnings

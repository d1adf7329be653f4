"""The mistakes a model makes with the highest confidence: wrong labels, often, or what it cannot read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from etl.dataset import vocab

if TYPE_CHECKING:
    from etl.models.training.inputs import Inputs

MOST = 30


@dataclass(frozen=True)
class Mistake:
    """A row that was given another label than it has."""

    id: str
    source: str
    label: str
    predicted: str
    confidence: float  # the probability of the prediction
    text: str | None


def find(
    inputs: Inputs, split: str, log_probabilities: npt.NDArray[np.float64], *, is_quoting: bool
) -> list[Mistake]:
    """The mistakes of `split`, the most confident first.

    Args:
        inputs: the rows.
        split: whose rows were scored.
        log_probabilities: (rows, labels).
        is_quoting: the sentences are wanted, not only the ids.
    """

    rows, labels = inputs.held_out[split], inputs.dataset.labels
    predictions, confidence = log_probabilities.argmax(axis=1), np.exp(log_probabilities.max(axis=1))
    wrong = np.flatnonzero(predictions != rows.labels)
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")][:MOST]
    with vocab.wrap_read_errors(inputs.dataset, split):
        columns = ["id", "text"] if is_quoting else ["id"]
        frame = inputs.dataset.scan(split).select(columns).collect()
    found = frame[worst] if len(worst) else frame.clear()
    texts = found["text"].to_list() if is_quoting else [None] * len(worst)
    return [
        Mistake(
            id=str(row_id),
            source=str(rows.sources[row]),
            label=labels[int(rows.labels[row])],
            predicted=labels[int(predictions[row])],
            confidence=float(confidence[row]),
            text=text,
        )
        for row, row_id, text in zip(worst, found["id"].cast(pl.String), texts, strict=True)
    ]

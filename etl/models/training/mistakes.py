"""The mistakes that a model makes with the highest confidence: often it is the label that is wrong."""

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
    """A row whose prediction is not its label."""

    id: str
    source: str
    label: str
    predicted: str
    confidence: float  # the probability of the prediction
    text: str | None


def find_mistakes(
    inputs: Inputs, split: str, log_probabilities: npt.NDArray[np.float64], *, show_text: bool
) -> list[Mistake]:
    """Returns the most confident mistakes of one split, the most confident first; none of sets of labels.

    Args:
        inputs: the rows.
        split: its name.
        log_probabilities: of its rows, (rows, labels).
        show_text: give the sentences too, not only the ids.
    """
    rows, labels = inputs.held_out[split], inputs.dataset.labels
    predictions, confidence = log_probabilities.argmax(axis=1), np.exp(log_probabilities.max(axis=1))
    if rows.is_multi:
        return []
    wrong = np.flatnonzero((predictions != rows.labels) & (rows.labels >= 0))
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")][:MOST]
    with vocab.wrap_read_errors(inputs.dataset, split):
        columns = ["id", "text"] if show_text else ["id"]
        frame = inputs.dataset.scan(split).select(columns).collect()
    mistaken = frame[worst] if len(worst) else frame.clear()
    texts = mistaken["text"].to_list() if show_text else [None] * len(worst)
    return [
        Mistake(
            id=str(row_id),
            source=str(rows.sources[row]),
            label=labels[int(rows.labels[row])],
            predicted=labels[int(predictions[row])],
            confidence=float(confidence[row]),
            text=text,
        )
        for row, row_id, text in zip(worst, mistaken["id"].cast(pl.String), texts, strict=True)
    ]

"""Whether an exported file gives the model's answers, and what its int8 variant loses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from etl.errors import FindingsError
from etl.models.export.sample import Sample
from etl.models.training import metrics

if TYPE_CHECKING:
    Floats = npt.NDArray[np.float32] | npt.NDArray[np.float64]

# Where the probabilities of two runtimes may differ: rounding in another order of float32, and no more.
TOLERANCE = 1e-5
# The number of sentences that a verdict needs, unless the split has fewer.
FEWEST = 500


@dataclass(frozen=True)
class Parity:
    """A file beside its model, on the same rows."""

    split: str
    rows: int
    rows_of_split: int
    differing_predictions: int
    largest_difference: float  # of two probabilities


@dataclass(frozen=True)
class Loss:
    """What the int8 variant loses: its scores beside those of the model, on the same rows."""

    rows: int
    differing_predictions: int
    largest_difference: float
    model_accuracy: float
    int8_accuracy: float
    model_macro_f1: float
    int8_macro_f1: float


def compare(sample: Sample, found: Floats) -> Parity:
    """The probabilities that a file gave, (rows, labels), beside the model's."""
    return Parity(
        sample.split, len(sample), sample.rows_of_split, _differing(sample, found), _furthest(sample, found)
    )


def check(parity: Parity, runtime: str) -> None:
    """The gate: refuses a file that gives other answers than its model.

    Raises:
        FindingsError: with the numbers.
    """
    # A number that is none is no small difference.
    if parity.differing_predictions or not parity.largest_difference <= TOLERANCE:
        raise FindingsError(
            f"the {runtime} file does not give the answers of the model; nothing was written",
            details=[
                f"{parity.rows:,} sentences of {parity.split}: "
                f"{parity.differing_predictions:,} are given another label",
                f"expected probabilities to differ by at most {TOLERANCE:g}, "
                f"got up to {parity.largest_difference:.3g}",
            ],
            cause=f"The converter or the runtime of {runtime} computes something of this model otherwise.",
            next_step="export to another format, or with the versions that constraints.txt pins",
        )


def loss(sample: Sample, found: Floats, n_labels: int) -> Loss:
    """What an int8 file, which gave `found` (rows, labels), loses."""
    own, int8 = (
        metrics.confusion(sample.labels, probabilities.argmax(axis=1), n_labels)
        for probabilities in (sample.probabilities, found)
    )
    return Loss(
        rows=len(sample),
        differing_predictions=_differing(sample, found),
        largest_difference=_furthest(sample, found),
        model_accuracy=metrics.accuracy(own),
        int8_accuracy=metrics.accuracy(int8),
        model_macro_f1=metrics.macro_f1(own),
        int8_macro_f1=metrics.macro_f1(int8),
    )


def _differing(sample: Sample, found: Floats) -> int:
    return int((found.argmax(axis=1) != sample.probabilities.argmax(axis=1)).sum())


def _furthest(sample: Sample, found: Floats) -> float:
    return float(abs(found - sample.probabilities).max())

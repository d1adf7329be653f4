"""Compares an exported file with its model, and measures what its int8 variant loses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from etl.errors import FindingsError
from etl.language.message import tr
from etl.models.export.sample import Sample
from etl.models.training import scoring

if TYPE_CHECKING:
    Floats = npt.NDArray[np.float32] | npt.NDArray[np.float64]

# Of two probabilities: float32 sums in another order differ by less.
TOLERANCE = 1e-5
TINY = np.finfo(np.float64).tiny


@dataclass(frozen=True)
class Parity:
    """Differences between the answers of an exported file and those of its model, on the same rows."""

    split: str
    rows: int
    rows_of_split: int
    differing_predictions: int
    largest_difference: float  # of two probabilities


@dataclass(frozen=True)
class Loss:
    """The scores of the int8 variant beside those of the model, on the same rows."""

    rows: int
    differing_predictions: int
    largest_difference: float
    model_accuracy: float
    int8_accuracy: float
    model_macro_f1: float
    int8_macro_f1: float


def compare_answers(sample: Sample, probabilities: Floats) -> Parity:
    """Compares probabilities of a file, (rows, labels), with the model's."""
    return Parity(
        sample.split,
        len(sample),
        sample.rows_of_split,
        _count_differing(sample, probabilities),
        _largest_difference(sample, probabilities),
    )


def check_parity(parity: Parity, runtime: str) -> None:
    """Refuses a file that gives other answers than its model.

    Raises:
        FindingsError: with the numbers.
    """
    # `not <=` instead of `>`: NaN has to fail too.
    if parity.differing_predictions or not parity.largest_difference <= TOLERANCE:
        raise FindingsError(
            tr(
                "the {runtime} file does not give the answers of the model; nothing was written",
                runtime=runtime,
            ),
            details=[
                tr(
                    "{rows:,} sentences of {split}: {differing:,} are given another label",
                    rows=parity.rows,
                    split=parity.split,
                    differing=parity.differing_predictions,
                ),
                tr(
                    "expected probabilities to differ by at most {tolerance:g}, got up to {largest:.3g}",
                    tolerance=TOLERANCE,
                    largest=parity.largest_difference,
                ),
            ],
            cause=tr(
                "The converter or the runtime of {runtime} computes something of this model otherwise.",
                runtime=runtime,
            ),
            next_step=tr("export to another format, or with the versions that constraints.txt pins"),
        )


def measure_loss(sample: Sample, probabilities: Floats, labels: list[str]) -> Loss:
    """Scores probabilities of an int8 file, (rows, labels), beside the model's."""
    own, int8 = (
        scoring.score_rows(np.log(np.maximum(given, TINY)), sample.rows, labels, sample.thresholds)
        for given in (sample.probabilities, probabilities.astype(np.float64))
    )
    return Loss(
        rows=len(sample),
        differing_predictions=_count_differing(sample, probabilities),
        largest_difference=_largest_difference(sample, probabilities),
        model_accuracy=own.accuracy,
        int8_accuracy=int8.accuracy,
        model_macro_f1=own.macro_f1,
        int8_macro_f1=int8.macro_f1,
    )


def _count_differing(sample: Sample, probabilities: Floats) -> int:
    own, other = (
        scoring.decide(np.log(np.maximum(given, TINY)), sample.thresholds).reshape(len(sample), -1)
        for given in (sample.probabilities, probabilities.astype(np.float64))
    )
    return int((own != other).any(axis=1).sum())


def _largest_difference(sample: Sample, probabilities: Floats) -> float:
    return float(abs(probabilities - sample.probabilities).max())

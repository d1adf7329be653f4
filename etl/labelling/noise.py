"""Estimates how many labels are wrong by chance, and how many of those a reader of the suspects would find.

A slip of the finger, a shifted row or a careless rater is wrong whatever the text says: as often in rows of
which a model is sure as in others. There the model itself is hardly ever wrong, so the share of surest rows
whose label it denies is the share of wrong labels. How sure the model is of a wrong label is measured with
labels that are planted: changed on purpose, at random, in the data itself.

Not counted are labels that are wrong because of what the text says, such as irony that a rater takes at its
word: a model learns those. Where a model can hardly tell the labels apart there is no estimate.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from etl.labelling.out_of_fold import Predictions, predict_out_of_fold

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    Ints = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]

# So few that they hardly stand in the way of each other, and enough to be counted.
LEAST_PLANTED, MOST_PLANTED, PLANTED_ROWS = 0.01, 0.05, 100
LOOKED_AT = 0.08
# The surest fifth of the rows, and those up to the middle. The model is wrong in the fifth at most a third as
# often as in the others: of Chatbot, KOTE and NSMC a quarter, a tenth and a fifth as often.
SUREST, SURE = 0.2, 0.5
TIMES_AS_OFTEN = 3
# Of the surest rows: with more that look wrong the model cannot tell the labels apart.
MOST_DENIED = 0.3
_QUANTILE = 1.96  # of the normal distribution: 95 %


@dataclass(frozen=True)
class NoiseEstimate:
    """Shares of the judged rows, 0 to 1.

    Attributes:
        share: of labels that are wrong by chance; the most likely value.
        least, most: the interval that holds it with a probability of about 95 %.
        found: of planted wrong labels, those in the first `looked_at` of the rows.
        looked_at: of the rows, the most suspect first.
    """

    share: float
    least: float
    most: float
    found: float
    looked_at: float = LOOKED_AT


def estimate_noise(
    features: csr_matrix, labels: Ints, together: Ints, said: Ints, predictions: Predictions
) -> NoiseEstimate | None:
    """Estimates how many labels are wrong by chance; None where a model can hardly tell the labels apart.

    Args:
        features, labels, together, said: see `predict_out_of_fold`.
        predictions: what it returned for them.
    """
    share = min(MOST_PLANTED, max(LEAST_PLANTED, PLANTED_ROWS / len(labels)))
    planted, is_planted = plant(labels, share)
    again = predict_out_of_fold(features, planted, together, said)
    is_denied, surest, _ = _deny(planted, again)
    in_surest = np.zeros(len(labels), dtype=bool)
    in_surest[surest] = True
    seen = in_surest & is_planted
    noticed = float(is_denied[seen].mean()) if seen.any() else 1.0
    interval = find_interval(labels, predictions, noticed)
    if interval is None:
        return None
    return NoiseEstimate(*interval, found=find_share(planted, again, is_planted))


def plant(labels: Ints, share: float, seed: int = 0) -> tuple[Ints, Flags]:
    """Changes a share of the labels into others, drawn at random, and returns which."""
    chance = np.random.default_rng(seed)
    n_labels = int(labels.max()) + 1
    changed = chance.permutation(len(labels))[: round(share * len(labels))]
    planted, is_planted = labels.copy(), np.zeros(len(labels), dtype=bool)
    planted[changed] = (labels[changed] + chance.integers(1, n_labels, len(changed))) % n_labels
    is_planted[changed] = True
    return planted, is_planted


def find_interval(
    labels: Ints, predictions: Predictions, noticed: float = 1.0
) -> tuple[float, float, float] | None:
    """Returns the share of labels that are wrong by chance, and the ends of its interval.

    Args:
        labels: as given.
        predictions: out of fold.
        noticed: the share of wrong labels in surest rows that the model denies.
    """
    is_denied, surest, others = _deny(labels, predictions)
    if not len(surest) or not len(others) or noticed < 1 - MOST_DENIED:
        return None
    denied = float(is_denied[surest].mean())
    if denied > MOST_DENIED:
        return None
    own_errors = max(0.0, float(is_denied[others].mean()) - denied) / (TIMES_AS_OFTEN - 1)
    least, most = _wilson(denied, len(surest))
    return (
        max(0.0, denied - own_errors / 2) / noticed,
        max(0.0, least - own_errors) / noticed,
        min(1.0, most / noticed),
    )


def find_share(labels: Ints, predictions: Predictions, is_wrong: Flags) -> float:
    """Returns the share of wrong labels that stand among the first `LOOKED_AT` of the judged rows."""
    rows = np.flatnonzero(predictions.is_judged)
    own = predictions.probabilities[rows, labels[rows]]
    first = rows[np.argsort(own, kind="stable")[: int(LOOKED_AT * len(rows))]]
    return float(is_wrong[first].sum() / max(1, is_wrong[rows].sum()))


def _deny(labels: Ints, predictions: Predictions) -> tuple[Flags, Ints, Ints]:
    """Returns whether the model prefers another label, the surest rows, and those up to the middle."""
    rows = np.flatnonzero(predictions.is_judged)
    likeliest = predictions.probabilities.max(axis=1)
    rows = rows[np.argsort(-likeliest[rows], kind="stable")]
    n_surest, n_sure = int(SUREST * len(rows)), int(SURE * len(rows))
    is_denied = predictions.probabilities.argmax(axis=1) != labels
    return is_denied, rows[:n_surest], rows[n_surest:n_sure]


def _wilson(share: float, n: int) -> tuple[float, float]:
    """Returns the 95 % interval of a share of `n`: E. B. Wilson, JASA 22 (1927)."""
    square = _QUANTILE**2
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = _QUANTILE * sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    return middle - half, middle + half

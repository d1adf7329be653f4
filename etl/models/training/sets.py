"""Scores of predicted sets of labels (`labels: multi`), and the thresholds that make them of probabilities.

A label is predicted where its probability is at least its threshold; in a row without any, the label that
is nearest to its own. Definitions of scores are scikit-learn's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    Flags = npt.NDArray[np.bool_]
    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

# Of a label without rows to choose one on.
UNKNOWN_THRESHOLD = 0.5
HIGHEST = 1 - 1e-12


@dataclass(frozen=True)
class SetScores:
    """Scores of sets of labels beside macro-F1, 0 to 1; accuracy is the share of rows whose set is exact."""

    micro_f1: float
    jaccard: float  # of predicted and given labels, the mean over the rows
    lrap: float  # label ranking average precision: needs no threshold
    thresholds: dict[str, float]  # by label


def find_thresholds(log_probabilities: Floats, sets: Flags) -> Floats:
    """Returns for each label the threshold with the highest F1 on some rows, (labels,).

    Args:
        log_probabilities: (rows, labels).
        sets: (rows, labels), whether a row has a label.
    """
    return np.array(
        [
            _find_threshold(np.exp(own), has_label)
            for own, has_label in zip(log_probabilities.T, sets.T, strict=True)
        ]
    )


def _find_threshold(probabilities: Floats, has_label: Flags) -> float:
    if not has_label.any():
        return UNKNOWN_THRESHOLD
    order = np.argsort(-probabilities, kind="stable")
    ranked = probabilities[order]
    f1 = 2 * np.cumsum(has_label[order]) / (np.arange(1, len(ranked) + 1) + has_label.sum())
    # Rows with the same probability are on the same side.
    is_last = np.append(ranked[:-1] > ranked[1:], True)
    at = int(np.where(is_last, f1, -1.0).argmax())
    # Between two rows, so that a sum in another order changes nothing.
    return float(ranked[at] + (ranked[at + 1] if at + 1 < len(ranked) else 0.0)) / 2


def choose(probabilities: Floats, thresholds: Floats) -> Flags:
    """Returns the predicted sets, (rows, labels); none is empty."""
    above = probabilities - thresholds
    chosen = above >= 0
    chosen[np.arange(len(above)), above.argmax(axis=1)] = True
    return np.asarray(chosen)


def mean_loss(
    log_probabilities: Floats, sets: npt.NDArray[np.floating], weights: Floats | None = None
) -> float:
    """Returns the binary cross-entropy, in nats, the mean over rows and labels.

    Args:
        log_probabilities: (rows, labels).
        sets: (rows, labels), above 0 where a row has a label.
        weights: (2, labels), of rows with a label and of rows without it; all the same if None.
    """
    others = np.log1p(-np.minimum(np.exp(log_probabilities), HIGHEST))
    losses = -np.where(sets > 0, log_probabilities, others)
    if weights is None:
        return float(losses.mean())
    each = np.where(sets > 0, weights[0], weights[1])
    return float(np.average(losses, weights=each) if each.any() else losses.mean())


def score_sets(log_probabilities: Floats, sets: Flags, thresholds: Floats, labels: list[str]) -> SetScores:
    """Scores predicted sets.

    Args:
        log_probabilities: (rows, labels).
        sets: (rows, labels), whether a row has a label; each has one at least.
        thresholds: (labels,).
        labels: their names, in order.
    """
    from sklearn.metrics import label_ranking_average_precision_score

    probabilities = np.exp(log_probabilities)
    chosen = choose(probabilities, thresholds)
    hits = chosen & sets
    return SetScores(
        micro_f1=float(2 * hits.sum() / (chosen.sum() + sets.sum())),
        jaccard=float((hits.sum(axis=1) / (chosen | sets).sum(axis=1)).mean()),
        lrap=float(label_ranking_average_precision_score(sets, probabilities)),
        thresholds={name: float(own) for name, own in zip(labels, thresholds, strict=True)},
    )

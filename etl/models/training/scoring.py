"""Scores predictions against what rows have: one label, votes, or a set of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from etl.models.training import metrics, sets, targets
from etl.models.training.metrics import LabelScores, Scores, SourceScores

if TYPE_CHECKING:
    from etl.models.training.batches import Rows

    Floats = npt.NDArray[np.float64]
    Flags = npt.NDArray[np.bool_]
    Ints = npt.NDArray[np.int64]


def score_rows(
    log_probabilities: Floats, rows: Rows, labels: list[str], thresholds: Floats | None = None
) -> Scores:
    """Scores predictions.

    Args:
        log_probabilities: (rows, labels).
        rows: what was predicted.
        labels: their names, in order.
        thresholds: of sets of labels, (labels,); chosen on `rows` if None.
    """
    if not rows.is_multi:
        return metrics.score(log_probabilities, rows.labels, rows.sources, labels, rows.shares)
    assert rows.shares is not None
    given = rows.shares > 0
    if thresholds is None:
        thresholds = sets.find_thresholds(log_probabilities, given)
    probabilities = np.exp(log_probabilities)
    chosen = sets.choose(probabilities, thresholds)
    bins = metrics.bin_confidence(probabilities.ravel(), given.ravel())
    return Scores(
        rows=len(rows),
        accuracy=_accuracy(chosen, given),
        macro_f1=_macro_f1(chosen, given),
        loss=sets.mean_loss(log_probabilities, rows.shares),
        ece=sum(own.rows * abs(own.confidence - own.accuracy) for own in bins) / given.size,
        calibration=bins,
        labels=_score_labels(chosen, given, labels),
        sources={
            str(source): SourceScores(
                int(own.sum()), _accuracy(chosen[own], given[own]), _macro_f1(chosen[own], given[own])
            )
            for source in np.unique(rows.sources)
            for own in [rows.sources == source]
        },
        confusion=[],
        sets=sets.score_sets(log_probabilities, given, thresholds, labels),
    )


def weigh_loss(log_probabilities: Floats, rows: Rows, weights: Floats | None) -> float:
    """Returns the loss as in training, in nats.

    Args:
        log_probabilities: (rows, labels).
        rows: what was predicted.
        weights: as `references.weigh_labels` gives them; all the same if None.
    """
    if rows.shares is None:
        return metrics.mean_loss(log_probabilities, rows.labels, weights)
    if rows.is_multi:
        return sets.mean_loss(log_probabilities, rows.shares, weights)
    return targets.cross_entropy(log_probabilities, rows.shares, weights)


def decide(log_probabilities: Floats, thresholds: Floats | None) -> Ints | Flags:
    """Returns the predicted labels, (rows,), or with thresholds the predicted sets, (rows, labels)."""
    if thresholds is None:
        predictions: Ints = log_probabilities.argmax(axis=1)
        return predictions
    return sets.choose(np.exp(log_probabilities), thresholds)


def _accuracy(chosen: Flags, given: Flags) -> float:
    return float((chosen == given).all(axis=1).mean())


def _macro_f1(chosen: Flags, given: Flags) -> float:
    n_both = chosen.sum(axis=0) + given.sum(axis=0)
    return float((2 * (chosen & given).sum(axis=0) / np.maximum(n_both, 1))[n_both > 0].mean())


def _score_labels(chosen: Flags, given: Flags, labels: list[str]) -> dict[str, LabelScores]:
    hits, rows, predicted = (chosen & given).sum(axis=0), given.sum(axis=0), chosen.sum(axis=0)
    return {
        name: LabelScores(
            precision=float(hit / max(guesses, 1)),
            recall=float(hit / max(n_rows, 1)),
            f1=float(2 * hit / max(n_rows + guesses, 1)),
            rows=int(n_rows),
            predicted=int(guesses),
        )
        for name, hit, n_rows, guesses in zip(labels, hits, rows, predicted, strict=True)
    }

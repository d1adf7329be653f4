"""Compares two predictors on the same rows: the difference of macro-F1, and what it may be by chance.

Rows of a group, such as a dialogue, are alike, so that groups and not rows are drawn: a paired bootstrap
(Efron and Tibshirani 1993) over the groups of a split.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

# Indices of labels, (rows,), or sets, (rows, labels).
Predictions: TypeAlias = npt.NDArray[Any]
DRAWS, SEED = 1000, 0
PERCENTILES = (2.5, 97.5)
# At a time: a table of draws and groups.
CELLS = 10_000_000


@dataclass(frozen=True)
class Comparison:
    """How far the macro-F1 of a model is above that of another predictor; below, where negative."""

    split: str
    other: str  # which predictor: a field of `Report`
    difference: float
    low: float  # of the interval in which 95 % of the draws lie
    high: float
    groups: int

    @property
    def is_above(self) -> bool:
        """Whether the model is better by more than chance explains."""
        return self.low > 0


def compare(
    split: str,
    other: str,
    predictions: Predictions,
    other_predictions: Predictions,
    truth: Predictions,
    groups: Ints,
) -> Comparison:
    """Compares the predictions of a model with those of another predictor.

    Args:
        split: the name of the rows.
        other: the name of the predictor.
        predictions: of the model: (rows,), indices of labels; or (rows, labels), whether a row has the label.
        other_predictions: in the same form.
        truth: in the same form.
        groups: (rows,), an index of each row's group, from 0.
    """
    n_groups = int(groups.max()) + 1
    tables = [_count(given, truth, groups, n_groups) for given in (predictions, other_predictions)]
    generator = np.random.default_rng(SEED)
    shares = np.full(n_groups, 1 / n_groups)
    at_a_time = max(1, CELLS // n_groups)
    drawn = []
    for start in range(0, DRAWS, at_a_time):
        times = generator.multinomial(n_groups, shares, min(at_a_time, DRAWS - start)).astype(np.float64)
        drawn.append(_macro_f1(times @ tables[0]) - _macro_f1(times @ tables[1]))
    whole = [float(_macro_f1(table.sum(axis=0, keepdims=True))[0]) for table in tables]
    low, high = np.percentile(np.concatenate(drawn), PERCENTILES)
    return Comparison(split, other, whole[0] - whole[1], float(low), float(high), n_groups)


def _count(predictions: Predictions, truth: Predictions, groups: Ints, n_groups: int) -> Floats:
    """Returns hits of each label and rows plus predictions of each, by group, (groups, 2 * labels)."""
    if truth.ndim == 2:
        flags = np.hstack([predictions & truth, predictions.astype(np.int8) + truth])
        counted = np.zeros((n_groups, flags.shape[1]))
        np.add.at(counted, groups, flags)
        return counted
    classes = truth
    n_labels = int(max(classes.max(), predictions.max())) + 1
    is_right = predictions == classes

    def by_group(which: Ints, owners: Ints) -> Floats:
        counts = np.bincount(owners * n_labels + which, minlength=n_groups * n_labels)
        return counts.reshape(n_groups, n_labels).astype(np.float64)

    hits = by_group(classes[is_right], groups[is_right])
    return np.hstack([hits, by_group(classes, groups) + by_group(predictions, groups)])


def _macro_f1(counted: Floats) -> Floats:
    """Returns the macro-F1 of each row of counts, over the labels that occur, (draws,)."""
    hits, occurs = np.hsplit(counted, 2)
    f1 = 2 * hits / np.maximum(occurs, 1)
    return np.asarray(f1.sum(axis=1) / np.maximum((occurs > 0).sum(axis=1), 1))

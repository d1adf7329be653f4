"""Fits a linear model of sets of labels: a linear SVC for each label, on the same features as `fit`.

How strong the penalty is, is chosen by macro-F1 on the rows that select, with the best threshold of each
label. Weights that make rare labels count more change little beside thresholds, and are not tried
(docs/baseline.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from etl.models.linear.fit import (
    HIGHEST_SCALE,
    LOWEST_SCALE,
    Trial,
    fit_machine,
    make_matrix,
    weigh_features,
)
from etl.models.linear.model import LinearModel, log_sigmoid
from etl.models.training import scoring

if TYPE_CHECKING:
    import scipy.sparse

    from etl.models.training.batches import Rows

    Floats = npt.NDArray[np.float64]
    Flags = npt.NDArray[np.bool_]

PENALTIES = (0.03, 0.1, 0.3)  # C of scikit-learn: the inverse of the penalty
# Of the logit that is added to the margins of a label.
LARGEST_SHIFT = 50.0


def fit_sets(
    train: Rows, selection: Rows, n_ids: int, labels: list[str], *, class_weights: bool = False
) -> tuple[LinearModel, list[Trial]]:
    """Fits a linear model of sets for each penalty, and keeps the one with the highest macro-F1.

    Args:
        train: the training rows, whose `shares` are 1 for each label of a row.
        selection: the rows that choose.
        n_ids: of the encoder.
        labels: of the dataset, in order.
        class_weights: let the rows with a label weigh as much, together, as those without it.
    """
    assert train.shares is not None and selection.shares is not None
    idf = weigh_features(train, n_ids)
    matrix, has_label = make_matrix(train, idf), train.shares > 0
    trials: list[Trial] = []
    models: list[LinearModel] = []
    for penalty in PENALTIES:
        model = _fit(matrix, has_label, idf, penalty, is_balanced=class_weights)
        models.append(_calibrate(model, selection, is_learnt=np.any(model.weights != 0, axis=0)))
        scores = scoring.score_rows(models[-1].predict_rows(selection), selection, labels)
        trials.append(Trial(penalty, class_weights, scores.macro_f1))
    return models[int(np.argmax([trial.macro_f1 for trial in trials]))], trials


def _fit(
    matrix: scipy.sparse.csr_matrix,
    has_label: Flags,
    idf: npt.NDArray[np.float32],
    penalty: float,
    *,
    is_balanced: bool,
) -> LinearModel:
    """Fits an SVC for each label; one that all rows have, or none, has the logit of its share in all rows."""
    n_rows, n_labels = has_label.shape
    weights = np.zeros((matrix.shape[1], n_labels), dtype=np.float32)
    counts = has_label.sum(axis=0)
    bias = np.log((counts + 1) / (n_rows - counts + 1)).astype(np.float32)
    for label in np.flatnonzero((counts > 0) & (counts < n_rows)):
        machine = fit_machine(matrix, has_label[:, label], None, penalty, is_balanced=is_balanced)
        weights[:, label], bias[label] = machine.coef_[0], machine.intercept_[0]
    return LinearModel(idf, weights, bias)


def _calibrate(model: LinearModel, selection: Rows, *, is_learnt: Flags) -> LinearModel:
    """Returns the model with the margins of each label turned into logits, by a factor and a shift.

    Platt 1999, "Probabilistic Outputs for Support Vector Machines", with its targets between 0 and 1: of a
    label that few rows have, no probability is sure.
    """
    assert selection.shares is not None
    margins, has_label = model.score_rows(selection), selection.shares > 0
    factors, shifts = np.ones(len(is_learnt)), np.zeros(len(is_learnt))
    for label in np.flatnonzero(is_learnt):
        factors[label], shifts[label] = _fit_sigmoid(margins[:, label], has_label[:, label])
    bias = model.bias * factors + shifts
    return LinearModel(model.idf, (model.weights * factors).astype(np.float32), bias.astype(np.float32))


def _fit_sigmoid(margins: Floats, has_label: Flags) -> tuple[float, float]:
    """Returns the factor, above 0, and the shift with the lowest loss."""
    from scipy.optimize import minimize
    from scipy.special import expit

    n_with = has_label.sum()
    wanted = np.where(has_label, (n_with + 1) / (n_with + 2), 1 / (len(margins) - n_with + 2))

    def loss(place: Floats) -> tuple[float, Floats]:
        logits = margins * np.exp(place[0]) + place[1]
        lost = -(wanted * log_sigmoid(logits) + (1 - wanted) * log_sigmoid(-logits)).mean()
        slopes = expit(logits) - wanted
        return float(lost), np.array([(slopes * margins).mean() * np.exp(place[0]), slopes.mean()])

    bounds = [(np.log(LOWEST_SCALE), np.log(HIGHEST_SCALE)), (-LARGEST_SHIFT, LARGEST_SHIFT)]
    found = minimize(loss, np.zeros(2), jac=True, bounds=bounds, method="L-BFGS-B")
    return float(np.exp(found.x[0])), float(found.x[1])

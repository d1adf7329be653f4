"""Fits the strongest linear model that was found: a linear SVC on tokens and character n-grams.

How strong the penalty is, and whether rare labels weigh as much as frequent ones, is chosen by macro-F1 on
the rows that select an epoch of other models. docs/baseline.md compares it with others.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from etl.models.linear.features import RESERVED
from etl.models.linear.model import UNSEEN_LOGIT, LinearModel, log_softmax
from etl.models.training import metrics, targets

if TYPE_CHECKING:
    import scipy.sparse
    from sklearn.svm import LinearSVC

    from etl.models.training.batches import Rows

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

PENALTIES = (0.25, 0.5, 1.0)  # C of scikit-learn: the inverse of the penalty
MAX_ITERATIONS = 1000
# Margins times a number are logits; it lies between these.
LOWEST_SCALE, HIGHEST_SCALE = 0.05, 50.0


@dataclass(frozen=True)
class Trial:
    """One choice of settings, scored on the rows that select."""

    penalty: float  # C
    class_weights: bool
    macro_f1: float


def fit_linear(
    train: Rows, selection: Rows, n_ids: int, n_labels: int, *, class_weights: bool = False
) -> tuple[LinearModel, list[Trial]]:
    """Fits a linear model for each choice of settings, and keeps the one with the highest macro-F1.

    Margins become probabilities by one factor, which gives the rows of the selection the lowest loss (Guo et
    al. 2017, temperature scaling).

    Args:
        train: the training rows, with at least two labels; one with votes is a row for each, by its weight.
        selection: the rows that choose, by those that have a label.
        n_ids: of the encoder.
        n_labels: of the dataset.
        class_weights: let rare labels weigh as much as frequent ones; if not, that is chosen too.
    """
    idf = weigh_features(train, n_ids)
    matrix, lines = make_matrix(train, idf), targets.spread_rows(train)
    has_label = selection.labels >= 0
    trials: list[Trial] = []
    best: tuple[float, LinearModel] | None = None
    for is_balanced in (True,) if class_weights else (False, True):
        for penalty in PENALTIES:
            model = _fit(matrix, lines, idf, n_labels, penalty, is_balanced=is_balanced)
            predictions = model.score_rows(selection).argmax(axis=1)[has_label]
            macro_f1 = metrics.macro_f1(metrics.confusion(selection.labels[has_label], predictions, n_labels))
            trials.append(Trial(penalty, is_balanced, macro_f1))
            if best is None or macro_f1 > best[0]:
                best = macro_f1, model
    assert best is not None
    return _scale(best[1], selection), trials


def weigh_features(train: Rows, n_ids: int) -> npt.NDArray[np.float32]:
    """Returns the inverse document frequency of each id, smoothed as scikit-learn does."""
    frequency = np.bincount(train.ids, minlength=n_ids)
    idf = np.log((1 + len(train)) / (1 + frequency)) + 1
    idf[:RESERVED] = 0.0
    return idf.astype(np.float32)


def make_matrix(rows: Rows, idf: npt.NDArray[np.float32]) -> scipy.sparse.csr_matrix:
    """Returns the rows as vectors of length 1, (rows, ids)."""
    from scipy.sparse import csr_matrix

    ids, ends = rows.ids[:-1], np.cumsum(np.where(rows.starts < len(rows.ids) - 1, rows.lengths, 0))
    is_feature = ids >= RESERVED
    ends = np.concatenate([[0], np.cumsum(is_feature)])[np.concatenate([[0], ends])]
    ids = ids[is_feature]
    values = idf[ids].astype(np.float64)
    squares = np.concatenate([[0.0], np.cumsum(values**2)])
    norms = np.sqrt(np.maximum(squares[ends[1:]] - squares[ends[:-1]], np.finfo(np.float32).tiny))
    values /= np.repeat(norms, np.diff(ends))
    return csr_matrix((values, ids, ends), shape=(len(rows), len(idf)))


def _fit(
    matrix: scipy.sparse.csr_matrix,
    lines: tuple[Ints, Ints, Floats | None],
    idf: npt.NDArray[np.float32],
    n_labels: int,
    penalty: float,
    *,
    is_balanced: bool,
) -> LinearModel:
    owners, classes, line_weights = lines
    learnt = matrix if line_weights is None else matrix[owners]
    machine = fit_machine(learnt, classes, line_weights, penalty, is_balanced=is_balanced)
    weights = np.zeros((matrix.shape[1], n_labels), dtype=np.float32)
    bias = np.full(n_labels, UNSEEN_LOGIT, dtype=np.float32)
    is_binary = len(machine.classes_) == 2  # then there is one margin, of the second
    weights[:, machine.classes_] = np.vstack(
        [-machine.coef_, machine.coef_] if is_binary else [machine.coef_]
    ).T
    intercept = machine.intercept_
    bias[machine.classes_] = np.concatenate([-intercept, intercept]) if is_binary else intercept
    return LinearModel(idf, weights, bias)


def fit_machine(
    matrix: scipy.sparse.csr_matrix,
    classes: npt.NDArray[np.generic],
    weights: Floats | None,
    penalty: float,
    *,
    is_balanced: bool,
) -> LinearSVC:
    """Fits scikit-learn's linear SVC.

    Args:
        matrix: (rows, ids).
        classes: (rows,), of two or more.
        weights: (rows,); all the same if None.
        penalty: C.
        is_balanced: whether classes weigh the same.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.svm import LinearSVC

    weight = "balanced" if is_balanced else None
    machine = LinearSVC(C=penalty, class_weight=weight, max_iter=MAX_ITERATIONS, random_state=0)
    with warnings.catch_warnings():
        # A weak penalty may need more passes; what they would change is below what chooses.
        warnings.simplefilter("ignore", ConvergenceWarning)
        machine.fit(matrix, classes, weights)
    return machine


def _scale(model: LinearModel, selection: Rows) -> LinearModel:
    """Returns the model with its margins scaled to logits.

    Each label gets one row more than it has (Platt 1999): without a mistake among the rows, any larger factor
    would be better, and the model certain.
    """
    from scipy.optimize import minimize_scalar

    margins = model.score_rows(selection)
    is_seen = model.bias > UNSEEN_LOGIT
    rows = np.flatnonzero(targets.share_labels(selection, len(is_seen))[:, is_seen].any(axis=1))
    own, shares = margins[rows], targets.share_labels(selection, len(is_seen))[rows] * is_seen
    shares = (len(rows) * shares + is_seen) / (len(rows) + is_seen.sum())

    def loss(log_scale: float) -> float:
        scaled = np.where(is_seen, own * np.exp(log_scale), UNSEEN_LOGIT)
        return targets.cross_entropy(log_softmax(scaled), shares)

    found = minimize_scalar(loss, bounds=(np.log(LOWEST_SCALE), np.log(HIGHEST_SCALE)), method="bounded")
    scale = np.float32(np.exp(found.x)) if len(rows) else np.float32(1.0)
    return LinearModel(
        model.idf, model.weights * scale, np.where(is_seen, model.bias * scale, np.float32(UNSEEN_LOGIT))
    )

"""The predictors that a model is compared with: their log probabilities, (rows, labels), by held-out split.

A constant one, TF-IDF with logistic regression, and the strongest linear model (`etl.models.linear`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from etl.models.linear.features import FeatureEncoder, count_features
from etl.models.linear.fit import Trial, fit_linear
from etl.models.linear.fit_sets import fit_sets
from etl.models.linear.model import LinearModel
from etl.models.training import metrics, scoring, sets, targets, tfidf
from etl.models.training.batches import Rows
from etl.models.training.inputs import Inputs
from etl.models.training.metrics import Scores

LogProbabilities: TypeAlias = Mapping[str, npt.NDArray[np.float64]]  # by split, (rows, labels)


def log_constant(rows: Rows, n_labels: int) -> npt.NDArray[np.float64]:
    """Returns the log probabilities, (labels,), of the constant predictor: the shares of labels in `rows`."""
    counts = targets.count_labels(rows, n_labels)
    # One row with each label and one without are added (Laplace), so that no loss is infinite.
    return np.log((counts + 1) / (len(rows) + 2)) if rows.is_multi else metrics.log_prior(counts)


def predict_constant(inputs: Inputs) -> LogProbabilities:
    """Gives every row of a split the shares of the labels there: no constant answer is better.

    `etl validate` measures the same, so that both name the same accuracy, that of the majority.
    """
    n_labels = len(inputs.dataset.labels)
    return {
        split: np.tile(log_constant(rows, n_labels), (len(rows), 1))
        for split, rows in inputs.held_out.items()
    }


def predict_tfidf(inputs: Inputs) -> LogProbabilities:
    """Predicts with TF-IDF and logistic regression; empty where train has only one label."""
    if has_one_label(inputs):
        return {}
    splits = inputs.held_out
    n_ids, n_labels = len(inputs.encoder), len(inputs.dataset.labels)
    scored = tfidf.fit_predict(inputs.train, list(splits.values()), n_ids, n_labels)
    return dict(zip(splits, scored, strict=True))


@dataclass(frozen=True)
class Linear:
    """The strongest linear model on the rows of a dataset, and what it was chosen from."""

    encoder: FeatureEncoder
    model: LinearModel
    trials: list[Trial]
    predicted: LogProbabilities


def find_linear(inputs: Inputs, *, class_weights: bool = False) -> Linear:
    """Trains the strongest linear model.

    Args:
        inputs: the rows, with at least two labels in train.
        class_weights: let rare labels weigh as much as frequent ones; if not, that is chosen too.
    """
    labels, encoder = inputs.dataset.labels, count_features(inputs.frames["train"])
    train = encoder.encode(inputs.frames["train"], labels)
    held_out = {split: encoder.encode(inputs.frames[split], labels) for split in inputs.held_out}
    selection = held_out[inputs.selection_split]
    if train.is_multi:
        model, trials = fit_sets(train, selection, len(encoder), labels, class_weights=class_weights)
    else:
        model, trials = fit_linear(train, selection, len(encoder), len(labels), class_weights=class_weights)
    predicted = {split: model.predict_rows(rows) for split, rows in held_out.items()}
    return Linear(encoder, model, trials, predicted)


def predict_linear(inputs: Inputs) -> LogProbabilities:
    """Predicts with the strongest linear model; empty where train has only one label."""
    return {} if has_one_label(inputs) else find_linear(inputs).predicted


def score_all(inputs: Inputs, log_probabilities: LogProbabilities) -> dict[str, Scores]:
    """Scores the predictions of one predictor by split."""
    thresholds = find_thresholds(inputs, log_probabilities)
    return {
        split: scoring.score_rows(own, rows, inputs.dataset.labels, thresholds)
        for split, rows in inputs.held_out.items()
        if (own := log_probabilities.get(split)) is not None
    }


def find_thresholds(inputs: Inputs, log_probabilities: LogProbabilities) -> npt.NDArray[np.float64] | None:
    """Returns the thresholds of sets of labels, (labels,), by the rows that select; None without sets."""
    split = inputs.selection_split
    shares = inputs.held_out[split].shares
    if shares is None or not inputs.train.is_multi or split not in log_probabilities:
        return None
    return sets.find_thresholds(log_probabilities[split], shares > 0)


def has_one_label(inputs: Inputs) -> bool:
    """Returns whether all training rows have the same label: then there is nothing to fit."""
    return int(np.count_nonzero(targets.count_labels(inputs.train, len(inputs.dataset.labels)))) == 1


def weigh_labels(rows: Rows, n_labels: int) -> npt.NDArray[np.float64]:
    """Returns weights of the labels with which all labels count the same in the loss; their mean is 1.

    The mean is over the rows; the weight of a label without rows is 0.

    Returns:
        (labels,); of sets (2, labels), since there the rows with a label count the same as those without it.
    """
    counts = targets.count_labels(rows, n_labels)
    if rows.is_multi:
        counts = np.where(counts > 0, [counts, len(rows) - counts], 0.0)
    is_found = counts > 0
    same = counts.sum() / (is_found.sum() * np.where(is_found, counts, 1.0))
    return np.where(is_found, same, 0.0)

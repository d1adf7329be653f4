"""The predictors that a model is compared with: a constant one, and TF-IDF with logistic regression."""

from __future__ import annotations

import numpy as np

from etl.models.training import metrics, tfidf
from etl.models.training.batches import Rows
from etl.models.training.inputs import Inputs
from etl.models.training.metrics import Scores


def score_constant(inputs: Inputs) -> dict[str, Scores]:
    """Scores, by held-out split, the predictor that gives every row the shares of the labels in train."""
    labels = inputs.dataset.labels
    prior = metrics.log_prior(inputs.train.labels, len(labels))
    return {
        split: metrics.score(np.tile(prior, (len(rows), 1)), rows.labels, rows.sources, labels)
        for split, rows in inputs.held_out.items()
    }


def score_tfidf(inputs: Inputs) -> dict[str, Scores]:
    """Scores TF-IDF with logistic regression by held-out split; empty where train has only one label."""
    if len(np.unique(inputs.train.labels)) == 1:
        return {}
    labels, splits = inputs.dataset.labels, inputs.held_out
    scored = tfidf.fit_predict(inputs.train, list(splits.values()), len(inputs.encoder), len(labels))
    return {
        split: metrics.score(own, rows.labels, rows.sources, labels)
        for (split, rows), own in zip(splits.items(), scored, strict=True)
    }


def weigh_labels(rows: Rows, n_labels: int) -> list[float]:
    """Returns weights of the labels with which all labels count the same in the loss; their mean is 1.

    The mean is over the rows; the weight of a label without rows is 0.
    """
    counts = np.bincount(rows.labels, minlength=n_labels)
    n_found = int((counts > 0).sum())
    return [len(rows) / (n_found * int(count)) if count else 0.0 for count in counts]

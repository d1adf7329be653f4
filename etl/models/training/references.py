"""What a model is compared with: the constant predictor, and TF-IDF with logistic regression."""

from __future__ import annotations

import numpy as np

from etl.models.training import metrics, tfidf
from etl.models.training.batches import Rows
from etl.models.training.inputs import Inputs
from etl.models.training.metrics import Scores


def constant_scores(inputs: Inputs) -> dict[str, Scores]:
    """By held-out split: the predictor that gives every row the shares of the labels in train."""

    labels = inputs.dataset.labels
    prior = metrics.log_prior(inputs.train.labels, len(labels))
    return {
        split: metrics.score(np.tile(prior, (len(rows), 1)), rows.labels, rows.sources, labels)
        for split, rows in inputs.held_out.items()
    }


def tfidf_scores(inputs: Inputs) -> dict[str, Scores]:
    """By held-out split: TF-IDF with logistic regression; none where train has only one label."""

    if len(np.unique(inputs.train.labels)) == 1:
        return {}
    labels, splits = inputs.dataset.labels, inputs.held_out
    scored = tfidf.log_probabilities(inputs.train, list(splits.values()), len(inputs.vocabulary), len(labels))
    return {
        split: metrics.score(own, rows.labels, rows.sources, labels)
        for (split, rows), own in zip(splits.items(), scored, strict=True)
    }


def label_weights(rows: Rows, n_labels: int) -> list[float]:
    """What a row of each label weighs so that all labels weigh the same: 1 is the mean over the rows.

    A label without rows weighs nothing.
    """

    counts = np.bincount(rows.labels, minlength=n_labels)
    n_found = int((counts > 0).sum())
    return [len(rows) / (n_found * int(count)) if count else 0.0 for count in counts]

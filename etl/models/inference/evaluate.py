"""Scores a saved model on rows whose labels are known."""

from __future__ import annotations

from etl.dataset.read import Dataset
from etl.models.checkpoint import Checkpoint, check_same_dataset, read_rows
from etl.models.training import scoring
from etl.models.training.metrics import Scores


def evaluate(checkpoint: Checkpoint, dataset: Dataset, split: str) -> Scores:
    """Scores a model on one split of the dataset it was trained on.

    Raises:
        InputError: the dataset is damaged, or is not the model's.
    """
    check_same_dataset(checkpoint, dataset)
    rows = read_rows(checkpoint, dataset, split)
    predicted = checkpoint.predict_rows(rows)
    return scoring.score_rows(predicted, rows, dataset.labels, checkpoint.thresholds)

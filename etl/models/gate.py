"""Compares a new model with the one in use, on the same held-out rows: whether it may take its place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from etl.dataset.read import Dataset
from etl.models.checkpoint import Checkpoint, load_model
from etl.models.training import scoring
from etl.models.training.compare import Comparison, Predictions, compare
from etl.models.training.inputs import read_frames

SPLITS = ("test", "validation")


def compare_models(model: Path, earlier: Path, dataset: Dataset) -> Comparison | None:
    """Returns how far the macro-F1 of a model is above that of an earlier one, on test or else validation.

    Args:
        model, earlier: their folders.
        dataset: what the first was trained on; its labels are those of both.

    Returns:
        The comparison; None if the models have other labels, or no held-out row has one.

    Raises:
        InputError: a model or the dataset is damaged.
        SettingsError: a package that a model needs is not installed.
    """
    checkpoints = [load_model(folder) for folder in (model, earlier)]
    if any(list(checkpoint.card.labels) != dataset.labels for checkpoint in checkpoints):
        return None
    if len({checkpoint.thresholds is None for checkpoint in checkpoints}) > 1:
        return None
    for split in SPLITS:
        [own, theirs] = [_predict(checkpoint, dataset, split) for checkpoint in checkpoints]
        if len(own.truth):
            return compare(split, "published", own.predictions, theirs.predictions, own.truth, own.groups)
    return None


@dataclass(frozen=True)
class _Answers:
    """The predictions of a model on the rows of a split that have a label, and what these rows have."""

    predictions: Predictions
    truth: Predictions
    groups: npt.NDArray[np.int64]


def _predict(checkpoint: Checkpoint, dataset: Dataset, split: str) -> _Answers:
    encoder = checkpoint.encoder
    frame = read_frames(dataset, (split,), checkpoint.preparation, encoder.column)[split]
    if frame.is_empty():
        return _Answers(np.zeros(0), np.zeros(0), np.zeros(0, np.int64))
    rows = encoder.cut(encoder.encode(frame, dataset.labels), checkpoint.max_len)
    is_set = checkpoint.thresholds is not None
    has_label = np.full(len(rows), fill_value=True) if is_set else rows.labels >= 0
    truth: Predictions = rows.shares > 0 if is_set and rows.shares is not None else rows.labels
    predictions = scoring.decide(checkpoint.predict_rows(rows), checkpoint.thresholds)
    groups = frame["group"].filter(pl.Series(has_label)).rank("dense").to_numpy().astype(np.int64) - 1
    return _Answers(predictions[has_label], truth[has_label], groups)

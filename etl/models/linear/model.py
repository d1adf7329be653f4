"""A linear model on the features of a row: TF-IDF without counts, one weight for each feature and label.

It is numpy alone, so that it predicts where torch is not installed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from etl.models.training.batches import Rows

    Floats = npt.NDArray[np.float64]

# Of a label without training rows: no other is ever as low.
UNSEEN_LOGIT = -100.0
CHUNK = 4096  # rows


@dataclass(frozen=True)
class LinearModel:
    """`idf` (ids,) is 0 where an id is no feature, `weights` (ids, labels), `bias` (labels,)."""

    idf: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]

    def predict_rows(self, rows: Rows) -> Floats:
        """Returns log probabilities, (rows, labels); of sets, of each label alone."""
        logits = self.score_rows(rows)
        return log_sigmoid(logits) if rows.is_multi else log_softmax(logits)

    def score_rows(self, rows: Rows) -> Floats:
        """Returns logits, (rows, labels)."""
        scored = np.empty((len(rows), len(self.bias)))
        for start in range(0, len(rows), CHUNK):
            members = np.arange(start, min(start + CHUNK, len(rows)))
            scored[members] = self._score(rows, members)
        return scored

    def _score(self, rows: Rows, members: npt.NDArray[np.int64]) -> Floats:
        lengths = rows.lengths[members]
        ends = np.cumsum(lengths)
        firsts = ends - lengths
        ids = rows.ids[np.arange(ends[-1]) + np.repeat(rows.starts[members] - firsts, lengths)]
        idf = self.idf[ids].astype(np.float64)
        # A row without features has nothing to divide by.
        norms = np.maximum(np.sqrt(np.add.reduceat(idf**2, firsts)), np.finfo(np.float32).tiny)
        sums = np.add.reduceat(idf[:, None] * self.weights[ids], firsts)
        return np.asarray(sums / norms[:, None] + self.bias)


def log_sigmoid(logits: Floats) -> Floats:
    """Returns the log probability of each label alone, in the shape of the logits."""
    return np.asarray(-np.logaddexp(0.0, -logits))


def log_softmax(logits: Floats) -> Floats:
    """Returns log probabilities, (rows, labels)."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))

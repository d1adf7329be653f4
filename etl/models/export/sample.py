"""The held-out sentences on which an exported file is compared with its model."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from etl.models.checkpoint import Checkpoint
from etl.models.training.batches import Rows, in_order_of_length

CHUNK = 512


@dataclass(frozen=True)
class Sample:
    """Held-out rows as the exported file gets them, and the probabilities that the model gives."""

    split: str
    rows_of_split: int
    ids: npt.NDArray[np.int32]  # (rows, max_len), padded at the right
    probabilities: npt.NDArray[np.float64]  # (rows, labels), the model's, each batch padded as in training
    rows: Rows  # the same, as the model gets them
    indices: npt.NDArray[np.int64]  # (rows,), which of the split they are
    thresholds: npt.NDArray[np.float64] | None  # (labels,), of a model of sets

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.rows)

    def own_ids(self) -> list[list[int]]:
        """Returns the ids of each row without padding; a row without ids is one of padding."""
        most = self.ids.shape[1]
        ends = self.rows.starts + np.minimum(self.rows.lengths, most)
        return [self.rows.ids[start:end].tolist() for start, end in zip(self.rows.starts, ends, strict=True)]


def draw_sample(
    checkpoint: Checkpoint, split: str, rows: Rows, most: int, max_len: int, padding_id: int
) -> Sample:
    """Takes at most `most` rows, spread evenly over the split, and predicts them with the model.

    Args:
        checkpoint: the model.
        split: the name of the split.
        rows: all its rows.
        most: how many to take.
        max_len: the most ids of a row.
        padding_id: fills rows up.
    """
    indices = np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(np.int64))
    taken = replace(
        rows,
        starts=rows.starts[indices],
        lengths=rows.lengths[indices],
        labels=rows.labels[indices],
        sources=rows.sources[indices],
        shares=None if rows.shares is None else rows.shares[indices],
    )
    ids = np.full((len(taken), max_len), padding_id, dtype=np.int32)
    for batch in in_order_of_length(taken, CHUNK, max_len):
        ids[batch.rows, : batch.ids.shape[1]] = batch.ids
    probabilities = np.exp(checkpoint.predict_rows(taken, max_len))
    return Sample(split, len(rows), ids, probabilities, taken, indices, checkpoint.thresholds)

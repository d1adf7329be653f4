"""The model: embedding, one LSTM, the mean and the maximum over its steps, a linear layer to the labels.

A class of torch has to be there when this module is imported, so torch is imported at its top: import the
module inside functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from etl.errors import InputError

if TYPE_CHECKING:
    from etl.train.batches import Rows
    from etl.train.settings import TrainSettings


class Lstm(nn.Module):
    """Ids (batch, time) and lengths (batch,) to logits (batch, labels).

    One direction and padding at the right: a row's logits do not depend on how far its batch is padded.
    """

    def __init__(self, n_ids: int, n_labels: int, settings: TrainSettings):
        """Draws the weights from torch's seed; the embedding has one row for each of `n_ids` ids."""
        super().__init__()
        # Sparse gradients: a step touches the rows of the batch's tokens, not the whole vocabulary.
        self.embedding = nn.Embedding(n_ids, settings.embedding, padding_idx=0, sparse=True)
        self.lstm = nn.LSTM(settings.embedding, settings.hidden, batch_first=True)
        self.dropout = nn.Dropout(settings.dropout)
        self.output = nn.Linear(2 * settings.hidden, n_labels)
        with torch.no_grad():
            self.embedding.weight.mul_(0.1)  # N(0, 1), the default, saturates the gates

    def forward(self, ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Logits, (batch, labels)."""
        embedded = self.dropout(self.embedding(ids))  # (batch, time, embedding)
        steps, _ = self.lstm(embedded)  # (batch, time, hidden)
        is_token = (torch.arange(ids.shape[1], device=ids.device) < lengths[:, None])[:, :, None]
        mean = (steps * is_token).sum(dim=1) / lengths[:, None]
        highest = steps.masked_fill(~is_token, -1.0).amax(dim=1)  # -1 is below every output of an LSTM
        logits: torch.Tensor = self.output(self.dropout(torch.cat([mean, highest], dim=1)))
        return logits


def check_fits(model: Lstm, rows: Rows) -> None:
    """Refuses ids and labels that the model has no place for, before an index is out of range.

    Raises:
        InputError: with both sizes.
    """
    for name, highest, size in (
        ("token id", int(rows.ids.max()), model.embedding.num_embeddings),
        ("label", int(rows.labels.max(initial=0)), model.output.out_features),
    ):
        if highest >= size:
            raise InputError(
                f"the rows do not fit the model: a {name} is out of its range",
                details=[
                    f"expected each {name} to be below {size:,}, the model's size, got up to {highest:,}"
                ],
                cause="The model and the rows were made with two different vocabularies or taxonomies.",
                next_step="build the vocabulary with `etl build-vocab DATASET`, then train again",
            )

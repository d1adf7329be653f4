"""The classifier: a pre-trained encoder of Hugging Face transformers with a head for the labels.

A class of torch has to be there when this module is imported, so torch is imported at its top: import the
module inside functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class SequenceClassifier(nn.Module):
    """Ids of word pieces (batch, time) and lengths (batch,) to logits (batch, labels).

    Called as the baseline networks are, so that the same loop trains it and the same export writes it:
    what is attended to is derived from the lengths.
    """

    def __init__(self, network: PreTrainedModel):
        """`network` is a model for sequence classification."""
        super().__init__()
        self.network = network

    def forward(self, ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Logits, (batch, labels)."""
        is_piece = torch.arange(ids.shape[1], device=ids.device) < lengths[:, None]  # (batch, time)
        logits: torch.Tensor = self.network(input_ids=ids, attention_mask=is_piece.long()).logits
        return logits

    @property
    def embedding(self) -> nn.Embedding:
        """The vectors of the word pieces."""
        found = self.network.get_input_embeddings()
        assert isinstance(found, nn.Embedding)
        return found

    @property
    def output(self) -> nn.Linear:
        """The layer that gives the logits: the last of the head."""
        return [layer for layer in self.network.modules() if isinstance(layer, nn.Linear)][-1]

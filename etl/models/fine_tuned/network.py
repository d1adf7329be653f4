"""The network: a pre-trained encoder of Hugging Face transformers with a head for the labels.

torch is imported at the top, since its classes are needed to define ours: import this module in functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class SequenceClassifier(nn.Module):
    """Ids of word pieces (batch, time) and lengths (batch,) to logits (batch, labels).

    It has the interface of the baseline networks, so that the same loop trains it and the same export writes
    it. The attention mask is derived from the lengths.
    """

    def __init__(self, network: PreTrainedModel):
        """Wraps `network`, a model for sequence classification."""
        super().__init__()
        self.network = network

    def forward(self, ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Returns logits, (batch, labels)."""
        is_piece = torch.arange(ids.shape[1], device=ids.device) < lengths[:, None]  # (batch, time)
        logits: torch.Tensor = self.network(input_ids=ids, attention_mask=is_piece.long()).logits
        return logits

    @property
    def embedding(self) -> nn.Embedding:
        """The embedding of the word pieces."""
        embedding = self.network.get_input_embeddings()
        assert isinstance(embedding, nn.Embedding)
        return embedding

    @property
    def output(self) -> nn.Linear:
        """The layer that gives the logits: the last of the head."""
        return [layer for layer in self.network.modules() if isinstance(layer, nn.Linear)][-1]

"""What is exported: a model that needs nothing but ids, and gives probabilities.

A class of torch has to be there when this module is imported, so torch is imported at its top: import the
module inside functions.
"""

from __future__ import annotations

import torch
from torch import nn


class Standalone(nn.Module):
    """Ids (batch, time) int32 to probabilities (batch, labels) float32.

    The lengths are read off the padding, so that who calls it hands over ids and nothing else. A row without
    tokens is all padding, and counts as one token of padding, as it does in training.
    """

    def __init__(self, model: nn.Module, padding_id: int):
        """`model` takes ids and lengths, and gives logits."""
        super().__init__()
        self.model = model
        self.padding_id = padding_id

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Probabilities, (batch, labels)."""
        lengths = (ids != self.padding_id).long().sum(dim=1).clamp(min=1)
        logits: torch.Tensor = self.model(ids.long(), lengths)
        return torch.softmax(logits, dim=1)


class Named(nn.Module):
    """The same, its output under a name, which a converter takes over."""

    def __init__(self, standalone: nn.Module):
        super().__init__()
        self.standalone = standalone

    def forward(self, ids: torch.Tensor) -> dict[str, torch.Tensor]:
        """Probabilities, (batch, labels)."""
        return {"probabilities": self.standalone(ids)}

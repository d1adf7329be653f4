"""The module that is exported: ids in, probabilities out.

torch is imported at the top, since its classes are needed to define ours: import this module in functions.
"""

from __future__ import annotations

import torch
from torch import nn


class Standalone(nn.Module):
    """Ids (batch, time) int32 to probabilities (batch, labels) float32.

    The lengths are derived from the padding, so that a caller passes ids and nothing else. A row without
    tokens is all padding, and counts as one token of padding, as in training.
    """

    def __init__(self, model: nn.Module, padding_id: int, *, is_multi: bool = False):
        """Wraps `model`, which takes ids and lengths, and returns logits; `is_multi`: of sets of labels."""
        super().__init__()
        self.model = model
        self.padding_id = padding_id
        self.is_multi = is_multi

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Returns probabilities, (batch, labels)."""
        # Up to the last id that is no padding: a text that spells [PAD] has such ids inside.
        places = torch.arange(1, ids.shape[1] + 1, dtype=torch.int32)
        lengths = ((ids != self.padding_id).int() * places).amax(dim=1).clamp(min=1).long()
        logits: torch.Tensor = self.model(ids.long(), lengths)
        return torch.sigmoid(logits) if self.is_multi else torch.softmax(logits, dim=1)


class NamedOutput(nn.Module):
    """Gives the output of `Standalone` a name, which the converter of LiteRT keeps."""

    def __init__(self, standalone: nn.Module):
        super().__init__()
        self.standalone = standalone

    def forward(self, ids: torch.Tensor) -> dict[str, torch.Tensor]:
        """Returns probabilities, (batch, labels)."""
        return {"probabilities": self.standalone(ids)}

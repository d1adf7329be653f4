"""The networks: ids and lengths in, one logit for each label out.

Padding stands at the right and changes nothing: the logits of a row do not depend on its batch. No network
packs sequences or branches on its input, so each can be exported as it is. `numpy_network.py` predicts with
the same weights.

torch is imported at the top, since its classes are needed to define ours: import this module in functions.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import nn

from etl.models.baseline.shapes import CNN_WIDTHS, TRANSFORMER_HEADS, TRANSFORMER_LAYERS

if TYPE_CHECKING:
    from etl.models.baseline.settings import TrainSettings


class Model(nn.Module):
    """Embedding, an encoder, the mean and the maximum over the steps of a row, a linear layer.

    The architectures differ in `encoder`: (batch, time, embedding), (batch, time) → (batch, time, features).
    """

    def __init__(self, n_ids: int, n_labels: int, settings: TrainSettings, encoder: nn.Module, features: int):
        """Draws the weights from torch's random generator.

        Args:
            n_ids: the rows of the embedding.
            n_labels: the number of logits.
            settings: sizes and dropout.
            encoder: turns embedded rows into steps.
            features: the width of its steps.
        """
        super().__init__()
        # Sparse gradients: a step touches the rows of the batch's tokens, not the whole vocabulary.
        self.embedding = nn.Embedding(n_ids, settings.embedding, padding_idx=0, sparse=True)
        self.encoder = encoder
        self.dropout = nn.Dropout(settings.dropout)
        self.output = nn.Linear(2 * features, n_labels)
        with torch.no_grad():
            self.embedding.weight.mul_(0.1)  # N(0, 1), the default, saturates the gates

    def forward(self, ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Returns logits, (batch, labels).

        Args:
            ids: (batch, time), padded at the right with 0.
            lengths: (batch,), each at least 1: a row without tokens is one id of padding.
        """
        is_token = torch.arange(ids.shape[1], device=ids.device) < lengths[:, None]  # (batch, time)
        embedded = self.embedding(ids)
        # One mask for all steps of a row (Gal and Ghahramani 2016): cheaper to draw than one for each.
        mask = self.dropout(torch.ones_like(embedded[:, :1]))
        steps = self.encoder(embedded * mask, is_token)  # (batch, time, features)
        outside = ~is_token[:, :, None]
        mean = steps.masked_fill(outside, 0.0).sum(dim=1) / lengths[:, None]
        highest = steps.masked_fill(outside, -1e4).amax(dim=1)  # within the range of half precision
        logits: torch.Tensor = self.output(self.dropout(torch.cat([mean, highest], dim=1)))
        return logits


class Forward(nn.Module):
    """A recurrent layer from left to right."""

    def __init__(self, layer: nn.LSTM | nn.GRU):
        super().__init__()
        self.layer = layer

    def forward(self, embedded: torch.Tensor, is_token: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        """Returns steps, (batch, time, hidden)."""
        steps: torch.Tensor = self.layer(embedded)[0]
        return steps


class BothWays(nn.Module):
    """Two LSTM layers; the second reads each row from its last token to its first."""

    def __init__(self, settings: TrainSettings):
        super().__init__()
        self.forwards = nn.LSTM(settings.embedding, settings.hidden, batch_first=True)
        self.backwards = nn.LSTM(settings.embedding, settings.hidden, batch_first=True)

    def forward(self, embedded: torch.Tensor, is_token: torch.Tensor) -> torch.Tensor:
        """Returns steps, (batch, time, 2 * hidden)."""
        # Only the tokens are reversed: the last token comes first, and the padding stays at the right.
        step = torch.arange(embedded.shape[1], device=embedded.device)
        reverse = torch.where(is_token, is_token.sum(dim=1, keepdim=True) - 1 - step, step)[:, :, None]
        forwards = self.forwards(embedded)[0]
        backwards = self.backwards(embedded.gather(1, reverse.expand_as(embedded)))[0]
        return torch.cat([forwards, backwards.gather(1, reverse.expand_as(backwards))], dim=2)


class Convolutions(nn.Module):
    """Convolutions over 2, 3 and 4 neighbouring tokens (Kim 2014, "Convolutional Neural Networks for Sentence
    Classification", with this package's pooling).
    """

    def __init__(self, settings: TrainSettings):
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Conv1d(settings.embedding, settings.hidden, width) for width in CNN_WIDTHS
        )

    def forward(self, embedded: torch.Tensor, is_token: torch.Tensor) -> torch.Tensor:
        """Returns steps, (batch, time, 3 * hidden)."""
        over_time = embedded.masked_fill(~is_token[:, :, None], 0.0).transpose(1, 2)
        convolved = [
            layer(nn.functional.pad(over_time, (0, width - 1))).relu()
            for width, layer in zip(CNN_WIDTHS, self.layers, strict=True)
        ]
        return torch.cat(convolved, dim=1).transpose(1, 2)


class SelfAttention(nn.Module):
    """Two layers of a transformer's encoder, with the fixed sine positions of Vaswani et al. 2017."""

    def __init__(self, settings: TrainSettings):
        super().__init__()
        width = settings.hidden
        self.enter = nn.Linear(settings.embedding, width)
        layer = nn.TransformerEncoderLayer(
            width, TRANSFORMER_HEADS, 2 * width, settings.dropout, batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, TRANSFORMER_LAYERS, enable_nested_tensor=False)

    def forward(self, embedded: torch.Tensor, is_token: torch.Tensor) -> torch.Tensor:
        """Returns steps, (batch, time, hidden)."""
        entered = self.enter(embedded)
        steps: torch.Tensor = self.layers(entered + positions(entered), src_key_padding_mask=~is_token)
        return steps


def positions(steps: torch.Tensor) -> torch.Tensor:
    """Returns the sines and cosines of each position, (time, features)."""
    time, features = steps.shape[1:]
    position = torch.arange(time, device=steps.device, dtype=steps.dtype)[:, None]
    even = torch.arange(0, features, 2, device=steps.device, dtype=steps.dtype)
    angles = position * torch.exp(even * (-math.log(10_000.0) / features))
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)[:, :features]


def build_network(n_ids: int, n_labels: int, settings: TrainSettings) -> Model:
    """Returns the network of `settings.model`, its weights drawn from torch's random generator."""
    width = settings.hidden
    match settings.model:
        case "lstm":
            encoder: nn.Module = Forward(nn.LSTM(settings.embedding, width, batch_first=True))
            features = width
        case "gru":
            encoder, features = Forward(nn.GRU(settings.embedding, width, batch_first=True)), width
        case "bilstm":
            encoder, features = BothWays(settings), 2 * width
        case "cnn":
            encoder, features = Convolutions(settings), len(CNN_WIDTHS) * width
        case "transformer":
            encoder, features = SelfAttention(settings), width
    return Model(n_ids, n_labels, settings, encoder, features)

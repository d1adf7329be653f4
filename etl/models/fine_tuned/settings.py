"""The settings of fine-tuning. They are saved with the model, so that it can be trained again."""

from __future__ import annotations

import msgspec

from etl.models.training.settings import MaxLen, Rate, Seed
from etl.settings import Positive, Share


class FineTuneSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that determines the weights, except the pre-trained ones.

    `max_len` None takes the 99th percentile of the training rows' lengths in word pieces. The learning rate
    rises for the share `warmup` of all steps, then falls to 0. `patience` is the number of epochs without a
    better macro-F1 after which training stops.
    """

    epochs: Positive = 5
    batch_size: Positive = 32
    lr: Rate = 0.00005
    warmup: Share = 0.1
    weight_decay: Share = 0.01
    seed: Seed = 42
    max_len: MaxLen | None = None
    class_weights: bool = False
    patience: Positive = 2

"""The settings of a baseline. They are saved with the model, so that it can be trained again."""

from __future__ import annotations

from typing import Literal

import msgspec

from etl.models.training.settings import MaxLen, Rate, Seed
from etl.settings import Positive, Share, Tokens

Architecture = Literal["lstm", "bilstm", "gru", "cnn", "transformer"]


class TrainSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that determines the weights; the device is not part of it.

    `model` is the architecture (see `network.py`); `tokens` the key tokens of the dataset, or all that its
    tagger finds. `max_len` None takes the 99th percentile of the training rows' lengths. `class_weights`
    weighs each label by the inverse of its share. `patience` is the number of epochs without a better
    macro-F1 after which training stops.

    `averaging` is the share that earlier epochs keep in the average of the weights, which is what is scored
    and saved: after each epoch, average = averaging * average + (1 - averaging) * weights. With 0 the weights
    are taken as they are. (An average over the path of training lies where the loss is flatter: Izmailov et
    al. 2018, "Averaging Weights Leads to Wider Optima and Better Generalization".)
    """

    model: Architecture = "bilstm"
    tokens: Tokens = "key"
    epochs: Positive = 20
    batch_size: Positive = 64
    lr: Rate = 0.001
    seed: Seed = 42
    max_len: MaxLen | None = None
    class_weights: bool = False
    embedding: Positive = 128
    hidden: Positive = 128
    dropout: Share = 0.5
    averaging: Share = 0.6
    patience: Positive = 3

"""The settings of fine-tuning. They are saved with the model, so that it can be made again."""

from __future__ import annotations

from typing import Annotated

import msgspec

from etl.models.baseline.settings import Rate, TrainSettings
from etl.settings import Positive, Share


class FineTuneSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What decides the weights, but for those that fine-tuning starts from.

    `max_len` None takes the 99th percentile of the training rows' lengths in word pieces. The learning rate
    rises for the share `warmup` of all steps, then falls to 0. `patience` is the number of epochs without a
    better macro-F1 after which training stops.
    """

    epochs: Positive = 5
    batch_size: Positive = 32
    lr: Rate = 0.00005
    warmup: Share = 0.1
    weight_decay: Share = 0.01
    seed: Annotated[int, msgspec.Meta(ge=0)] = 42
    max_len: Positive | None = None
    class_weights: bool = False
    patience: Positive = 2


def of_the_loop(settings: FineTuneSettings) -> TrainSettings:
    """The part that the training loop knows."""
    return TrainSettings(
        model="transformer",
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        lr=settings.lr,
        seed=settings.seed,
        max_len=settings.max_len,
        class_weights=settings.class_weights,
        averaging=0.0,  # the learning rate falls to 0, which ends at one point too
        patience=settings.patience,
    )

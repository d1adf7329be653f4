"""The types and names that the settings of all kinds of models share."""

from __future__ import annotations

from typing import Annotated, Literal, Protocol

import msgspec

Rate = Annotated[float, msgspec.Meta(gt=0.0)]
Seed = Annotated[int, msgspec.Meta(ge=0)]
Device = Literal["auto", "cpu", "cuda"]


class LoopSettings(Protocol):
    """The settings that the training loop reads: those that `TrainSettings` and `FineTuneSettings` share."""

    @property
    def epochs(self) -> int:
        """At most."""
        ...

    @property
    def batch_size(self) -> int:
        """Rows per step."""
        ...

    @property
    def seed(self) -> int:
        """Of weights, batches and dropout."""
        ...

    @property
    def max_len(self) -> int | None:
        """The most ids of a row; None where it has not been derived from the training rows yet."""
        ...

    @property
    def class_weights(self) -> bool:
        """Whether each label is weighed by the inverse of its share."""
        ...

    @property
    def patience(self) -> int:
        """The number of epochs without a better macro-F1 after which training stops."""
        ...

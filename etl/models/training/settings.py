"""The types and names that the settings of all kinds of models share."""

from __future__ import annotations

from typing import Annotated, Literal, Protocol, TypeVar

import msgspec

from etl.errors import SettingsError
from etl.language.message import tr
from etl.user_files.key_errors import describe

# No sentence has more tokens, and what is padded to the length (`etl export`) stays in memory.
MAX_LEN = 99_999
MaxLen = Annotated[int, msgspec.Meta(ge=1, le=MAX_LEN)]
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


Kind = TypeVar("Kind", bound=msgspec.Struct)


def check_settings(settings: Kind) -> Kind:
    """Returns settings of training whose values are all within their limits.

    Raises:
        SettingsError: one is not; a program may have made them without any check.
    """
    values = msgspec.to_builtins(settings)
    try:
        return msgspec.convert(values, type(settings))
    except msgspec.ValidationError as error:
        raise SettingsError(
            tr("these settings cannot be used for training"),
            details=[describe(error, values, type(settings))],
            next_step=tr("correct them: {settings} says what each may be.", settings=type(settings).__name__),
        ) from error

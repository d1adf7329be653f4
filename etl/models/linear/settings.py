"""The settings of a linear model. They are saved with it, so that it can be trained again."""

from __future__ import annotations

import msgspec

from etl.settings import Tokens


class LinearSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that determines the weights, beside the rows.

    `tokens` are the key tokens of the dataset, or all that its tagger finds. `class_weights` weighs each
    label by the inverse of its share; without it, validation chooses whether to.
    """

    tokens: Tokens = "key"
    class_weights: bool = False

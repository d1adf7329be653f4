"""Messages in JSON: as their English text, or as what they are made of, where people may read them later."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from etl.language.message import Message


class StoredMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a `Message` is made of; its fields are described there."""

    template: str
    values: dict[str, str | int | float | StoredMessage | None] = {}
    template_of_many: str = ""
    number: int | None = None


Stored = str | StoredMessage


def in_english(value: Any) -> str:
    """Returns the English text of a message: the `enc_hook` of msgspec for what only programs read.

    Raises:
        NotImplementedError: it is no message; msgspec says of what it is that it cannot be encoded.
    """
    if isinstance(value, Message):
        return str(value)
    raise NotImplementedError


def store(text: str) -> Stored:
    """Returns a text as it can be encoded, of a message what it is made of."""
    if not isinstance(text, Message):
        return text
    try:
        values = {name: _store_value(value) for name, value in text.values.items()}
        stored = StoredMessage(text.template, values, text.template_of_many, text.number)
        return stored if restore(stored) == text else str(text)
    except ValueError:  # a value is of a type with a format of its own, such as a time, or JSON has it not
        return str(text)


def restore(stored: Stored) -> str:
    """Returns the text that was stored."""
    if isinstance(stored, str):
        return stored
    values = {
        name: restore(value) if isinstance(value, StoredMessage) else value
        for name, value in stored.values.items()
    }
    return Message(stored.template, values, stored.template_of_many, stored.number)


def _store_value(value: object) -> str | int | float | StoredMessage | None:
    if isinstance(value, str):
        return store(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"JSON has no {value}")
    return value if value is None or isinstance(value, int | float) else str(value)

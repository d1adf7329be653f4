"""Fills the values into a translated text, in Korean with the particle that fits the value before it."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from etl.language import particles

# What a translation may write behind the name of a value, after a format: {file:A/B}, {rows:,A/B}.
PARTICLE = re.compile(r"(?P<spec>.*?)(?P<pair>[\uac00-\ud7a3]+/[\uac00-\ud7a3]+)")


class Filler(string.Formatter):
    """`str.format` that translates the messages among the values, and chooses particles.

    Args:
        translated: says a message in the user's language.
    """

    def __init__(self, translated: Callable[[str], str]):
        self._translated = translated

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Looks a value up; a message is translated."""
        value, used = super().get_field(field_name, args, kwargs)
        return (self._translated(value) if isinstance(value, str) else value), used

    def format_field(self, value: Any, format_spec: str) -> Any:
        """Formats a value, with the particle that its specification ends with."""
        found = PARTICLE.fullmatch(format_spec)
        if not found:
            return super().format_field(value, format_spec)
        shown = super().format_field(value, found["spec"])
        return shown + particles.fitting(shown, found["pair"])

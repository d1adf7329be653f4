"""Messages out of what other libraries say, which is English and one string: each is known by its form."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Sequence

from etl.language.message import Message

# A regular expression, and the message with the names of its groups. Those of `forms_of` keep the English.
Form = tuple[str, Message]

# In characters. Longer ones quote a whole value of the user's, and to try where each name of a form may end
# takes a power of the length.
LONGEST = 1000


def recognise(text: str, forms: Sequence[Form]) -> str:
    """Returns the message that a text is, or the text where it has none of the forms.

    Args:
        text: what a library says; one longer than `LONGEST` has none of the forms.
        forms: the first that fits the whole text decides; what its groups hold is recognised, too.
    """
    for pattern, message in forms if len(text) <= LONGEST else ():
        found = re.fullmatch(pattern, text, re.DOTALL)
        if found:
            return Message(
                message.template, {name: recognise(part, forms) for name, part in found.groupdict().items()}
            )
    return text


def forms_of(messages: Iterable[Message]) -> list[Form]:
    """Returns the form of each message: the texts that its English makes, whatever its values are.

    Args:
        messages: made without values; of two that begin alike, the longer one first.
    """
    return [(_pattern(message.template), message) for message in messages]


def _pattern(template: str) -> str:
    """The texts that a template makes, as a regular expression with its names."""
    names: set[str] = set()
    parts: list[str] = []
    for text, name, _, _ in string.Formatter().parse(template):
        parts.append(re.escape(text))
        if name:
            parts.append(f"(?P={name})" if name in names else f"(?P<{name}>.+)")
            names.add(name)
    return "".join(parts)

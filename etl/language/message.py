"""Texts of the tool that can be said in another language when somebody reads them.

A message is its English text, so that what programs read (JSON, logs, `str(error)`, comparisons) is the same
in every language. Where people read (the terminal, a report, a page), `translated` says it in theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from etl.language import catalogue


class Message(str):
    """The English text of a message, which knows what it was made of.

    What makes another text of it, other than `+` and `joined`, leaves an English `str`: `join`, an f-string.

    Args:
        template: the English text, with the names of its values in braces as in `str.format`.
        values: the values; a message among them is translated with the whole, and so is that of an error. Not
            every error can be pickled, so what it says is kept, and not itself.
        template_of_many: the English text for a number other than 1.
        number: how many the text is about, where that decides between the two.
    """

    template: str
    values: Mapping[str, object]
    template_of_many: str
    number: int | None

    def __new__(
        cls,
        template: str,
        values: Mapping[str, object] | None = None,
        template_of_many: str = "",
        number: int | None = None,
    ) -> Message:
        """Makes the English text."""
        values = {name: _said(value) for name, value in (values or {}).items()}
        chosen = template if number is None or number == 1 else template_of_many
        message = super().__new__(cls, chosen.format_map(values) if values else chosen)
        message.template, message.values = template, values
        message.template_of_many, message.number = template_of_many, number
        return message

    def __add__(self, other: str) -> Message:
        """Returns a message that goes on with a text or another message."""
        return joined("", (self, other))

    def __radd__(self, other: str) -> Message:
        """Returns a message that begins with a text."""
        return joined("", (other, self))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles what it was made of, so that it arrives whole from another process."""
        return Message, (self.template, dict(self.values), self.template_of_many, self.number)


def tr(template: str, /, **values: object) -> Message:
    """Returns a message; `make messages` collects the templates that are written in a call of this.

    Args:
        template: the English text, with the names of `values` in braces as in `str.format`. Without values it
            is taken as it is.
        values: what is filled in, in every language.
    """
    return Message(template, values)


def plural(of_one: str, of_many: str, number: int, /, **values: object) -> Message:
    """Returns a message that depends on a number, which its text may call `{number}`.

    Args:
        of_one: the English text for 1.
        of_many: the English text for every other number.
        number: how many.
        values: further values.
    """
    return Message(of_one, {"number": number, **values}, of_many, number)


def joined(separator: str, parts: Iterable[object]) -> Message:
    """Returns what `separator.join(parts)` does, in which each message is still one."""
    values = {f"part{place}": part for place, part in enumerate(parts)}
    if not values:
        return Message("")
    return Message(_escaped(separator).join(f"{{{name}}}" for name in values), values)


def by_english(*messages: Message) -> dict[str, Message]:
    """Returns messages by their English texts, for words that JSON has and people read."""
    return {str(message): message for message in messages}


def translated(text: object, language: str | None = None) -> str:
    """Returns a message in a language, by default the user's, and anything else as `str` shows it."""
    # Of nothing gettext answers with the header of the catalogue.
    if not isinstance(text, Message) or not text.template:
        return str(text)
    language = language or catalogue.current()
    if language == catalogue.ENGLISH:
        return str(text)
    template = catalogue.look_up(text.template, text.template_of_many, text.number, language)
    if not text.values:
        return template
    from etl.language.fill import Filler

    return Filler(partial(translated, language=language)).vformat(template, (), text.values)


def _said(value: object) -> object:
    """What an error says, as the message that it was given if it says just that; any other value as it is."""
    if not isinstance(value, BaseException):
        return value
    from etl.language.library_words import said

    return said(value)


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")

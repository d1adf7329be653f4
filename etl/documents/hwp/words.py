"""The words of a paragraph of Hangul, put together from pieces between marks of fields, notes and objects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from etl.documents.formal.soft_breaks import join_soft_breaks
from etl.documents.passage import Passage

# Lists of paragraphs (cells, boxes, notes) in each other. The editor itself stops far earlier.
MAX_DEPTH = 100
_OBJECT = "\ufffc"
# Where a table or a box stood between two sentences there is no blank; within a word it leaves nothing.
_BETWEEN_SENTENCES = re.compile(rf"(?<=[.!?…]){_OBJECT}+(?=[^\W\d])")
# A soft hyphen is seen at the end of a line only; other marks without a width are kept, as in any text.
_AS_TEXT = {ord("\u00ad"): None, ord(_OBJECT): None, ord("\ufeff"): None} | dict.fromkeys(
    map(ord, "\u00a0\u2002\u2003\u2007\u202f\t\r\v\f"), " "
)
_AS_TEXT |= {code: None for code in range(32) if chr(code) not in "\t\n\v\f\r"}


@dataclass(slots=True)
class Words:
    """The pieces of one paragraph, and the form fields that are open.

    Args:
        pieces: in order.
        fields: where each open field begins, and its direction.
    """

    pieces: list[str] = field(default_factory=list)
    fields: list[tuple[int, str]] = field(default_factory=list)

    def write(self, text: str) -> None:
        """Adds a piece."""
        self.pieces.append(text)

    def leave_object(self) -> None:
        """Marks the place of a table, a box or a picture."""
        self.pieces.append(_OBJECT)

    def begin_field(self, direction: str) -> None:
        """Begins a field; one without a direction has an empty one."""
        self.fields.append((len(self.pieces), direction.strip()))

    def end_field(self) -> None:
        """Ends the innermost field, and takes its text back where that is only its direction."""
        if not self.fields:
            return  # it began in an earlier paragraph
        first, direction = self.fields.pop()
        if direction and "".join(self.pieces[first:]).strip() == direction:
            del self.pieces[first:]

    def text(self) -> str:
        """The text; what is no character of a language is a blank, or nothing."""
        while self.fields:
            self.end_field()
        return _BETWEEN_SENTENCES.sub(" ", "".join(self.pieces)).translate(_AS_TEXT)


@dataclass(slots=True)
class Paragraph:
    """What was read of one paragraph.

    Args:
        text: its words.
        objects: the tables, boxes and notes that are anchored in it.
        goes_on: whether its end was deleted, so that the next paragraph belongs to it.
    """

    text: str
    objects: list[Any]
    goes_on: bool = False


def joined(read: Iterable[Paragraph]) -> Iterator[Paragraph]:
    """Joins paragraphs whose end was deleted with the next one."""
    begun: list[Paragraph] = []
    for paragraph in read:
        begun.append(paragraph)
        if not paragraph.goes_on:
            yield _one(begun)
            begun = []
    if begun:
        yield _one(begun)


def _one(parts: list[Paragraph]) -> Paragraph:
    if len(parts) == 1:
        return parts[0]
    return Paragraph("".join(part.text for part in parts), [each for part in parts for each in part.objects])


def setting_of(settings: str, key: str) -> str:
    """Returns the value of a setting, or nothing.

    Args:
        settings: one after the other, `key:wstring:length:value`.
        key: of one of them.
    """
    found = re.search(rf"\b{key}:wstring:(\d{{1,5}}):", settings)
    return settings[found.end() : found.end() + int(found[1])] if found else ""


def passages_of(texts: Iterable[str]) -> Iterator[Passage]:
    """The passages of the texts of paragraphs: those without words are counted, and left out."""
    for position, text in enumerate(texts, start=1):
        for paragraph in join_soft_breaks(text):
            yield Passage(paragraph, "formal", "paragraph", position)

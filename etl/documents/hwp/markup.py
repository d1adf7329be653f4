"""The paragraphs of a section of HWPX.

Elements are known by their local names: each edition of the form has namespaces of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

from etl.documents.hwp.words import Paragraph, Words, joined, setting_of

# Nobody reads these in the body.
_PASSED_OVER = frozenset(
    {
        "secPr",
        "masterPage",
        "header",
        "footer",
        "hiddenComment",
        "memogroup",
        "memo",
        "linesegarray",
        "metaTag",
    }
)
_TRANSPARENT = frozenset({"run", "ctrl", "insertBegin", "insertEnd"})
_CHARACTERS = {"lineBreak": "\n", "tab": "\t", "nbSpace": " ", "fwSpace": " ", "hyphen": "-"}
_NOTES = frozenset({"footNote", "endNote"})
# What an object shows, by its attribute. The caption of a push button is a command.
_SHOWN = {"checkBtn": "caption", "radioBtn": "caption", "comboBox": "selectedValue", "textart": "text"}
_LINE_END = re.compile("\u240d?\u240a")  # as word art writes it
_NUMBERS_OF_NOTES = frozenset({"FOOTNOTE", "ENDNOTE"})


@dataclass(slots=True)
class _Reading:
    """What was read of a paragraph so far.

    Args:
        words: of it.
        objects: the elements of tables, boxes and notes that are anchored in it.
        deletions: how many tracked deletions are open; one may end in a later paragraph.
        takes_end: whether a deletion has taken the end of the paragraph.
    """

    words: Words
    objects: list[Any]
    deletions: int
    takes_end: bool = False


def texts_of(element: Any) -> Iterator[str]:
    """Reads the paragraphs below an element, and after each those of its tables, boxes and notes.

    Args:
        element: a section, or an object in a paragraph. The parser limits how deep it is.
    """
    name = _local(element.tag)
    if name in _SHOWN:
        yield _LINE_END.sub("\n", element.get(_SHOWN[name], ""))
    elif name == "edit":
        yield "".join(text for child in element.iterchildren("{*}text") for text in child.itertext())
    for are_paragraphs, children in groupby(_children(element), key=lambda child: _local(child.tag) == "p"):
        if are_paragraphs:
            for paragraph in joined(_paragraphs(children)):
                yield paragraph.text
                for each in paragraph.objects:
                    yield from texts_of(each)
        else:  # some programs write tables between paragraphs
            for child in children:
                if _local(child.tag) not in _PASSED_OVER:
                    yield from texts_of(child)


def _paragraphs(elements: Iterable[Any]) -> Iterator[Paragraph]:
    deletions = 0
    for element in elements:
        reading = _Reading(Words(), [], deletions)
        _read(element, reading)
        deletions = reading.deletions
        yield Paragraph(reading.words.text(), reading.objects, reading.takes_end or deletions > 0)


@lru_cache(maxsize=1024)
def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _children(element: Any) -> Iterator[Any]:
    """The children of an element; of alternatives, the first."""
    for child in element:
        if _local(child.tag) == "switch":
            yield from _children(child[0]) if len(child) else ()
        else:
            yield child


def _read(element: Any, reading: _Reading) -> None:
    for child in _children(element):
        name = _local(child.tag)
        if name == "t":
            _read_text(child, reading)
        elif name in _TRANSPARENT:
            _read(child, reading)
        else:
            _read_one(name, child, reading)


def _read_text(element: Any, reading: _Reading) -> None:
    _write(reading, element.text)
    for child in element:
        _read_one(_local(child.tag), child, reading)
        _write(reading, child.tail)


def _write(reading: _Reading, text: str | None) -> None:
    if text and not reading.deletions:
        reading.words.write(text)


def _read_one(name: str, element: Any, reading: _Reading) -> None:
    """Reads an element that is one character, one mark or one object."""
    if name == "deleteBegin":
        reading.deletions += 1
    elif name == "deleteEnd":
        reading.deletions = max(reading.deletions - 1, 0)
        reading.takes_end = element.get("paraend") in {"1", "true"}
    elif reading.deletions:
        return
    elif name == "fieldBegin":
        reading.words.begin_field(_direction(element))
    elif name == "fieldEnd":
        reading.words.end_field()
    elif (text := _in_line(name, element)) is not None:
        reading.words.write(text)
    elif name not in _PASSED_OVER and (len(element) or name in _SHOWN):
        if name not in _NOTES:
            reading.words.leave_object()
        reading.objects.append(element)


def _in_line(name: str, element: Any) -> str | None:
    """The text of an element that stands for some characters; None of any other."""
    if name in _CHARACTERS:
        return _CHARACTERS[name]
    if name == "autoNum":
        return "" if element.get("numType") in _NUMBERS_OF_NOTES else str(element.get("num", ""))
    if name == "dutmal":  # letters with others above or below them, which gloss them
        return "".join(text for child in element.iterchildren("{*}mainText") for text in child.itertext())
    return str(element.get("composeText", "")) if name == "compose" else None


def _direction(element: Any) -> str:
    """What a form field shows while it is empty."""
    settings = {each.get("name"): each.text or "" for each in element.iter("{*}stringParam")}
    return settings.get("Direction") or setting_of(settings.get("Command", ""), "Direction")

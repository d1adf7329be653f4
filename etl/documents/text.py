"""Bytes of a text file to its text, and lines to paragraphs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from etl.errors import InputError
from etl.language.message import tr
from etl.text.encoding import decode_text

# Programs wrap at 72 to 80 columns, in which a Hangul syllable takes two.
_WRAPPED_COLUMNS = 50
_IS_ENDED = re.compile(r"[.?!…。:;)\]\"'”’~]$")
_BEGINS_ANEW = re.compile(r"[-*•·▶■□○●◆◇※#\[<(]|\d+[.)]")


def decode(content: bytes, name: str) -> str:
    """The text of a file in UTF-8, UTF-16 with a BOM, cp949 or ISO-2022-KR; lines end with a line feed.

    Args:
        content: the whole file.
        name: of the file, for the error.

    Raises:
        InputError: it is in none of these encodings, or no text.
    """
    try:
        text, _ = decode_text(content, name)
    except InputError as error:
        raise InputError(
            tr("the encoding of {name} is not known", name=name),
            details=error.details,
            cause=tr("It was saved in another encoding, it is damaged, or it is not text."),
            next_step=tr("save it as UTF-8."),
        ) from error
    if "\0" in text:
        raise InputError(
            tr("{name} is not text", name=name),
            details=[tr("expected text, got a NUL at character {place:,}", place=text.index(chr(0)))],
            cause=tr("It is a file of a program, UTF-16 without its first two bytes, or damaged."),
            next_step=tr("save it from that program as .docx, .pdf or UTF-8 text."),
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def paragraphs(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Joins the lines that a program has wrapped.

    A line goes on in the next one if it is long and does not end like a sentence. A blank line ends a
    paragraph.

    Args:
        lines: with their numbers.

    Yields:
        Each paragraph with the number of its first line; none is blank.
    """
    first, gathered = 0, list[str]()
    for number, line in lines:
        stripped = line.strip()
        if gathered and (not stripped or not goes_on(gathered[-1], stripped)):
            yield first, " ".join(gathered)
            gathered = []
        if stripped:
            first = first if gathered else number
            gathered.append(stripped)
    if gathered:
        yield first, " ".join(gathered)


def goes_on(line: str, following: str) -> bool:
    """Whether a program has wrapped a line: it is long, does not end like a sentence, and no list follows."""
    if not may_go_on(line, following):
        return False
    columns = sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)
    return columns >= _WRAPPED_COLUMNS


def may_go_on(line: str, following: str) -> bool:
    """Whether a line does not end like a sentence, and no item of a list follows."""
    return not (_IS_ENDED.search(line) or _BEGINS_ANEW.match(following))

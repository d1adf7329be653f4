"""Takes out of the library how it cuts an eojeol: the patterns of KoreanChunker, written for Python.

Runs in the process of `etl.tagging.okt.dump`, as only Java can say which characters a class of its own holds.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from etl.tagging.okt import scala
from etl.tagging.okt.cut import CHARACTERS
from etl.tagging.okt.java_regex import Ranges, UnknownSyntaxError, translate

_CHUNKER = "tokenizer.KoreanChunker"
_FIRST_PAIR = (
    0x10000 - 0x800
)  # where U+10000 stands in a string of all characters in order, without surrogates


def patterns() -> list[tuple[str, str | None]]:
    """The kinds of pieces in the order in which the library searches them, each with its pattern.

    Where a pattern cannot be written for Python, None stands in its place.
    """
    found = {str(pair._1()): pair._2() for pair in scala.each(scala.private(_CHUNKER, "POS_PATTERNS"))}
    order = [str(kind) for kind in scala.each(scala.private(_CHUNKER, "CHUNKING_ORDER"))]
    return [(kind, _translated(found[kind])) for kind in order]


def _translated(pattern: Any) -> str | None:
    flags = int(pattern.flags())
    try:
        return translate(str(pattern.pattern()), flags, lambda written: _characters(written, flags))
    except UnknownSyntaxError:
        return None


@cache
def _characters(written: str, flags: int) -> Ranges:
    """Which characters Java finds in a class: it searches a text of all that matter."""
    import jpype

    ranges = []
    matcher = jpype.java.util.regex.Pattern.compile(f"(?:{written})+", flags).matcher(_text())
    while matcher.find():
        if _is_inside_pair(matcher.start()):
            raise UnknownSyntaxError(f"{written[:20]!r} matches half of a character")
        ranges.append((_code(matcher.start()), _code(matcher.end() - 1)))
    return ranges


@cache
def _text() -> Any:
    import jpype

    return jpype.java.lang.String("".join(map(chr, _codes())))


@cache
def _codes() -> list[int]:
    return [code for codes in CHARACTERS for code in codes]


def _is_inside_pair(place: int) -> bool:
    return place > _FIRST_PAIR and (place - _FIRST_PAIR) % 2 == 1


def _code(place: int) -> int:
    """The character at a place in the text."""
    beyond = max(place - _FIRST_PAIR, 0)
    return _codes()[place - beyond + beyond // 2]

r"""Writes a regular expression of Python's `re`, or of Rust's regex, as one of JavaScript or Java.

What a class such as `\s` holds, what `$` and `.` mean and what ignoring case means differ between the four,
so all of it is written out. The translated pattern stands in a pack (`etl.models.export.pack.preparation`),
and a reader compiles it with no flag but `u` in JavaScript. Syntax that may mean another thing is refused.

A reference to a group that took no part in the match fails in Python and matches nothing in JavaScript: the
patterns here refer to groups that surely took part. Texts have no halves of surrogate pairs.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import cache
from typing import Literal

Source = Literal["python", "rust"]
Dialect = Literal["javascript", "java"]

_SYNTAX = re.compile(
    r"(?P<same>\(\?P=(?P<of>[a-zA-Z][a-zA-Z0-9]*)\))"
    r"|(?P<open>\((?:\?(?:<[=!]|[:=!>]|P?<(?P<name>[a-zA-Z][a-zA-Z0-9]*)>))?)(?!\?)"
    r"|(?P<frame>[)|])"
    r"|(?P<repeat>(?:[?*+]|\{\d+(?:,\d*)?\})\??)(?![+?])"
    r"|(?P<anchor>\^|\$|\\[AZbz])"
    r"|(?P<number>\\[1-9])(?!\d)"
    r"|(?P<dot>\.)"
    r"|(?P<characters>\[\^?(?:\\(?:[pPux]\{\w+\}|.)|[^\]\\])+\]"
    r"|\\(?:[pPux]\{\w+\}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[^\d])|[^\\\[\]{}?*+])",
    re.DOTALL | re.ASCII,
)
_ITEM = re.compile(
    r"\\p\{(?P<property>[A-Z][a-z]?)\}|\\(?P<named>[sdw])"
    r"|\\(?:x\{(?P<x>[0-9a-fA-F]+)\}|u\{(?P<u>[0-9a-fA-F]+)\}"
    r"|x(?P<x2>[0-9a-fA-F]{2})|u(?P<u4>[0-9a-fA-F]{4})|U(?P<u8>[0-9a-fA-F]{8}))"
    r"|\\(?P<control>[ntrfv])|\\(?P<itself>[^\w\s])|(?P<plain>[^\\])",
    re.DOTALL | re.ASCII,
)
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}
_SETS_OF_RUST = re.compile(r"&&|--|~~|(?<!\\)\[")
_RUST_SPACE = (
    *((0x09, 0x0D), (0x20, 0x20), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A)),
    *((0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000)),
)
_PYTHON_SPACE = (*_RUST_SPACE, (0x1C, 0x1F))
_WORD = r"\p{L}\p{N}_"
_LAST_CASED = 0x1F000  # no letter beyond has a lower or upper case
_FIRST_SYLLABLE, _LAST_SYLLABLE = 0xAC00, 0xD7A3


class UnknownSyntaxError(ValueError):
    """The pattern holds something that may mean another thing in the other language."""


@dataclass(frozen=True)
class _Characters:
    """A class of characters: ranges of code points, and properties as they are written in all languages."""

    ranges: tuple[tuple[int, int], ...]
    properties: str
    is_negated: bool = False

    def inside(self, dialect: Dialect) -> str:
        written = "".join(
            _escaped(first, dialect)
            if first == last
            else f"{_escaped(first, dialect)}-{_escaped(last, dialect)}"
            for first, last in self.ranges
        )
        return self.properties + written

    def text(self, dialect: Dialect) -> str:
        is_one = len(self.ranges) == 1 and self.ranges[0][0] == self.ranges[0][1] and not self.properties
        if is_one and not self.is_negated:
            return self.inside(dialect)
        return f"[{'^' * self.is_negated}{self.inside(dialect)}]"


def translate(
    pattern: str,
    source: Source = "python",
    dialect: Dialect = "javascript",
    *,
    is_case_insensitive: bool = False,
    is_dot_all: bool = False,
) -> str:
    r"""Returns a pattern that matches the same; groups keep names and numbers.

    Args:
        pattern: for a `str`, without flags within it.
        source: the language that it was written for. Rust's is searched, so its flag `u` is set.
        dialect: the language to write it for: JavaScript with the flag `u` alone, or Java without flags,
            and so that Android's ICU reads it as well.
        is_case_insensitive: the flag `re.IGNORECASE`.
        is_dot_all: the flag `re.DOTALL`.

    Raises:
        UnknownSyntaxError: it holds something that may not mean the same.
    """
    translator = _Translator(pattern, source, dialect, is_case_insensitive, is_dot_all)
    return translator.translated()


class _Translator:
    def __init__(self, pattern: str, source: Source, dialect: Dialect, ignores_case: bool, is_dot_all: bool):
        self._pattern, self._source, self._dialect = pattern, source, dialect
        self._ignores_case, self._is_dot_all = ignores_case, is_dot_all
        self._written: list[str] = []
        self._closings: list[str] = []  # of the groups that are open
        self._n_atomic, self._has_number = 0, False
        self._at = 0

    def translated(self) -> str:
        while self._at < len(self._pattern):
            found = _SYNTAX.match(self._pattern, self._at)
            if not found:
                raise self._unknown()
            self._written.append(self._part(found))
            self._at = found.end()
        if self._closings or (self._n_atomic and self._has_number and self._dialect == "javascript"):
            raise self._unknown()
        return "".join(self._written)

    def _part(self, found: re.Match[str]) -> str:
        if found["open"]:
            return self._opened(found)
        if found["frame"] == ")":
            return self._closed()
        if found["same"] or found["number"]:
            if self._ignores_case or self._source == "rust":
                raise self._unknown()
            self._has_number |= bool(found["number"])
            return f"(?:{found['number']})" if found["number"] else rf"\k<{found['of']}>"
        if found["anchor"]:
            return self._anchor(found["anchor"])
        if found["dot"]:
            everything = _Characters(((0, sys.maxunicode),), "")
            line = _Characters(((10, 10),), "", is_negated=True)
            return (everything if self._is_dot_all else line).text(self._dialect)
        if found["characters"]:
            return self._characters(found["characters"]).text(self._dialect)
        return found[0]  # | or a repeat

    def _closed(self) -> str:
        if not self._closings:
            raise self._unknown()
        return self._closings.pop()

    def _opened(self, found: re.Match[str]) -> str:
        if found["name"]:
            self._closings.append(")")
            return f"(?<{found['name']}>"
        if found["open"] == "(?>" and self._dialect == "javascript":
            # What a lookahead has matched is not matched in another way later.
            name = f"atomic{self._n_atomic}"
            self._n_atomic += 1
            self._closings.append(rf"))\k<{name}>)")
            return f"(?:(?=(?<{name}>"
        self._closings.append(")")
        return found["open"]

    def _anchor(self, anchor: str) -> str:
        end = "$" if self._dialect == "javascript" else r"\z"
        if anchor in {"^", r"\A"}:
            return "^"
        if anchor == r"\b" and self._source == "python":
            return rf"(?:(?<=[{_WORD}])(?![{_WORD}])|(?<![{_WORD}])(?=[{_WORD}]))"
        if anchor == "$" and self._source == "python":
            return rf"(?=\u000a?{end})"
        if anchor == ("$" if self._source == "rust" else r"\Z"):
            return end
        raise self._unknown()

    def _characters(self, text: str) -> _Characters:
        """Parses a character, an escape or a class."""
        is_class = text[0] == "[" and len(text) > 1
        is_negated = text.startswith("[^")
        inside = text[1 + is_negated : -1] if is_class else text
        if self._source == "rust" and is_class and _SETS_OF_RUST.search(inside):
            raise self._unknown()
        if not is_class and text in {r"\S", r"\D", r"\W"}:
            inside, is_negated = text.lower(), True
        ranges, properties = self._items(inside)
        if self._ignores_case:
            cased = re.findall(text if is_class else f"(?:{text})", _cased(), re.IGNORECASE)
            if is_negated:
                cased = sorted({*_cased()}.difference(cased))
            ranges += [(ord(each), ord(each)) for each in cased]
        return _Characters(_merged(ranges), properties, is_negated)

    def _items(self, inside: str) -> tuple[list[tuple[int, int]], str]:
        ranges: list[tuple[int, int]] = []
        properties, at = "", 0
        while at < len(inside):
            item, at = self._item(inside, at)
            if item["property"]:
                properties += item[0]
            elif item["named"]:
                ranges += self._named(item["named"])
                properties += {"s": "", "d": r"\p{Nd}", "w": r"\p{L}\p{N}"}[item["named"]]
            elif inside[at : at + 1] == "-" and at + 1 < len(inside):
                last, at = self._item(inside, at + 1)
                if last["property"] or last["named"]:
                    raise self._unknown()
                ranges.append((_code(item), _code(last)))
            else:
                ranges.append((_code(item), _code(item)))
        return ranges, properties

    def _item(self, inside: str, at: int) -> tuple[re.Match[str], int]:
        item = _ITEM.match(inside, at)
        if not item:
            raise self._unknown()
        if self._source == "python" and (item["property"] or item["x"] or item["u"]):
            raise self._unknown()
        return item, item.end()

    def _named(self, name: str) -> list[tuple[int, int]]:
        if name == "w":
            if self._source == "rust":  # its words have marks and joiners in them
                raise self._unknown()
            return [(ord("_"), ord("_"))]
        spaces = _PYTHON_SPACE if self._source == "python" else _RUST_SPACE
        return [*spaces] if name == "s" else []

    def _unknown(self) -> UnknownSyntaxError:
        return UnknownSyntaxError(f"{self._pattern[self._at : self._at + 20]!r} at {self._at}")


def _code(item: re.Match[str]) -> int:
    number = item["x"] or item["u"] or item["x2"] or item["u4"] or item["u8"]
    if number:
        return int(number, 16)
    return ord(_CONTROLS[item["control"]] if item["control"] else item["itself"] or item["plain"])


def _merged(ranges: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        else:
            merged.append((first, last))
    return tuple(merged)


def _escaped(code: int, dialect: Dialect) -> str:
    character = chr(code)
    is_plain = character.isascii() and character.isalnum()
    if is_plain or _FIRST_SYLLABLE <= code <= _LAST_SYLLABLE:
        return character
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    return f"\\u{{{code:x}}}" if dialect == "javascript" else f"\\x{{{code:x}}}"


@cache
def _cased() -> str:
    """All characters that ignoring case may confuse with another."""
    return "".join(
        character
        for character in map(chr, range(_LAST_CASED))
        if character.lower() != character or character.upper() != character
    )

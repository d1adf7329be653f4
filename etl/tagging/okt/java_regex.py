r"""Writes a regular expression of Java's as one of Python's `re` that matches the same, or refuses to.

Both search alike: leftmost, with backtracking, the first alternative first. What they do not agree on is
what belongs to a class of characters (`\p{Alnum}`, `[^\p{L}]`, `\s`), which depends on the language, its
version and the flags. So no class is translated: whoever calls says which characters Java itself finds in
it. What is left is the frame of groups, alternatives and repeats, and anything in it that is not known to
mean the same is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby, product
from typing import NoReturn

CASE_INSENSITIVE = 2  # Pattern.CASE_INSENSITIVE; without Pattern.UNICODE_CASE it is about ASCII alone

# The characters that Java finds in a class: the first and last of each range.
Ranges = Sequence[tuple[int, int]]
CharactersOf = Callable[[str], Ranges]

_GROUP = re.compile(r"\((\?(?:<=|[:=!>]))?(?!\?)")
_ESCAPE = re.compile(r"\\(?:(?P<itself>[^\w\s])|[sdwSDW]|[pP]\{\w+\}|u[0-9a-fA-F]{4})", re.ASCII)
_IN_CLASS = re.compile(r"\\[^QE]|(?P<opens>\[)(?!\^?\])\^?|(?P<closes>\])|[^\[\]\\]", re.DOTALL)
_REPEAT = re.compile(r"([?*+]|\{\d+(?:,\d*)?\})(\+?)", re.ASCII)
# Java's $ also stands before a line break that ends the text. No eojeol has \n or \r.
_ANCHORS = {"^": r"\A", "$": r"(?=[\x85\u2028\u2029]?\Z)"}


class UnknownSyntaxError(ValueError):
    """The pattern holds something that may mean another thing in Python."""


@dataclass(frozen=True)
class _Part:
    """One thing of those that follow one another in a pattern.

    Args:
        text: it in Python.
        choices: what else it can be written as, `[ab]?` as `[ab]` or nothing; none where that is not known.
        may_be_empty: whether it may match without a character.
    """

    text: str
    choices: tuple[str, ...] = ()
    may_be_empty: bool = False


def translate(pattern: str, flags: int, characters_of: CharactersOf) -> str:
    r"""The pattern for `re.compile` without flags. Its groups capture nothing.

    Args:
        pattern: what `java.util.regex.Pattern.pattern()` says.
        flags: what its `flags()` says.
        characters_of: what Java finds in a class under these flags.

    Raises:
        UnknownSyntaxError: no pattern is known that surely matches the same in text without \n and \r.
    """
    if flags & ~CASE_INSENSITIVE:
        raise UnknownSyntaxError(f"flags {flags}")
    parser = _Parser(pattern, bool(flags & CASE_INSENSITIVE), characters_of)
    rows = parser.alternatives()
    if parser.at < len(pattern):
        parser.refuse()
    return _joined(rows)


class _Parser:
    def __init__(self, pattern: str, ignores_case: bool, characters_of: CharactersOf):
        self.at = 0
        self._pattern, self._ignores_case, self._characters_of = pattern, ignores_case, characters_of

    def alternatives(self) -> list[list[_Part]]:
        """Reads to the end of the group, or of the pattern."""
        rows: list[list[_Part]] = [[]]
        while self._next() not in {"", ")"}:
            if self._next() == "|":
                self.at += 1
                rows.append([])
            else:
                rows[-1].append(self._part())
        return rows

    def refuse(self) -> NoReturn:
        raise UnknownSyntaxError(f"{self._pattern[self.at : self.at + 20]!r} at {self.at}")

    def _next(self) -> str:
        return self._pattern[self.at : self.at + 1]

    def _part(self) -> _Part:
        if anchor := _ANCHORS.get(self._next()):
            self.at += 1
            return _Part(anchor, may_be_empty=True)
        if self._next() == "(":
            return self._group()
        characters = _set(self._characters())
        return self._repeated(_Part(characters, choices=(characters,)))

    def _group(self) -> _Part:
        opening = _GROUP.match(self._pattern, self.at)
        if not opening:
            self.refuse()
        self.at = opening.end()
        rows = self.alternatives()
        if self._next() != ")":
            self.refuse()
        self.at += 1
        kind = opening[1] or "?:"
        if kind == "?<=":
            return _Part(_lookbehind(rows), may_be_empty=True)
        if kind in {"?=", "?!"}:
            return _Part(f"({kind}{_joined(rows)})", may_be_empty=True)
        may_be_empty = any(all(part.may_be_empty for part in row) for row in rows)
        return self._repeated(_Part(f"({kind}{_joined(rows)})", may_be_empty=may_be_empty))

    def _repeated(self, part: _Part) -> _Part:
        repeat = _REPEAT.match(self._pattern, self.at)
        if not repeat:
            return part
        times, possessive = repeat.groups()
        # Whether a repeat of nothing ends at once is not the same in all versions of either language.
        if (part.may_be_empty and times != "?") or (possessive and times.startswith("{")):
            self.refuse()
        self.at = repeat.end()
        # Python's own possessive repeats had errors before 3.11.5; an atomic group means the same.
        text = f"(?>{part.text}{times})" if possessive else part.text + times
        choices = (*part.choices, "") if times == "?" and part.choices else ()
        may_be_empty = part.may_be_empty or times[0] in "?*" or times.startswith("{0")
        return _Part(text, choices, may_be_empty)

    def _characters(self) -> Ranges:
        """Parses the character, escape or class at the current position."""
        literal, end = self._next(), self.at + 1
        if literal == "[":
            literal, end = "", self._end_of_class()
        elif literal == ".":
            literal = ""
        elif literal == "\\":
            escape = _ESCAPE.match(self._pattern, self.at)
            if not escape:
                self.refuse()
            literal, end = escape["itself"] or "", escape.end()
        elif literal in "?*+{":
            self.refuse()
        ranges = self._literal(literal) if literal else self._characters_of(self._pattern[self.at : end])
        if not ranges:
            self.refuse()
        self.at = end
        return ranges

    def _literal(self, character: str) -> Ranges:
        if 0xD800 <= ord(character) <= 0xDFFF:
            return []
        if self._ignores_case and character.isascii():
            return [(ord(each), ord(each)) for each in sorted({character.upper(), character.lower()})]
        return [(ord(character), ord(character))]

    def _end_of_class(self) -> int:
        at, depth = self.at, 0
        while depth or at == self.at:
            found = _IN_CLASS.match(self._pattern, at)
            if not found:
                self.refuse()
            at = found.end()
            depth += bool(found["opens"]) - bool(found["closes"])
        return at


def _set(ranges: Ranges) -> str:
    written = "".join(_escaped(a) if a == b else f"{_escaped(a)}-{_escaped(b)}" for a, b in ranges)
    return written if len(ranges) == 1 and ranges[0][0] == ranges[0][1] else f"[{written}]"


def _escaped(code: int) -> str:
    return chr(code) if code < 128 and chr(code).isalnum() else f"\\U{code:08x}"


def _joined(rows: list[list[_Part]]) -> str:
    """Alternatives, with what neighbours begin with written once: `com|co|de` as `co(?:m|)|de`.

    Only single characters are drawn together: there is but one way to match them, so what is tried first
    stays the same.
    """
    written: list[str] = []
    for first, alike in groupby(rows, key=lambda row: row[0].text if row and _is_character(row[0]) else None):
        same = list(alike)
        if first is None or len(same) == 1:
            written.extend("".join(part.text for part in row) for row in same)
        else:
            written.append(f"{first}(?:{_joined([row[1:] for row in same])})")
    return "|".join(written)


def _is_character(part: _Part) -> bool:
    return part.choices == (part.text,)


def _lookbehind(rows: list[list[_Part]]) -> str:
    """Python looks back over a fixed number of characters only: each number has one of its own."""
    if not all(part.choices for row in rows for part in row):
        raise UnknownSyntaxError("a lookbehind of any length")
    fixed = ["".join(choice) for row in rows for choice in product(*(part.choices for part in row))]
    return f"(?:{'|'.join(f'(?<={text})' for text in fixed)})"

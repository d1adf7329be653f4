"""Cuts sentences into eojeols and eojeols into pieces of one kind, as Okt does before it parses.

open-korean-text's KoreanChunker searches its patterns one after another in the whole eojeol and drops a
match that overlaps an earlier one. Most eojeols need none of that: without digits, and without what a URL,
an e-mail address, a mention or a tag needs, the patterns exclude each other, so a piece is simply a longest
run of one script. In the others the patterns are searched here, too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache, cached_property

import polars as pl

from etl.schema import resources
from etl.tagging.lists import replaced

Patterns = Sequence[tuple[str, re.Pattern[str]]]

_EOJEOL = r"[^ \t\n\x0B\f\r]+"  # Java's \s and nothing else divides
# A space that Java does not split at, such as U+3000, makes the whole eojeol blank.
BLANK_START = r"^\p{Z}.*$"
DIGIT = "[0-9]"
FOREIGN = "Foreign"  # what no pattern matches
LIBRARY = "Library"  # an eojeol that only the library itself can tag
# All assigned characters but those for private use beyond U+FFFF. An eojeol with any other is left to the
# library, so that the patterns need not know them.
CHARACTERS = (range(0xD800), range(0xE000, 0x40000), range(0xE0000, 0xE1000))
OTHERS = r"[^\x00-\x{3FFFF}\x{E0000}-\x{E0FFF}]"
_LAST_MARK = 0x10FFFF
# The time that a pattern may take grows with the square of the length: 0.2 s at most for so many characters.
LONGEST_ODD = 1000


def scripts() -> dict[str, str]:
    """Returns the characters of each kind of piece, as the inside of a character class."""
    found: dict[str, str] = resources.load("schemas", "okt.yaml")["scripts"]
    return found


def eojeols(texts: pl.Series) -> pl.Series:
    """Each text as the list of its eojeols."""
    return texts.str.extract_all(_EOJEOL)


class Cutter:
    """Cuts eojeols into pieces.

    Args:
        patterns: the kinds of pieces in the order in which the library searches them, each with its pattern
            for Python, or None if the library's cannot be written for it.
    """

    def __init__(self, patterns: Sequence[tuple[str, str | None]]):
        self._patterns = patterns
        kinds = (FOREIGN, LIBRARY, *(kind for kind, _ in patterns))
        # A piece begins with one of these where its kind is not that of its first character.
        self._marks = {kind: chr(_LAST_MARK - number) for number, kind in enumerate(kinds)}

    def __call__(self, eojeols: pl.Series) -> tuple[pl.Series, pl.Series]:
        """Cuts eojeols, normalised ones if the settings say so.

        Returns:
            Each as the list of its pieces, for `kinds` and `texts` to read; and the places of those that only
            the library can tag, whose lists are to be replaced by `left`.
        """
        lists = eojeols.str.replace(BLANK_START, "").str.extract_all(_run_of_one_script())
        is_odd = eojeols.str.contains(resources.load("schemas", "okt.yaml")["odd"])
        is_left = eojeols.str.contains(OTHERS) | (is_odd & self._is_beyond(eojeols))
        searched = (is_odd | eojeols.str.contains(DIGIT)) & ~is_left
        cut = [
            self._cut(eojeol, self._compiled if odd else number_patterns())
            for eojeol, odd in zip(eojeols.filter(searched), is_odd.filter(searched), strict=True)
        ]
        lists = replaced(lists, searched.arg_true(), pl.Series(cut, dtype=lists.dtype))
        return lists, is_left.arg_true()

    def left(self, eojeols: pl.Series) -> pl.Series:
        """Eojeols for the library, each as a list of one piece, which nothing else can be."""
        return (self._marks[LIBRARY] + eojeols).reshape((-1, 1)).cast(pl.List(pl.String))

    def kinds(self, pieces: pl.Series) -> pl.Series:
        """Returns the kind of each piece: the name of a pattern, Foreign, or `LIBRARY`."""
        firsts = pieces.str.slice(0, 1)
        # By the few first characters, not by a pattern for each kind: polars keeps 32 patterns compiled, and
        # with those of the other steps they would be more, so that each batch would compile them all again.
        kinds = {mark: kind for kind, mark in self._marks.items()}
        for first in firsts.unique():
            kinds.setdefault(first, _kind_by_script(first))
        return firsts.replace_strict(list(kinds), list(kinds.values()), return_dtype=pl.String)

    def texts(self, pieces: pl.Expr) -> pl.Expr:
        """Each piece as it stands in its eojeol."""
        is_marked = pieces.str.slice(0, 1).is_in(list(self._marks.values()))
        return pl.when(is_marked).then(pieces.str.slice(1)).otherwise(pieces)

    def _is_beyond(self, eojeols: pl.Series) -> pl.Series:
        can_search = all(pattern for _, pattern in self._patterns)
        return eojeols.str.len_chars() > (LONGEST_ODD if can_search else 0)

    def _cut(self, eojeol: str, patterns: Patterns) -> list[str]:
        if unicodedata.category(eojeol[0]).startswith("Z"):
            return []
        found: list[tuple[int, int, str]] = []
        for kind, pattern in patterns:
            for match in pattern.finditer(eojeol):
                if all(match.end() <= start or match.start() >= end for start, end, _ in found):
                    found.append((*match.span(), kind))
        cut, at = [], 0
        for start, end, kind in [*sorted(found), (len(eojeol), len(eojeol), "")]:
            if start > at:
                cut.append(self._marked(eojeol[at:start], FOREIGN))
            if end > start:
                cut.append(self._marked(eojeol[start:end], kind))
            at = end
        return cut

    def _marked(self, piece: str, kind: str) -> str:
        return piece if _kind_by_script(piece[0]) == kind else self._marks[kind] + piece

    @cached_property
    def _compiled(self) -> Patterns:
        """Made when the first eojeol needs it: it takes a moment."""
        return [(kind, re.compile(pattern)) for kind, pattern in self._patterns if pattern]


@cache
def _run_of_one_script() -> str:
    classes = scripts().values()
    return "|".join(f"[{inside}]+" for inside in (*classes, "^" + "".join(classes)))


@cache
def number_patterns() -> Patterns:
    """Returns the patterns for eojeols with digits, unless they are odd."""
    number: str = resources.load("schemas", "okt.yaml")["number"]
    others = [(kind, f"[{inside}]+") for kind, inside in scripts().items() if kind != "Number"]
    return [(kind, re.compile(pattern)) for kind, pattern in (("Number", number), *others)]


@cache
def _kind_by_script(character: str) -> str:
    matching = (kind for kind, inside in scripts().items() if re.match(f"[{inside}]", character))
    return next(matching, FOREIGN)

"""Cuts sentences into eojeols and eojeols into pieces of one script, as Okt does before it parses.

open-korean-text's KoreanChunker searches its patterns one after another in the whole eojeol and drops a
match that overlaps an earlier one. Without digits the patterns exclude each other, so a piece is simply a
longest run.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from etl import resources
from etl.tagging.lists import replaced

if TYPE_CHECKING:
    import polars as pl

_EOJEOL = r"[^ \t\n\x0B\f\r]+"  # Java's \s and nothing else divides
# Marks a piece that is foreign whatever its script; an eojeol that holds this character is odd.
FOREIGN_MARK = "\U0010ffff"


def scripts() -> dict[str, str]:
    """What the pieces of each kind consist of, as the inside of a character class."""
    found: dict[str, str] = resources.load("schemas", "okt.yaml")["scripts"]
    return found


def eojeols(texts: pl.Series) -> pl.Series:
    """Each text as the list of its eojeols."""
    return texts.str.extract_all(_EOJEOL)


def is_odd(eojeols: pl.Series) -> pl.Series:
    """Whether one of Okt's patterns for URLs, e-mail addresses, mentions and tags may match."""
    pattern: str = resources.load("schemas", "okt.yaml")["odd"]
    return eojeols.str.contains(pattern)


def pieces(eojeols: pl.Series) -> pl.Series:
    """Each eojeol, none of them odd, as the list of its pieces."""
    import polars as pl

    # A space that Java does not split at, such as U+3000, makes the whole eojeol blank.
    kinds = scripts().values()
    piece = "|".join(f"[{kind}]+" for kind in (*kinds, "^" + "".join(kinds)))
    lists = eojeols.str.replace(r"^\p{Z}.*$", "").str.extract_all(piece)
    with_digits = eojeols.str.contains("[0-9]").arg_true()
    if not with_digits.is_empty():
        cut = pl.Series(
            [_pieces_with_numbers(eojeol) for eojeol in eojeols.gather(with_digits)], dtype=lists.dtype
        )
        lists = replaced(lists, with_digits, cut)
    return lists


def _pieces_with_numbers(eojeol: str) -> list[str]:
    if _is_blank_start(eojeol):
        return []
    found: list[tuple[int, int]] = []
    for pattern in _patterns():
        for match in pattern.finditer(eojeol):
            if all(match.end() <= start or match.start() >= end for start, end in found):
                found.append(match.span())
    cut, at = [], 0
    for start, end in [*sorted(found), (len(eojeol), len(eojeol))]:
        if start > at:
            cut.append(FOREIGN_MARK + eojeol[at:start])
        if end > start:
            cut.append(eojeol[start:end])
        at = end
    return cut


def _is_blank_start(eojeol: str) -> bool:
    import unicodedata

    return unicodedata.category(eojeol[0]).startswith("Z")


@cache
def _patterns() -> list[re.Pattern[str]]:
    number: str = resources.load("schemas", "okt.yaml")["number"]
    others = [kind for name, kind in scripts().items() if name != "Number"]
    return [re.compile(number), *(re.compile(f"[{kind}]+") for kind in others)]

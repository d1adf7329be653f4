"""Lists in a sentence: `a, b` is the same in every language, `a or b` is not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce

from etl.language.message import joined, tr


def join_with_or(parts: Iterable[str]) -> str:
    """Returns `a or b or c`; there must be a part."""
    return reduce(lambda before, part: tr("{before} or {part}", before=before, part=part), parts)


def join_with_and(parts: Iterable[str]) -> str:
    """Returns `a and b and c`; there must be a part."""
    return reduce(lambda before, part: tr("{before} and {part}", before=before, part=part), parts)


def listing(parts: Sequence[str], most: int = 5, more: int = 0) -> str:
    """Returns `a, b and 3 more`.

    Args:
        parts: what to name.
        most: how many of them are named.
        more: how many there are that are not among them.
    """
    named, others = joined(", ", parts[:most]), max(len(parts) - most, 0) + more
    return tr("{names} and {others:,} more", names=named, others=others) if others else named

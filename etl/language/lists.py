"""Lists in a sentence: `a, b` is the same in every language, `a or b` is not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from etl.language.message import Message, joined, tr


def join_with_or(parts: Iterable[str]) -> Message:
    """Returns `a or b or c`."""
    return _join(parts, tr(" or "))


def join_with_and(parts: Iterable[str]) -> Message:
    """Returns `a and b and c`."""
    return _join(parts, tr(" and "))


def listing(parts: Sequence[str], most: int = 5, more: int = 0) -> str:
    """Returns `a, b and 3 more`.

    Args:
        parts: what to name.
        most: how many of them are named.
        more: how many there are that are not among them.
    """
    named, others = joined(", ", parts[:most]), max(len(parts) - most, 0) + more
    return tr("{names} and {others:,} more", names=named, others=others) if others else named


def _join(parts: Iterable[str], between: Message) -> Message:
    """One flat message, however many parts there are."""
    alternating = [each for part in parts for each in (between, part)]
    return joined("", alternating[1:])

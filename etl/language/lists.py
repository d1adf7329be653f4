"""Lists in a sentence: `a, b` is the same in every language, `a or b` is not."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from etl.language.message import tr


def join_with_or(parts: Iterable[str]) -> str:
    """Returns `a or b or c`; there must be a part."""
    return reduce(lambda before, part: tr("{before} or {part}", before=before, part=part), parts)


def join_with_and(parts: Iterable[str]) -> str:
    """Returns `a and b and c`; there must be a part."""
    return reduce(lambda before, part: tr("{before} and {part}", before=before, part=part), parts)

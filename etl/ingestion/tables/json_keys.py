"""Finds JSON objects that have a key twice: parsers take the first value or the last, each as it likes.

`json_records` makes bad records of them, whether it parses a block at once or line by line.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable
from functools import cache
from typing import Any

import polars as pl

# A key in which letters are escaped that need not be, so that it is not found by the way it is usually spelt.
_ODD_KEY = re.compile(rb'\\(?:u00|[^u])[^"]*"\s*:')
# Such a key, or half a surrogate pair: polars would put nothing in its place without a word. One search.
_ODD_ESCAPE = re.compile(rb'\\(?:u(?:[dD][89a-fA-F]|00[^"]*"\s*:)|[^u][^"]*"\s*:)')
_ESCAPE = re.compile(r"\\u[0-9a-f]{4}")


class RepeatedKeyError(ValueError):
    """A key stands in an object twice."""


def has_odd_escape(lines: bytes) -> bool:
    """Whether JSON has half a surrogate pair, or a key with needless escapes; now and then wrongly true."""
    return _ODD_ESCAPE.search(lines) is not None


def may_repeat_keys(lines: bytes, frame: pl.DataFrame) -> bool:
    """Whether an object on lines may have one of the keys twice; cheap, and now and then wrongly true.

    Args:
        lines: the objects, without an odd escape, see `has_odd_escape`.
        frame: their values, in columns called by the keys.
    """
    for column in frame.iter_columns():
        counts = {spelling: lines.count(spelling) for spelling in _spellings(column.name)}
        is_once_each = sum(counts.values()) == frame.height and not column.null_count()
        spellings = [spelling for spelling, count in counts.items() if count]
        if not is_once_each and any(_stands_twice(line, spellings) for line in lines.split(b"\n")):
            return True
    return False


def refuse_repeated_keys(line: bytes, keys: Collection[str]) -> None:
    """Raises where an object in a line has one of the keys twice.

    Args:
        line: a JSON value; what is none is not looked at.
        keys: the keys.

    Raises:
        RepeatedKeyError: it has.
    """
    if not (_ODD_KEY.search(line) or any(_stands_twice(line, _spellings(key)) for key in keys)):
        return

    def refuse(pairs: list[tuple[str, Any]]) -> None:
        counts = Counter(key for key, _ in pairs if key in keys)
        if twice := next((key for key, count in counts.items() if count > 1), None):
            raise RepeatedKeyError(f"the key {twice!r} stands in it {counts[twice]} times")

    try:
        json.loads(line, object_pairs_hook=refuse)
    except RepeatedKeyError:
        raise
    except (ValueError, RecursionError):  # its reader says so
        return


def _stands_twice(line: bytes, spellings: Iterable[bytes]) -> bool:
    return sum(map(line.count, spellings)) > 1


@cache
def _spellings(key: str) -> tuple[bytes, ...]:
    """How a key is written in JSON: as it is, and with escapes, their digits in lower or in upper case."""
    plain, escaped = (json.dumps(key, ensure_ascii=is_ascii) for is_ascii in (False, True))
    upper = _ESCAPE.sub(lambda found: "\\u" + found[0][2:].upper(), escaped)
    return tuple(spelling.encode() for spelling in dict.fromkeys((plain, escaped, upper)))

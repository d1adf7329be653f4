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
_ESCAPE = re.compile(r"\\u[0-9a-f]{4}")


class RepeatedKeyError(ValueError):
    """A key stands in an object twice."""


def may_repeat_keys(lines: bytes, frame: pl.DataFrame) -> bool:
    """Whether an object on lines may have one of the keys twice; cheap, and now and then wrongly true.

    Args:
        lines: the objects.
        frame: their values, in columns called by the keys.
    """
    if _has_odd_key(lines):
        return True
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
    if not (_has_odd_key(line) or any(_stands_twice(line, _spellings(key)) for key in keys)):
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


def _has_odd_key(lines: bytes) -> bool:
    has_odd_escape = b"\\u00" in lines or lines.count(b"\\") > lines.count(b"\\u")  # cheap, and mostly false
    return has_odd_escape and _ODD_KEY.search(lines) is not None


def _stands_twice(line: bytes, spellings: Iterable[bytes]) -> bool:
    return sum(map(line.count, spellings)) > 1


@cache
def _spellings(key: str) -> tuple[bytes, ...]:
    """How a key is written in JSON: as it is, and with escapes, their digits in lower or in upper case."""
    plain, escaped = (json.dumps(key, ensure_ascii=is_ascii) for is_ascii in (False, True))
    upper = _ESCAPE.sub(lambda found: "\\u" + found[0][2:].upper(), escaped)
    return tuple(spelling.encode() for spelling in dict.fromkeys((plain, escaped, upper)))

"""The compiled function of mecab-ko, linked when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from etl.tagging.native.compiled import Code, load

_LEXICON = ("int32*", "int64", "int16*")
_TABLES = (_LEXICON, _LEXICON, ("int16*", "int32*"), "int32*", ("int16*", "int64"), "int32*")
_ROOM = ("int32*", "int64", "int32*", ("int32*", "int32*", "int32*"), "int32*")
_TAG = Code(
    "etl.tagging.mecab.lattice",
    "tag",
    ("uint8*", "int64*", "int64", "int64", _TABLES, _ROOM, "int32*", "int64*", "int64*"),
    ("etl.tagging.mecab.layout",),
)


@cache
def tag() -> Callable[..., int]:
    """`etl.tagging.mecab.lattice.tag`."""
    return load(_TAG)

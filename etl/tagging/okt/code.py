"""The compiled functions of Okt, each linked when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from etl.tagging.native.compiled import Code, load

_SOURCES = ("etl.tagging.okt.lookup", "etl.tagging.okt.layout")
_INDEX = ("uint64*", "int64", "uint64*")
_WORDS = ("int32*", "float32*")
_TRIE = ("int32*", "int32*", "int32*", "int8*", "int64", "int64")
_RULES = ("float32*", _TRIE, ("int8*", "uint16*", "uint16*"), "uint16*", "uint16*")
_WORK = ("int32*", "float32*", "int32*", "int32*", ("uint16*", "int32*"))
_INDEX_WORDS = Code(
    "etl.tagging.okt.lookup", "index_words", ("uint16*", "int64*", "int64", *_INDEX), _SOURCES
)
_PARSE = Code(
    "etl.tagging.okt.parse",
    "parse",
    ("uint16*", "int64*", "int64", "int64*", _INDEX, _WORDS, _RULES, _WORK, "int64*", "int32*"),
    _SOURCES,
)


@cache
def index_words() -> Callable[..., int]:
    """`etl.tagging.okt.lookup.index_words`."""
    return load(_INDEX_WORDS)


@cache
def parse() -> Callable[..., int]:
    """`etl.tagging.okt.parse.parse`."""
    return load(_PARSE)

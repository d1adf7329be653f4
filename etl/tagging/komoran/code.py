"""The compiled functions of Komoran, each linked when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from etl.tagging.native.compiled import Code, load

_PACKAGE = "etl.tagging.komoran"
_MODULES = ("automaton", "candidates", "lattice", "layout", "letters", "paths", "sentences")
_AUTOMATON = ("int32[:, :]", "uint16[:]")
_WORDS = ("int32[:]", "int32[:, :]", "int32[:, :]", "float64[:]")
_CONTRACTED = ("int32[:]", "int32[:, :]", "int32[:, :]", "int32[:, :]", "float64[:]")
_RULES = ("float64[:, :]", "int64[:]", "uint8[:]", "bool[:]")
_TABLES = (_WORDS, (*_AUTOMATON, *_WORDS), _CONTRACTED, _RULES)
_CANDIDATES = ("int64[:]", "int64[:]", "int32[:, :]", "float64[:]")
_WORKING = (("float64[:]", "int32[:, :]", "int64[:]"), _CANDIDATES, "int64[:, :]", "int64[:]")
_FOUND = ("int32[:]", "int32[:]", "int32[:]")
_PARTS = ("uint16[:]", "int64[:, :]")  # after the letters


def _load(module: str, function: str, *parameters: Any) -> Callable[..., int]:
    sources = tuple(f"{_PACKAGE}.{name}" for name in _MODULES)
    return load(Code(f"{_PACKAGE}.{module}", function, parameters, sources))


@cache
def depths() -> Callable[..., int]:
    """`automaton.depths`."""
    return _load("automaton", "depths", "int32[:]", "int32[:]", "int32[:]")


@cache
def link() -> Callable[..., int]:
    """`automaton.link`."""
    return _load("automaton", "link", *_AUTOMATON, "int32[:]", "int32[:]", "uint32[:]", "int32[:, :]")


@cache
def split() -> Callable[..., int]:
    """`sentences.split`."""
    return _load("sentences", "split", "uint32[:]", "int64[:]", "uint8[:]", *_PARTS, "bool[:]")


@cache
def walk() -> Callable[..., int]:
    """`sentences.walk`."""
    return _load("sentences", "walk", *_PARTS, "int64", *_AUTOMATON, "int32[:]", "int32[:]")


@cache
def tag() -> Callable[..., int]:
    """`paths.tag`."""
    filled = ("int32[:, :]", "int64[:]", "bool[:]")
    return _load("paths", "tag", *_PARTS, "int64", _FOUND, _TABLES, _WORKING, "int64", *filled)


@cache
def write_out() -> Callable[..., int]:
    """`sentences.write_out`."""
    filled = ("int32[:, :]", "uint16[:]", "uint8[:]", "int64[:]")
    return _load("sentences", "write_out", "uint32[:]", *_PARTS, *filled)

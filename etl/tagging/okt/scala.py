"""Reads the library's Scala objects from Python. Needs a running JVM."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_PROCESSOR = "org.openkoreantext.processor"


def module(name: str) -> Any:
    """A Scala object of open-korean-text."""
    return _class_of(name).getField("MODULE$").get(None)


def private(name: str, field: str) -> Any:
    """Returns the value of a private field of a Scala object."""
    found = _class_of(name).getDeclaredField(field)
    found.setAccessible(True)
    return found.get(module(name))


def each(collection: Any) -> Iterator[Any]:
    """The elements of a Scala collection."""
    iterator = collection.iterator()
    while iterator.hasNext():
        yield iterator.next()


def pairs(scala_map: Any) -> dict[str, str]:
    """A Scala map of strings, in its order, at one call."""
    lines = str(scala_map.mkString("\n")).split("\n")
    found = (line.partition(" -> ") for line in lines)
    return {word: meant for word, _, meant in found}


def _class_of(name: str) -> Any:
    import jpype

    return jpype.java.lang.Class.forName(f"{_PROCESSOR}.{name}$")

"""Reads what Java wrote with ObjectOutputStream, without Java: the protocol of its serialisation, version 5.

Objects come as dictionaries of their fields, lists and boxed numbers among them as what they are in Python,
and primitives that stand between objects as `bytes`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_MAGIC = b"\xac\xed\x00\x05"
_FORMATS = {"B": ">b", "C": ">H", "D": ">d", "F": ">f", "I": ">i", "J": ">q", "S": ">h", "Z": ">?"}
_WRITES_ITSELF = 1  # SC_WRITE_METHOD: the class adds what it likes after its fields
_END = object()


@dataclass
class _Class:
    name: str
    flags: int
    fields: list[tuple[str, str]]
    parent: _Class | None


def read_objects(stream: bytes) -> Iterator[Any]:
    """Everything in the stream, in its order.

    Raises:
        ValueError: it is no such stream, or it has something in it that Komoran's models do not have.
    """
    reader = _Reader(stream)
    while reader.at < len(stream):
        yield reader.content()


class _Reader:
    """A place in the stream, and what was read before and may be referred to."""

    def __init__(self, stream: bytes):
        if not stream.startswith(_MAGIC):
            raise ValueError("no Java objects")
        self._stream, self.at = stream, len(_MAGIC)
        self._known: list[Any] = []
        self._readers: dict[int, Callable[[], Any]] = {
            0x70: lambda: None,
            0x71: lambda: self._known[self._number(">I") - 0x7E0000],
            0x72: self._class,
            0x73: self._object,
            0x74: self._string,
            0x75: self._array,
            0x77: lambda: self._bytes(self._number(">B")),
            0x78: lambda: _END,
        }

    def content(self) -> Any:
        """Reads one object, or one block of primitives."""
        kind = self._number(">B")
        if kind not in self._readers:
            raise ValueError(f"unknown kind {kind} at byte {self.at - 1}")
        return self._readers[kind]()

    def _bytes(self, size: int) -> bytes:
        self.at += size
        return self._stream[self.at - size : self.at]

    def _number(self, form: str) -> Any:
        (number,) = struct.unpack_from(form, self._stream, self.at)
        self.at += struct.calcsize(form)
        return number

    def _text(self) -> str:
        return self._bytes(self._number(">H")).decode()

    def _string(self) -> str:
        text = self._text()
        self._known.append(text)
        return text

    def _class(self) -> _Class:
        found = _Class(self._text(), 0, [], None)
        self._bytes(8)
        self._known.append(found)
        found.flags = self._number(">B")
        for _ in range(self._number(">H")):
            kind, name = chr(self._number(">B")), self._text()
            found.fields.append((name, kind))
            if kind in "L[":
                self.content()  # the name of its class
        while self.content() is not _END:
            pass
        found.parent = self.content()
        return found

    def _value(self, kind: str) -> Any:
        return self._number(_FORMATS[kind]) if kind in _FORMATS else self.content()

    def _array(self) -> list[Any]:
        kind = self.content().name[1]
        found: list[Any] = []
        self._known.append(found)
        size = self._number(">i")
        if kind == "D":
            found.extend(struct.unpack(f">{size}d", self._bytes(8 * size)))
        else:
            found.extend(self._value(kind) for _ in range(size))
        return found

    def _object(self) -> Any:
        of_class: _Class = self.content()
        handle = len(self._known)
        self._known.append(None)
        fields: dict[str, Any] = {}
        written: list[Any] = []
        for each in _lineage(of_class):
            fields |= {name: self._value(kind) for name, kind in each.fields}
            while each.flags & _WRITES_ITSELF and (content := self.content()) is not _END:
                written.append(content)
        # A list's own field says its size, and before its elements stands, once more, how long it may grow.
        found: Any = written[1:] if of_class.name == "java.util.ArrayList" else fields
        if of_class.name == "java.lang.Integer":
            found = fields["value"]
        self._known[handle] = found
        return found


def _lineage(of_class: _Class) -> list[_Class]:
    """A class with those it comes from, the first of them first."""
    parents = _lineage(of_class.parent) if of_class.parent else []
    return [*parents, of_class]

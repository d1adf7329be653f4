"""The tables in a JSON document: arrays of objects within an object, and tables that are written by column.

    {"data": [{"text": "…", "label": "…"}, …]}           each array of objects, however deep: `data`
    {"text": ["…", …], "label": ["…", …]}                one array a column
    {"text": {"0": "…", …}, "label": {"0": "…", …}}      one object a column, as pandas writes it
    {"0": {"text": "…", "label": "…"}, …}                one object a row
    {"columns": ["text", "label"], "data": [["…", "…"], …]}
    [["text", "label"], ["…", "…"], …]
    {"text": "…", …} {"text": "…", …}                    objects one after another, on any lines

`json_records` reads the rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

Elements = Sequence[bytes | msgspec.Raw]
_MAX_DEPTH = 5
_OBJECTS_LOOKED_AT = 100
_BETWEEN_OBJECTS = re.compile(r"[\s,]*")


def array_elements(content: bytes | msgspec.Raw) -> Elements:
    """Splits a JSON array into its elements, undecoded, so that a bad one spoils no other.

    Raises:
        msgspec.DecodeError: not JSON, or no array.
    """
    elements: Elements = _decode(content, list)
    return elements


def objects_in_a_row(content: bytes) -> Elements:
    """Splits objects that stand one after another, as `jq` writes them; none where anything else is there."""
    text, decoder, found = content.decode(), json.JSONDecoder(), []
    end = _BETWEEN_OBJECTS.match(text).end()  # type: ignore[union-attr] # it matches nothing, too
    while end < len(text):
        start = end
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            return []
        if not isinstance(value, dict):
            return []
        found.append(text[start:end].encode())
        end = _BETWEEN_OBJECTS.match(text, end).end()  # type: ignore[union-attr]
    return found


def find_tables(
    content: bytes, is_header: Callable[[list[str]], bool], *, has_header: bool = True
) -> dict[str, Elements]:
    """Finds the tables in a JSON document that is an object, or an array of arrays.

    Args:
        content: the document, in UTF-8.
        is_header: tells whether these may be the columns of a table; it decides between rows and columns.
        has_header: whether the first of the arrays in an array names the columns; else they are 1, 2, 3 …

    Returns:
        The rows as JSON objects, by the path of keys at which they stand; none where there is no table.

    Raises:
        msgspec.DecodeError: it is not JSON.
        RecursionError: it is nested beyond measure.
    """
    if content.lstrip()[:1] == b"[":
        lists = _lists(array_elements(content))
        if not has_header:
            lists = [list(range(1, max(map(len, lists), default=0) + 1)), *lists]
        return {"": _zipped(lists[0], lists[1:])} if lists else {}
    keys: Mapping[str, Any] = _decode(content, dict)
    by_column = _by_column(keys, is_header)
    return {"": by_column} if by_column else dict(_arrays(keys, (), is_header))


def _decode(content: bytes | msgspec.Raw, kind: type) -> Any:
    """Decodes the outermost array or object, its values undecoded."""
    wanted: Any = dict[str, msgspec.Raw] if kind is dict else list[msgspec.Raw]
    try:
        return msgspec.json.decode(content, type=wanted)
    except msgspec.DecodeError as error:
        # For NaN, or half a surrogate pair in one element, msgspec refuses the whole document; json does not.
        try:
            decoded = json.loads(bytes(content))
        except ValueError:
            raise error from None
        if isinstance(decoded, dict) and kind is dict:
            return {key: json.dumps(value).encode() for key, value in decoded.items()}
        if isinstance(decoded, list) and kind is list:
            return [json.dumps(value).encode() for value in decoded]
        raise


def _begins(value: bytes | msgspec.Raw, character: bytes) -> bool:
    return bytes(memoryview(value)[:64]).lstrip()[:1] == character


def _arrays(
    keys: Mapping[str, Any], path: tuple[str, ...], is_header: Callable[[list[str]], bool]
) -> Iterator[tuple[str, Elements]]:
    """The arrays of objects in an object, and in the objects in it."""
    for key, value in keys.items():
        here = (*path, key)
        if _begins(value, b"["):
            elements = array_elements(value)
            if elements and _begins(elements[0], b"{"):
                yield ".".join(here), elements
        elif _begins(value, b"{") and len(here) < _MAX_DEPTH:
            inner = _decode(value, dict)
            by_column = _by_column(inner, is_header)
            if by_column:
                yield ".".join(here), by_column
            else:
                yield from _arrays(inner, here, is_header)


def _by_column(keys: Mapping[str, Any], is_header: Callable[[list[str]], bool]) -> Elements:
    """The rows of a table that is written by column, or with a key for each row; none where it is no such."""
    if {"columns", "data"} <= keys.keys() and _begins(keys["columns"], b"[") and _begins(keys["data"], b"["):
        rows = _lists(array_elements(keys["data"]))
        return _zipped(msgspec.json.decode(keys["columns"], type=list[Any]), rows) if rows else []
    if not keys:
        return []
    if all(_begins(value, b"[") for value in keys.values()) and is_header([*keys]):
        columns = [array_elements(value) for value in keys.values()]
        if len({len(column) for column in columns}) == 1 and not any(
            _begins(cell, b"{") for column in columns for cell in column[:1]
        ):
            return [_object(keys, cells) for cells in zip(*columns, strict=True)]
    if all(_begins(value, b"{") for value in keys.values()):
        return _of_objects(keys, is_header)
    return []


def _of_objects(keys: Mapping[str, Any], is_header: Callable[[list[str]], bool]) -> Elements:
    """The rows of one object a column, whose keys name the rows, or of one object a row."""
    if is_header([*keys]):
        columns = [_decode(value, dict) for value in keys.values()]
        rows = dict.fromkeys(key for column in columns for key in column)
        if len(rows) * len(columns) > 10 * sum(map(len, columns)):  # each has keys of its own: no table
            return []
        return [_object(keys, [column.get(row, b"null") for column in columns]) for row in rows]
    first = _decode(next(iter(keys.values())), dict)
    has_cells = not all(_begins(cell, b"[") or _begins(cell, b"{") for cell in first.values())
    return [*keys.values()] if has_cells and is_header([*first]) else []


def _lists(elements: Elements) -> list[list[Any]]:
    """The rows of an array of arrays; none where it is no such."""
    if not elements or not all(_begins(element, b"[") for element in elements[:_OBJECTS_LOOKED_AT]):
        return []
    try:
        return [msgspec.json.decode(element, type=list[Any]) for element in elements]
    except msgspec.DecodeError:
        return []


def _zipped(names: Sequence[Any], rows: Sequence[Sequence[Any]]) -> Elements:
    """Rows as objects; one of another length than the names stays the array it is, which is no row."""
    return [
        msgspec.json.encode(dict(zip(map(str, names), row, strict=True)) if len(row) == len(names) else row)
        for row in rows
    ]


def _object(keys: Mapping[str, Any], cells: Sequence[bytes | msgspec.Raw]) -> bytes:
    pairs = zip(keys, cells, strict=True)
    return b"{" + b",".join(msgspec.json.encode(key) + b":" + bytes(cell) for key, cell in pairs) + b"}"

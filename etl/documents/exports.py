"""Posts and comments as social networks hand them out, in JSON: X, YouTube, Facebook, Instagram and others.

The layouts stand in `schemas/documents/exports.yaml`. Each post is a document.
"""

from __future__ import annotations

import html
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from etl.documents.file import DocumentFile
from etl.documents.html import text_of
from etl.documents.passage import Passage
from etl.language.message import plural, tr
from etl.schema import resources
from etl.text.mojibake import repair_mojibake

_log = logging.getLogger(__name__)

Layout = dict[str, Any]

_FIRST_RECORDS = 100  # one of which has all that its layout needs


def find_layout(file: DocumentFile) -> Layout | None:
    """Returns the layout of an export; None where a file is none."""
    document = _document(file, _FIRST_RECORDS)
    if document is None:
        return None
    return next(
        (
            layout
            for layout in _schema()["layouts"]
            if any(
                all(key in record for key in layout["needs"])
                for record in islice(_records(document, layout), _FIRST_RECORDS)
            )
        ),
        None,
    )


def read_export(file: DocumentFile) -> Iterator[Passage]:
    """Reads the posts of an export, numbered as they stand there; those without words are none.

    Args:
        file: of which `find_layout` knows the layout.
    """
    layout = find_layout(file)
    assert layout is not None  # it was recognised by it
    n_left_out = 0
    for position, record in enumerate(_records(_document(file), layout), start=1):
        text = repair_mojibake(_first(record, layout["text"]) or "").strip()
        text = html.unescape(text) if layout.get("has_entities") else text
        text = " ".join(text_of(text).split()) if layout.get("has_tags") else text
        if layout.get("leave_out") and re.match(layout["leave_out"], text):
            n_left_out += 1
        elif text:
            speaker = repair_mojibake(_first(record, layout.get("speaker", [])) or "") or None
            time = _time(_first(record, layout["time"]))
            yield Passage(text, "post", "row", position, document=position, speaker=speaker, time=time)
    if n_left_out:
        _log.warning(
            tr(
                "{file}: {rows} left out, {what}",
                file=file.name,
                rows=plural("{number:,} row", "{number:,} rows", n_left_out),
                what=tr(layout["left_out"]),
            )
        )


def _document(file: DocumentFile, n_lines: int | None = None) -> Any:
    """The JSON of a file, also of one that is a script which assigns it, or has one a line.

    Args:
        file: any.
        n_lines: how many lines of JSON are enough; None: all.
    """
    if not file.is_text:
        return None
    prefix = re.match(_schema()["script_prefix"], file.text)
    if prefix is None:
        return file.json or _json_lines(file, n_lines)
    try:
        return json.loads(file.text[prefix.end() :].rstrip().removesuffix(";"))
    except (ValueError, RecursionError):
        return None


def _json_lines(file: DocumentFile, n_lines: int | None) -> list[Any] | None:
    """The values of a text with one a line; of a broken line nothing. None of any other text."""
    if file.text[:1] != "{":
        return None
    lines = islice((line for line in file.text.split("\n") if line.strip()), n_lines)
    values = []
    n_broken = 0
    for line in lines:
        try:
            values.append(json.loads(line))
        except (ValueError, RecursionError):
            n_broken += 1
    if n_broken and n_lines is None:
        _log.warning(
            tr(
                "{file}: {lines} left out, no JSON",
                file=file.name,
                lines=plural("{number:,} line", "{number:,} lines", n_broken),
            )
        )
    return values


def _records(document: Any, layout: Layout) -> Iterator[dict[str, Any]]:
    """The objects at all paths of a layout that have one of its keys."""
    for path in layout["records"]:
        for record in _follow(document, path.split(".")):
            if isinstance(record, dict) and any(key in record for key in layout["needs"]):
                yield record


def _follow(value: Any, path: list[str]) -> Iterator[Any]:
    if not path:
        yield value
    elif path[0] == "*":
        for element in value if isinstance(value, list) else []:
            yield from _follow(element, path[1:])
    elif isinstance(value, dict):
        key = path[0] if path[0] in value else path[0].encode().decode("latin-1")  # as Facebook breaks it
        if key in value:
            yield from _follow(value[key], path[1:])


def _first(record: dict[str, Any], paths: list[str]) -> str | None:
    """The first value at any of the paths that is a text or a number."""
    values = (value for path in paths for value in _follow(record, path.split(".")))
    return next(
        (str(value) for value in values if isinstance(value, str | int | float) and str(value).strip()), None
    )


def _time(value: str | None) -> str | None:
    """Returns a time in ISO 8601 where it is understood, else as it stands."""
    if value is None:
        return None
    try:
        if value.isdecimal():
            return datetime.fromtimestamp(int(value), UTC).isoformat()
        return datetime.strptime(value, _schema()["time_format"]).isoformat()  # noqa: DTZ007 - it has %z
    except (ValueError, OverflowError, OSError):
        return value


def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = resources.load("schemas", "documents", "exports.yaml")
    return schema

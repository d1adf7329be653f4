"""Reads chats that are JSON: Telegram's `result.json`, DiscordChatExporter's, Facebook's and Instagram's.

Where they keep their messages stands in `schemas/documents/chats/records.yaml`; days of Slack are `slack`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec

from etl.documents.chats.layouts import Pattern, any_of, schema_of
from etl.documents.chats.stamps import iso_time
from etl.documents.passage import Passage
from etl.errors import InputError
from etl.language.message import tr
from etl.text.mojibake import repair_mojibake

_APPS = ("telegram", "discord", "meta")


@dataclass(frozen=True)
class Records:
    """Where the messages of an app are; fields in each other are paths such as `author.name`."""

    app: str
    has: list[str]
    speaker: list[str]
    time: list[str]
    text: list[str]
    one_of: Mapping[str, list[str]]
    chats: list[str]
    only: Mapping[str, list[str]]
    without: list[str]
    is_mojibake: bool


def find_records(value: object) -> Records | None:
    """Returns where the messages are in a JSON value that is a chat, or an export of all chats; else None."""
    if not isinstance(value, dict):
        return None
    return next((each for each in _known() if _is_chat(value, each) or _chats_in(value, each)), None)


def read_records(value: object, name: str, document: int = 1) -> Iterator[Passage]:
    """Reads the messages of each chat, in the order of the file; each chat is a document.

    Args:
        value: decoded from JSON.
        name: of the file, as the user calls it.
        document: the number of the first chat.

    Raises:
        InputError: it is no chat that is known.
    """
    records = find_records(value)
    if records is None or not isinstance(value, dict):
        raise InputError(
            tr("{name} is not a chat in a layout that is known", name=name),
            details=[tr("expected the messages of Telegram, Discord, Facebook, Instagram or Slack")],
            next_step=tr("export the chat again as JSON; docs/predict.md lists what is read."),
        )
    chats = [value] if _is_chat(value, records) else _chats_in(value, records)
    for number, chat in enumerate(chats, start=document):
        for position, message in enumerate(chat["messages"], start=1):
            yield from _passage(records, message, position, number)


def _passage(records: Records, message: object, position: int, document: int) -> Iterator[Passage]:
    said = _first_of(message, records.text) if isinstance(message, dict) else message
    if not isinstance(message, dict) or not isinstance(said, str | list | dict | None):
        bad = msgspec.json.encode(message).decode()
        yield Passage(bad, "chat", "message", position, document=document, reason="bad_row")
        return
    is_kind = all(field_of(message, path) in values for path, values in records.only.items())
    if not is_kind or any(_has(message, path) for path in records.without):
        return
    words = _repaired(plain_text(said), records).strip()
    if words and not _placeholder().fullmatch(words):
        speaker = _first_of(message, records.speaker)
        yield Passage(
            words,
            "chat",
            "message",
            position,
            document=document,
            speaker=_repaired(speaker, records).strip() or None if isinstance(speaker, str) else None,
            time=iso_time(_first_of(message, records.time)),
        )


def plain_text(value: object) -> str:
    """Returns a text that may be a list of pieces, texts or objects with one, as Telegram writes it."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return plain_text(value.get("text"))
    return "".join(plain_text(piece) for piece in value) if isinstance(value, list) else ""


def field_of(value: object, path: str) -> Any:
    """Returns a field at a path such as `author.name`; None where there is none."""
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _has(message: Mapping[str, object], path: str) -> bool:
    """Whether there is something at a path; a call that lasted 0 seconds is something."""
    found = field_of(message, path)
    return found is not None and found is not False


def _first_of(message: Mapping[str, object], paths: Sequence[str]) -> Any:
    return next((found for path in paths if (found := field_of(message, path))), None)


def _repaired(text: str, records: Records) -> str:
    return repair_mojibake(text) if records.is_mojibake else text


def _is_chat(value: object, records: Records) -> bool:
    return (
        isinstance(value, dict)
        and all(name in value for name in records.has)
        and isinstance(value["messages"], list)
        and all(field_of(value, path) in values for path, values in records.one_of.items())
    )


def _chats_in(value: dict[str, Any], records: Records) -> list[dict[str, Any]]:
    lists = (field_of(value, path) for path in records.chats)
    return [chat for each in lists if isinstance(each, list) for chat in each if _is_chat(chat, records)]


@cache
def _known() -> tuple[Records, ...]:
    schema = schema_of("records")
    empty: dict[str, Any] = {"one_of": {}, "chats": [], "only": {}, "without": [], "is_mojibake": False}
    return tuple(Records(**(empty | schema[app])) for app in _APPS)


@cache
def _placeholder() -> Pattern:
    return any_of(schema_of("records")["placeholder"], schema_of("records")["fragments"])

"""Reads days of a Slack channel: JSON arrays of messages, whose senders stand in a list of users."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from etl.documents.chats.layouts import schema_of
from etl.documents.chats.records import field_of
from etl.documents.chats.stamps import iso_time
from etl.documents.passage import Passage


def is_slack_day(value: object) -> bool:
    """Whether a JSON value is what Slack exports for one day of a channel."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(each, dict) and each.get("type") == "message" and "ts" in each for each in value[:20]
        )
    )


def is_day_name(name: str) -> bool:
    """Whether a file of Slack with this name holds a day of a channel."""
    return re.fullmatch(schema_of("slack")["day"], name) is not None


def is_list_name(name: str) -> bool:
    """Whether a file of Slack with this name lists users, channels or the like."""
    return name in schema_of("slack")["lists"]


def user_names(value: object) -> dict[str, str]:
    """Returns the name of each user in a decoded `users.json`, by id."""
    users = [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
    return {str(user["id"]): name for user in users if user.get("id") and (name := _name_of(user))}


def read_slack_day(
    messages: list[Any], names: Mapping[str, str], document: int = 1, position: int = 1
) -> Iterator[Passage]:
    """Reads what people wrote on one day of a channel.

    Args:
        messages: decoded from a file of the day.
        names: of users, by id.
        document: the number of the channel.
        position: of the first message in the channel, from 1.
    """
    for number, message in enumerate(messages, start=position):
        if not isinstance(message, dict):
            bad = msgspec.json.encode(message).decode()
            yield Passage(bad, "chat", "message", number, document=document, reason="bad_row")
        elif _is_of_a_person(message) and (words := _plain(str(message.get("text") or ""), names).strip()):
            user = str(message.get("user") or "")
            speaker = names.get(user) or _name_of(message.get("user_profile")) or user
            yield Passage(
                words,
                "chat",
                "message",
                number,
                document=document,
                speaker=speaker or None,
                time=iso_time(message.get("ts")),
            )


def _is_of_a_person(message: Mapping[str, Any]) -> bool:
    subtype = message.get("subtype")
    is_said = subtype is None or subtype in schema_of("slack")["subtypes"]
    is_machine = message.get("bot_id") or message.get("user") in schema_of("slack")["machines"]
    return message.get("type") == "message" and is_said and not is_machine


def _name_of(user: object) -> str:
    found = (field_of(user, path) for path in schema_of("slack")["names"])
    return next((name for name in found if isinstance(name, str) and name), "")


def _plain(text: str, names: Mapping[str, str]) -> str:
    """The words as people see them: names instead of ids, links as they are shown."""
    marks = schema_of("slack")["marks"]
    text = re.sub(marks["person"], lambda found: f"@{found[2] or names.get(found[1], found[1])}", text)
    text = re.sub(marks["channel"], r"#\1", text)
    text = re.sub(marks["group"], r"@\1", text)
    text = re.sub(marks["link"], lambda found: found[2] or found[1], text)
    return html.unescape(text)

"""Chats that KakaoTalk has exported, as text (Windows, Mac, Android, iOS) or as CSV.

    --------------- 2026년 3월 2일 월요일 ---------------         Windows
    [민지] [오후 9:05] 오늘 진짜 힘들었어

    2026년 3월 2일 오후 9:05, 민지 : 오늘 진짜 힘들었어           Android
    2026. 3. 2. 오후 9:05, 민지 : 오늘 진짜 힘들었어              iOS

    Date,User,Message                                             CSV
    2026-03-02 21:05:11,"민지","오늘 진짜 힘들었어"

The words of these layouts, and what in them nobody has written, stand in `schemas/documents/chat.yaml`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from etl.documents.passage import Passage
from etl.errors import InputError
from etl.schema import resources

_HEAD_LINES = 30
_PATTERNS = ("is_export", "message", "day", "event", "placeholder")


def is_chat(text: str) -> bool:
    """Whether the first lines of a text are those of an exported chat."""
    lines = text[:20_000].split("\n")[:_HEAD_LINES]
    messages = sum(_found("message", line) is not None for line in lines)
    return messages >= 2 or (messages == 1 and any(_found("is_export", line) for line in lines))


def is_chat_table(header: list[str]) -> bool:
    """Whether these are the three columns of the CSV export."""
    return set(_columns(header)) == {"time", "speaker", "text"} and len(header) == 3


def read_chat(text: str, name: str) -> Iterator[Passage]:
    """The messages of a chat, numbered from 1; those of several lines as one.

    Raises:
        InputError: it holds no message.
    """
    position = 0
    for position, (message, lines) in enumerate(_messages(text), start=1):
        yield from _passage(position, message["speaker"], message["time"], "\n".join(lines))
    if not position:
        raise InputError(
            f"{name} is not a chat that KakaoTalk has exported",
            details=["expected lines such as `[name] [9:05 PM] …` or `2026. 3. 2. 21:05, name : …`"],
            cause="It is another text, or a layout that is not known yet.",
            next_step="export the chat again from the app, as text or CSV.",
        )


def read_chat_table(text: str) -> Iterator[Passage]:
    """The messages of a CSV export."""
    records = csv.reader(io.StringIO(text, newline=""))
    names = _columns(next(records, []))
    position = 0
    for record in records:
        if len(record) < len(names):  # a blank line
            continue
        position += 1
        message = dict(zip(names, record, strict=False))
        yield from _passage(position, message["speaker"], message["time"].replace(" ", "T"), message["text"])


def _passage(position: int, speaker: str, time: str | None, text: str) -> Iterator[Passage]:
    """The message, unless it is a picture or the like."""
    words = re.sub(rf"\A{_schema()['prefix']}", "", text.strip())
    if words and not any(pattern.fullmatch(words) for pattern in _patterns()["placeholder"]):
        yield Passage(words, "chat", "message", position, speaker=speaker.strip() or None, time=time)


def _messages(text: str) -> Iterator[tuple[dict[str, str], list[str]]]:
    """Each message with its lines; what stands before the first one is no message."""
    day: dict[str, str] = {}
    message: dict[str, str] | None = None
    lines: list[str] = []
    for line in text.split("\n"):
        found = _found("message", line)
        new_day = None if found else _found("day", line)
        if found or new_day or _found("event", line):
            if message:
                yield message, lines
            message = None
        if new_day:
            day = _groups(new_day)
        elif found:
            groups = _groups(found)
            message = {"speaker": groups["speaker"], "time": _time(day | groups) or ""}
            lines = [groups["text"]]
        elif message:
            lines.append(line)
    if message:
        yield message, lines


def _time(groups: dict[str, str]) -> str | None:
    """`2026-03-02T21:05`; only the time of day where the day is not known."""
    hour, half = int(groups["hour"]), groups.get("half") or groups.get("half_after")
    if half:
        hour = hour % 12 + int(_schema()["halves"][half])
    clock = f"{hour:02}:{groups['minute']}"
    months = _schema()["months"]
    month = groups.get("month")
    if (month_name := groups.get("month_name")) and not month:
        month = next((str(n) for n, each in enumerate(months, start=1) if each.startswith(month_name)), None)
    if not month:
        return clock
    return f"{groups['year']}-{int(month):02}-{int(groups['day']):02}T{clock}"


def _groups(match: re.Match[str]) -> dict[str, str]:
    return {name: value for name, value in match.groupdict().items() if value is not None}


def _columns(header: list[str]) -> list[str]:
    """Our names of the columns, where they are known."""
    ours = {theirs: name for name, names in _schema()["csv"].items() for theirs in names}
    return [ours.get(each.strip().lower(), "") for each in header]


def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = resources.load("schemas", "documents", "chat.yaml")
    return schema


@cache
def _patterns() -> dict[str, list[re.Pattern[str]]]:
    return {name: [re.compile(each) for each in _schema()[name]] for name in _PATTERNS}


def _found(name: str, line: str) -> re.Match[str] | None:
    return next((found for pattern in _patterns()[name] if (found := pattern.match(line))), None)

"""Reads a chat of KakaoTalk on Windows into messages, against the loop that everybody writes.

The loop matches each line, and parses its time with `datetime.strptime`. Ours also finds the layout, knows
what nobody has written, and counts lines that it may have misunderstood.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from benchmarks import made_up
from benchmarks.measure import Case, Setup, compared, make_input
from benchmarks.report import Comparison, at_least_times, megabytes

if TYPE_CHECKING:
    from etl.documents.passage import Passage

MESSAGES = 100_000
TIMES = 1.0
IMPORTS = {"etl": ("etl.documents.chats.lines", "yaml"), "loop": ("re", "datetime")}
_A_DAY = 300
_SENDERS = ("가을", "바다", "하늘/97/서울", "부서:영업팀")

Message = tuple[str, str, str]


def run(setup: Setup) -> Comparison:
    """Compares the two sides on one chat."""
    sides = cases(setup)
    runs = compared(sides, setup)
    return Comparison(
        f"Chat: {setup.size(MESSAGES):,} messages of KakaoTalk on Windows, {megabytes(sides['etl'].source)}; "
        "loop: re.match and datetime.strptime for each line",
        runs,
        [at_least_times(TIMES, runs["loop"], runs["etl"])],
    )


def cases(setup: Setup) -> dict[str, Case]:
    source = make_input(__name__, setup, "chat.txt", setup.size(MESSAGES))
    return {"etl": Case(__name__, "etl", source), "loop": Case(__name__, "loop", source)}


def etl(source: str, out: str) -> list[Passage]:  # noqa: ARG001 - a reader writes nothing
    from etl.documents.chats.lines import read_chat

    return list(read_chat(Path(source).read_text(encoding="utf-8"), "chat.txt"))


def loop(source: str, out: str) -> list[Message]:  # noqa: ARG001
    import re
    from datetime import datetime

    day_line = re.compile(r"-+ (\d{4})년 (\d{1,2})월 (\d{1,2})일 .요일 -+")
    message_line = re.compile(r"\[(.+?)\] \[(오전|오후) (\d{1,2}:\d{2})\] (.*)")
    day = ""
    messages: list[Message] = []
    for line in Path(source).read_text(encoding="utf-8").splitlines():
        if found := day_line.match(line):
            day = "-".join(found.groups())
        elif found := message_line.match(line):
            sender, half, clock, text = found.groups()
            half = "AM" if half == "오전" else "PM"
            time = datetime.strptime(f"{day} {half} {clock}", "%Y-%m-%d %p %I:%M")  # noqa: DTZ007 - it has none
            messages.append((sender, time.isoformat(timespec="minutes"), text))
        elif messages:
            sender, at, text = messages.pop()
            messages.append((sender, at, f"{text}\n{line}"))
    return messages


def etl_rows(passages: list[Passage]) -> Iterator[tuple[str | None, str | None, str]]:
    return ((each.speaker, each.time, each.text) for each in passages)


def loop_rows(messages: list[Message]) -> Iterator[Message]:
    return iter(messages)


def make(target: str, count: int) -> None:
    """Writes a chat of days with 300 messages each, every tenth of two lines."""
    rng = Random(1)
    sentences = made_up.sentences(rng)
    day = date(2025, 1, 1)
    with Path(target).open("w", encoding="utf-8") as chat:
        for number in range(count):
            if number % _A_DAY == 0:
                day += timedelta(days=1)
                name = "월화수목금토일"[day.weekday()]
                rule = "-" * 15
                chat.write(f"{rule} {day.year}년 {day.month}월 {day.day}일 {name}요일 {rule}\n")
            hour, minute = divmod(number % _A_DAY * 4, 60)
            half, hour = "오전" if hour < 12 else "오후", (hour - 1) % 12 + 1
            chat.write(f"[{rng.choice(_SENDERS)}] [{half} {hour}:{minute:02}] {next(sentences)}\n")
            if number % 10 == 0:
                chat.write(f"{next(sentences)}\n")

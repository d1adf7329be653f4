"""Reads chats that are texts: each message begins on a line with a stamp, and goes on until the next one."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from etl.documents.chats.layouts import Layout, find_layout, stamp_pattern
from etl.documents.chats.stamps import Clock
from etl.documents.chats.words import MAX_NOTICE_CHARS, words_of
from etl.documents.passage import Passage
from etl.errors import InputError
from etl.language.message import plural, tr

_LineKind = Literal["event", "end", "day", "words"]
# Blanks, and the marks of the direction of writing that stand around names.
_MARKS = " \t\u00a0\u202f\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069\ufeff"
_MANY_MESSAGES, _NAMING_LINES = 5, 5_000
_log = logging.getLogger(__name__)


@dataclass
class _Doubts:
    """Lines that may have been misunderstood: how many, and the number of the first."""

    n_stamped: int = 0
    first_stamped: int = 0
    n_lost: int = 0
    first_lost: int = 0

    def note(self, line: str, number: int, layout: Layout, *, is_said: bool) -> None:
        """Takes note of a line that begins no message, where it looks like more or less than words.

        Args:
            line: what stands there.
            number: of the line, from 1.
            layout: of the file.
            is_said: whether it was taken for words of the message above it.
        """
        if not line or line.isspace():
            return
        if not is_said and not layout.app.unspoken.fullmatch(line):
            self.n_lost += 1
            self.first_lost = self.first_lost or number
        elif is_said and begins_with_stamp(line):
            self.n_stamped += 1
            self.first_stamped = self.first_stamped or number

    def warn(self, name: str) -> None:
        """Logs what was noted."""
        if self.n_stamped:
            _log.warning(
                tr(
                    "{name}: {lines} inside messages begin with a time, the first is line "
                    "{first:,}; they were read as words of the message above them",
                    name=name,
                    lines=plural("{number:,} line", "{number:,} lines", self.n_stamped),
                    first=self.first_stamped,
                )
            )
        if self.n_lost:
            _log.warning(
                tr(
                    "{name}: {lines} left aside that belong to no message, the first is line {first:,}",
                    name=name,
                    lines=plural("{number:,} line", "{number:,} lines", self.n_lost),
                    first=self.first_lost,
                )
            )


def is_chat(text: str) -> bool:
    """Whether the first lines of a text are those of a chat in a layout that is known."""
    return find_layout(text) is not None


def begins_with_stamp(line: str) -> bool:
    """Whether a line begins with a time, or with a name and a time, in a layout that need not be known."""
    return stamp_pattern().match(line) is not None


def read_chat(text: str, name: str, document: int = 1) -> Iterator[Passage]:
    """Reads the messages of a chat, numbered from 1; those of several lines as one.

    Lines that may have been misunderstood are logged as a warning, with their number.

    Args:
        text: lines end with a line feed.
        name: of the file, as the user calls it.
        document: the number of the chat in its file.

    Raises:
        InputError: it is no chat in a layout that is known.
    """
    layout = find_layout(text, is_stated=True)
    if layout is None:
        raise InputError(
            tr("{name} is not a chat in a layout that is known", name=name),
            details=[tr("expected lines such as `[name] [9:05 PM] …` or `2026. 3. 2. 21:05, name : …`")],
            cause=tr("It is another text, or the export of an app or of a version that is not known yet."),
            next_step=tr("export the chat again from the app as text; docs/predict.md lists what is read."),
        )
    doubts = _Doubts()
    for position, (speaker, time, said) in enumerate(_messages(text, layout, doubts), start=1):
        if words := words_of(layout.app, speaker, said):
            yield Passage(words, "chat", "message", position, document, speaker or None, time)
    doubts.warn(name)


def _messages(text: str, layout: Layout, doubts: _Doubts) -> Iterator[tuple[str, str, str]]:
    """Yields speaker, time and text of each message."""
    match, clock = layout.message.fullmatch, Clock(layout, text)
    speaker, time = "", ""
    said: list[str] | None = None  # the lines of the message that is being read
    is_attached = False  # whether the lines below belong to a message and are no words of it
    lines = text.split("\n")
    rests = _rests_of_names(lines, layout)
    for number, line in enumerate(lines, start=1):
        found = match(line)
        kind = "message" if found else _kind_of(line, layout, clock, lines, number)
        if kind == "words":
            if said is not None:
                said.append(line)
            if not is_attached:
                doubts.note(line, number, layout, is_said=said is not None)
            continue
        if said is not None:
            yield speaker, time, _joined(said if kind != "end" else _without_title(said, layout), layout)
        is_attached = kind == "end" and (is_attached or said is not None)
        said = None
        if found:
            stamp, speaker, first = found.group("stamp", "speaker", "text")
            if rest := rests.get(speaker):
                speaker, first = f"{speaker} {rest}", first[len(rest) + 1 :]
            speaker, time, said = (speaker or "").strip(_MARKS), clock.time_of(stamp, found), [first or ""]
    if said is not None:
        yield speaker, time, _joined(said, layout)


def _rests_of_names(lines: list[str], layout: Layout) -> dict[str, str]:
    """Returns what stands behind the first word of a name, where only a blank stands between name and words.

    Words with which all of many messages begin are no words of them.
    """
    if not layout.has_blanks:
        return {}
    said = defaultdict(list)
    for line in lines[:_NAMING_LINES]:
        if found := layout.message.fullmatch(line):
            said[found["speaker"]].append(found["text"].split(" "))
    rests = {}
    for name, texts in said.items():
        columns = zip(*(text[:-1] for text in texts), strict=False)  # the last word is never of a name
        rest = [words[0] for words in takewhile(lambda words: len(set(words)) == 1, columns)]
        if rest and len(texts) >= _MANY_MESSAGES:
            rests[name] = " ".join(rest)
    return rests


def _kind_of(line: str, layout: Layout, clock: Clock, lines: list[str], number: int) -> _LineKind:
    """Returns what a line is that begins no message; the clock takes note of a day.

    Args:
        line: what stands there.
        layout: of the file.
        clock: of the file.
        lines: all of the file.
        number: of the line, from 1.
    """
    if not line or line.isspace() or len(line) > MAX_NOTICE_CHARS:
        return "words"
    if found := layout.stamped.fullmatch(line):
        is_event = found["is_event"] is not None or not words_of(layout.app, "", found["event"])
        return "event" if is_event else "words"
    if layout.event.fullmatch(line):
        return "event"
    if layout.app.end.fullmatch(line):
        return "end"
    day = next((found for day in layout.days if (found := day.fullmatch(line))), None)
    if day is None or (layout.has_dates and not _is_before_stamp(lines, number, layout)):
        return "words"  # somebody may have written a date
    clock.begin_day(day)
    return "day"


def _is_before_stamp(lines: list[str], number: int, layout: Layout) -> bool:
    """Whether the next line that is not blank has a stamp, or there is none."""
    below = (lines[index] for index in range(number, len(lines)))
    following = next((line for line in below if line.strip()), None)
    return following is None or any(
        pattern.fullmatch(following) is not None for pattern in (layout.message, layout.stamped)
    )


def _without_title(lines: list[str], layout: Layout) -> list[str]:
    """The lines of a message above a line that begins another export, whose title is the last of them."""
    is_title = len(lines) > 1 and layout.app.title.fullmatch(lines[-1]) is not None
    return lines[:-1] if is_title else lines


def _joined(lines: list[str], layout: Layout) -> str:
    if len(lines) == 1:
        return lines[0]
    text = "\n".join(lines)
    if layout.is_quoted:
        stripped = text.strip()
        if len(stripped) > 1 and stripped[0] == stripped[-1] == '"':
            return stripped[1:-1].replace('""', '"')
    return text

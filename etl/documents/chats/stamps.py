"""The times of messages: as ISO 8601 where a stamp is understood, else as the file says them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Literal

from etl.documents.chats.layouts import Layout, common

Order = Literal["ymd", "dmy", "mdy"]
_ORDERS: tuple[Order, ...] = ("ymd", "dmy", "mdy")
_NUMBERS = re.compile(r"^[^\d\n]{0,4}(\d{1,4})[./-]\s?(\d{1,2})[./-]\s?(\d{1,4})\b(.{0,16})", re.MULTILINE)
# A time that is so much earlier than the one above it belongs to the next day.
_ROLLOVER_MINUTES = 12 * 60
# No app of which a chat has years of two digits is older.
_FIRST_YEAR = 2009


class Clock:
    """Tells the time of each message of a chat, in their order. Stamps repeat, and each is parsed once."""

    def __init__(self, layout: Layout, text: str):
        self._has_dates = layout.has_dates
        self._order = find_order(text) if layout.has_numbers else None
        self._understood: dict[str, tuple[str, int]] = {}
        self._day: date | None = None
        self._day_text = ""
        self._last_minutes = 0

    def begin_day(self, found: re.Match[str]) -> None:
        """Takes note of a line that tells the day of what stands below it."""
        if not self._has_dates:
            self._set_day(day_of(found.groupdict(), self._order))
            self._last_minutes = 0

    def time_of(self, stamp: str, found: re.Match[str]) -> str:
        """Returns the time of a message.

        Args:
            stamp: as it stands in the file.
            found: a match with the groups of its parts.
        """
        understood = self._understood.get(stamp)
        if understood is None:
            understood = self._understood[stamp] = self._parse(stamp, found.groupdict())
        clock, minutes = understood
        if self._has_dates:
            return clock
        if minutes < self._last_minutes - _ROLLOVER_MINUTES and self._day:
            self._set_day(self._day + timedelta(days=1))
        self._last_minutes = minutes
        return self._day_text + clock

    def _set_day(self, day: date | None) -> None:
        self._day, self._day_text = day, f"{day}T" if day else ""

    def _parse(self, stamp: str, groups: Mapping[str, str | None]) -> tuple[str, int]:
        """The time, with its day where stamps have one, and its minutes; the stamp if it makes no sense."""
        hour, half = int(groups["hour"] or 0) % 24, groups.get("half") or groups.get("half_after")
        if half:
            hour = hour % 12 + common()["halves"][re.sub(r"[.\s]", "", half).lower()]
        second = groups.get("second")
        clock = f"{hour:02}:{groups['minute']}{f':{second}' if second else ''}"
        minutes = hour * 60 + int(groups["minute"] or 0)
        if not self._has_dates:
            return clock, minutes
        day = day_of(groups, self._order)
        return (f"{day}T{clock}" if day else stamp), minutes


def day_of(groups: Mapping[str, str | None], order: Order | None = None) -> date | None:
    """Returns the day that the groups of a match tell; None where they tell none, or one that never was."""
    if (first := groups.get("first")) is not None:
        numbers = first, groups["middle"] or "", groups["last"] or ""
        return _ordered(numbers, order) if order else None
    year, month, day = groups.get("year"), groups.get("month"), groups.get("day")
    if name := groups.get("month_name"):
        month = str(common()["months"].index(name[:3].lower()) + 1)
    return _valid(year, month, day) if year and month and day else None


def find_order(text: str) -> Order | None:
    """Returns the only order of year, month and day with which every date is one, and none is before another.

    Args:
        text: a chat whose lines begin with dates of three numbers.

    Returns:
        None where the numbers do not decide.
    """
    found = list(dict.fromkeys((*match.groups(),) for match in _NUMBERS.finditer(text)))
    dates = list(dict.fromkeys(each[:3] for each in found))
    possible = [order for order in _ORDERS if all(_ordered(each, order) for each in dates)]
    if len(possible) > 1:
        possible = [order for order in possible if _is_sorted(dates, order)] or possible
    if len(possible) > 1 and "ymd" in possible and any(_is_half_first(rest) for *_, rest in found):
        return "ymd"  # Korean, Japanese and Chinese phones put it before the hour, and the year first
    return possible[0] if len(possible) == 1 else None


def _is_half_first(rest: str) -> bool:
    return re.match(r"[\s,.]*(?:[AaPp][Mm]|[^\W\d_A-Za-z]{2})\s*\d", rest) is not None


def _is_sorted(dates: list[tuple[str, ...]], order: Order) -> bool:
    days = [_ordered(each, order) or date.min for each in dates]
    return all(earlier <= later for earlier, later in pairwise(days))


def _ordered(numbers: tuple[str, ...], order: Order) -> date | None:
    by_letter = dict(zip(order, numbers, strict=True))
    year = by_letter["y"]
    if len(year) not in {2, 4} or _is_old(year) or max(len(by_letter["m"]), len(by_letter["d"])) > 2:
        return None
    return _valid(year if len(year) == 4 else f"20{year}", by_letter["m"], by_letter["d"])


def _is_old(year: str) -> bool:
    return len(year) == 2 and 2000 + int(year) < _FIRST_YEAR


def _valid(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year) if len(year) == 4 else 2000 + int(year), int(month), int(day))
    except ValueError:
        return None


def iso_time(value: object) -> str | None:
    """Returns a time in ISO 8601: of an ISO text, or of the seconds or milliseconds since 1970.

    A text that is no time is returned as it is; what is neither text nor number is None.
    """
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value).isoformat(timespec="seconds")
        except ValueError:
            return _iso_of(value) if re.fullmatch(r"\d{9,13}(?:\.\d+)?", value) else value or None
    return _iso_of(value) if isinstance(value, int | float) else None


def _iso_of(number: float | str) -> str:
    try:  # seconds reach 10^11 in the year 5138
        seconds = float(number) / 1000 if abs(float(number)) >= 1e11 else float(number)
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return str(number)

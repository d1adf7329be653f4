"""Translates when a refresh shall run, an interval or a cron expression, into the terms of each scheduler.

Nothing is rounded: what a scheduler cannot express exactly is refused, with the nearest that it can.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from etl.errors import SettingsError
from etl.language.lists import join_with_or
from etl.language.message import tr
from etl.publishing.loop import check_cron, parse_interval

DAILY = "0 3 * * *"
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
# Intervals that cron can express: those that divide the hour, the day or the week.
_CRON_OF_SECONDS = {
    _MINUTE: "* * * * *",
    **{n * _MINUTE: f"*/{n} * * * *" for n in (2, 3, 4, 5, 6, 10, 12, 15, 20, 30)},
    _HOUR: "0 * * * *",
    **{n * _HOUR: f"0 */{n} * * *" for n in (2, 3, 4, 6, 8, 12)},
    _DAY: "0 0 * * *",
    7 * _DAY: "0 0 * * 0",
}
_DAYS_OF_WEEK = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_NAMES = {
    3: {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"},
    4: {name.lower() for name in _DAYS_OF_WEEK},
}
# Fields that every cron reads alike; others are written out as a list of numbers.
_PLAIN = re.compile(r"(\*|\d+-\d+)(/\d+)?|\d+(-\d+)?(,\d+(-\d+)?)*")


@dataclass(frozen=True)
class Timing:
    """When to run; exactly one of the two is set.

    Args:
        seconds: between two runs.
        cron: a cron expression with five fields.
    """

    seconds: int | None
    cron: str | None


def parse_timing(every: str | None, cron: str | None) -> Timing:
    """Parses the options `--every` and `--cron`; the default is each day at three.

    Raises:
        SettingsError: both are given, or one cannot be parsed.
    """
    if every is not None and cron is not None:
        raise SettingsError(tr("--every and --cron exclude each other"), next_step=tr("choose one."))
    if every is not None:
        return Timing(int(parse_interval(every)), None)
    return Timing(None, _standardise(DAILY if cron is None else cron))


def to_cron(timing: Timing, system: str) -> str:
    """Returns a cron expression with five fields for exactly this timing.

    Args:
        timing: when to run.
        system: the scheduler, for the text of the error.

    Raises:
        SettingsError: no cron expression has this timing.
    """
    if timing.cron is not None:
        return timing.cron
    assert timing.seconds is not None
    if timing.seconds in _CRON_OF_SECONDS:
        return _CRON_OF_SECONDS[timing.seconds]
    shorter = [seconds for seconds in _CRON_OF_SECONDS if seconds < timing.seconds]
    longer = [seconds for seconds in _CRON_OF_SECONDS if seconds > timing.seconds]
    near = [_format(seconds) for seconds in (*shorter[-1:], *longer[:1])]
    raise SettingsError(
        tr("{system} cannot run something every {interval}", system=system, interval=_format(timing.seconds)),
        details=[tr("the nearest that it can: {near}", near=join_with_or(near))],
        cause=tr("A cron expression begins anew each hour, day and week: only what divides them is even."),
        next_step=tr(
            "choose one of these, name the times by `--cron`, or let `etl refresh --every` keep time."
        ),
    )


def to_calendar(expression: str, time_zone: str | None) -> list[str]:
    """Translates a cron expression to values of `OnCalendar=`, see systemd.time(7).

    There are two values where days of the month and of the week are both given: cron runs on days that match
    either, systemd on days that match both.
    """
    minutes, hours, days, months, days_of_week = _expand(expression)
    clock = f"{_pad(hours)}:{_pad(minutes)}:00" + (f" {time_zone}" if time_zone else "")
    week = f"{','.join(_DAYS_OF_WEEK[day] for day in days_of_week)} " if days_of_week else ""
    date, any_date = f"*-{_pad(months)}-{_pad(days)}", f"*-{_pad(months)}-*"
    if week and days:
        return [f"{date} {clock}", f"{week}{any_date} {clock}"]
    return [f"{week}{date} {clock}"]


def _standardise(expression: str) -> str:
    """Rewrites a cron expression so that every cron reads it alike.

    Raises:
        SettingsError: it is not a cron expression, or schedulers differ in how they read it.
    """
    fields = expression.lower().split()
    wrong = [field for index, field in enumerate(fields) if index > 4 or not _is_standard(index, field)]
    if len(fields) != 5 or wrong:
        raise SettingsError(
            tr(
                "{expression!r} is not a cron expression that every scheduler understands",
                expression=expression,
            ),
            details=[
                tr(
                    "expected minute, hour, day of month, month, day of week, of numbers, names, `*`, `,`, "
                    "`-` and `/`"
                ),
                tr("got {fields}", fields=" ".join(wrong))
                if wrong
                else tr("got {number} of these five", number=len(fields)),
            ],
            next_step=tr('write `--cron "0 3 * * *"`, for example: each day at three.'),
        )
    check_cron(expression)
    if "*" not in {fields[2], fields[4]} and (fields[2] + fields[4]).count("*"):
        raise SettingsError(
            tr("{expression!r} means different days to different schedulers", expression=expression),
            details=[
                tr(
                    "got a day of the month, {day}, and a day of the week, {weekday}",
                    day=fields[2],
                    weekday=fields[4],
                )
            ],
            cause=tr(
                "Where both are given and one begins with *, some run when either fits, some when both do."
            ),
            next_step=tr("give only one of them, or write its numbers out."),
        )
    written_out = [
        field
        if _PLAIN.fullmatch(field) and not (index == 4 and "7" in field)
        else ",".join(map(str, numbers))
        for index, (field, numbers) in enumerate(zip(fields, _expand(expression), strict=True))
    ]
    return " ".join(written_out)


def _is_standard(index: int, field: str) -> bool:
    words = set(re.findall("[a-z]+", field))
    return words <= _NAMES.get(index, set()) and re.fullmatch(r"[\da-z*,/-]+", field) is not None


def _expand(expression: str) -> list[list[int]]:
    """Returns the numbers of each field; an empty list for a star."""
    from croniter import croniter

    return [
        [] if "*" in numbers else sorted(int(number) for number in numbers)
        for numbers in croniter(expression).expanded
    ]


def _pad(numbers: list[int]) -> str:
    return ",".join(f"{number:02}" for number in numbers) or "*"


def _format(seconds: int) -> str:
    for unit, size in (("d", _DAY), ("h", _HOUR), ("m", _MINUTE)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"

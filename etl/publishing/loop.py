"""Repeats runs at a fixed interval or by a cron expression."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime

from etl.errors import SettingsError
from etl.language.message import tr
from etl.runtime import clock

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
# Maximum wait between two looks at the clock, as it may be set meanwhile.
_POLL_SECONDS = 20.0


def parse_interval(text: str) -> float:
    """Returns the seconds of an interval such as `90s`, `15m`, `6h` or `1d`.

    Raises:
        SettingsError: it is not an interval.
    """
    match = re.fullmatch(r"(\d+)([smhd])", text.strip())
    if not match or not int(match[1]):
        raise SettingsError(
            tr("{interval!r} is no interval of time", interval=text),
            details=[tr("expected a number and one of s, m, h, d")],
            next_step=tr("write `--every 6h`, for example."),
        )
    return float(int(match[1]) * _UNITS[match[2]])


def repeat_every(seconds: float, wait: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Yields immediately, then every `seconds`, measured start to start.

    After a run that takes longer it yields immediately. Setting the clock has no effect.
    """
    while True:
        begun = time.monotonic()
        yield
        wait(max(0.0, begun + seconds - time.monotonic()))


def repeat_by_cron(
    expression: str,
    now: Callable[[], datetime] = clock.local_time,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[None]:
    """Yields at the times of a cron expression, in local time.

    If the clock is set forward beyond a time, it yields at once; if back, at the next time from there on.

    Raises:
        SettingsError: see `check_cron`.
    """
    check_cron(expression)
    while True:
        due = _after(expression, now())
        while (left := (due - now()).total_seconds()) > 0:
            wait(min(left, _POLL_SECONDS))
            due = min(due, _after(expression, now()))
        yield


def check_cron(expression: str) -> None:
    """Checks a cron expression.

    Raises:
        SettingsError: it is invalid, or the package that parses it is not installed.
    """
    try:
        from croniter import croniter
    except ModuleNotFoundError as error:
        raise SettingsError(
            tr("--cron needs the package croniter"),
            next_step=tr("pip install 'korean-emotion-etl[schedule]', or use `--every`."),
        ) from error
    if not croniter.is_valid(expression):
        raise SettingsError(
            tr("{expression!r} is no cron expression", expression=expression),
            details=[
                tr(
                    "expected minute (0-59), hour (0-23), day of the month (1-31), month (1-12) and day of "
                    "the week (0-7)"
                )
            ],
            next_step=tr('write `--cron "0 3 * * *"`, for example: each day at three.'),
        )


def _after(expression: str, moment: datetime) -> datetime:
    from croniter import croniter

    following: datetime = croniter(expression, moment).get_next(datetime)
    return following

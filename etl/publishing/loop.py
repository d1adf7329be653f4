"""Again and again: at fixed distances, or when a cron expression says so; a run that fails ends nothing."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime

from etl.errors import SettingsError
from etl.runtime import clock

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
# How often the clock is looked at again, should somebody set it.
_LOOK_AGAIN_SECONDS = 20.0


def seconds_of(text: str) -> float:
    """The seconds of a distance in time such as `90s`, `15m`, `6h` or `1d`.

    Raises:
        SettingsError: it is none.
    """
    match = re.fullmatch(r"(\d+)([smhd])", text.strip())
    if not match or not int(match[1]):
        raise SettingsError(
            f"{text!r} is no distance in time",
            details=["expected a number and one of s, m, h, d"],
            next_step="write `--every 6h`, for example.",
        )
    return float(int(match[1]) * _UNITS[match[2]])


def every(seconds: float, wait: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Once at once, and then whenever so many seconds have passed since the last beginning.

    Where a run takes longer than that, the next one begins when it has ended. Setting the clock changes
    nothing.
    """
    while True:
        begun = time.monotonic()
        yield
        wait(max(0.0, begun + seconds - time.monotonic()))


def by_cron(
    expression: str,
    now: Callable[[], datetime] = clock.local_time,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[None]:
    """Whenever a cron expression says so, in local time.

    If the clock is set forward beyond a time, that time has come; if it is set back, the next time from there
    on counts.
    """
    check_cron(expression)
    while True:
        due = _after(expression, now())
        while (left := (due - now()).total_seconds()) > 0:
            wait(min(left, _LOOK_AGAIN_SECONDS))
            due = min(due, _after(expression, now()))
        yield


def check_cron(expression: str) -> None:
    """Refuses what is no cron expression.

    Raises:
        SettingsError: it is none, or the package that reads it is not installed.
    """
    try:
        from croniter import croniter
    except ModuleNotFoundError as error:
        raise SettingsError(
            "--cron needs the package croniter",
            next_step="pip install 'korean-emotion-etl[schedule]', or use `--every`.",
        ) from error
    if not croniter.is_valid(expression):
        raise SettingsError(
            f"{expression!r} is no cron expression",
            details=["expected minute, hour, day of the month, month and day of the week"],
            next_step='write `--cron "0 3 * * *"`, for example: each day at three.',
        )


def _after(expression: str, moment: datetime) -> datetime:
    from croniter import croniter

    found: datetime = croniter(expression, moment).get_next(datetime)
    return found

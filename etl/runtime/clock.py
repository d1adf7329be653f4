"""The current time, for records and locks. No dataset holds a date: the same input gives the same bytes."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """Returns the current time in UTC, to the second, such as `2025-03-01T02:00:05Z`."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_since(moment_ns: int) -> float:
    """Returns the seconds since a moment that is given in nanoseconds since 1970, as file systems do."""
    return datetime.now(UTC).timestamp() - moment_ns / 1e9


def local_time() -> datetime:
    """Returns the current time in the local time zone."""
    return datetime.now(UTC).astimezone()

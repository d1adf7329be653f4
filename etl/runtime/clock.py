"""The current time, for records and locks. No dataset holds a date: the same input gives the same bytes."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """Returns the current time in UTC, to the second, such as `2025-03-01T02:00:05Z`."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local_time() -> datetime:
    """Returns the current time in the local time zone."""
    return datetime.now(UTC).astimezone()

"""When a refresh runs again."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from etl.errors import InputError, SettingsError, is_transient
from etl.publishing import loop
from etl.publishing.retry import with_retries


class Clock:
    """A clock that only goes on while somebody waits; it can be set."""

    def __init__(self, start: datetime):
        self.time = start
        self.jumps: list[timedelta] = []

    def now(self) -> datetime:
        return self.time

    def wait(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        if self.jumps:
            self.time += self.jumps.pop(0)


START = datetime(2025, 3, 1, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("6h", 21_600), ("1d", 86_400), (" 2h ", 7_200)]
)
def test_a_distance_in_time(text: str, seconds: float) -> None:
    assert loop.parse_interval(text) == seconds


@pytest.mark.parametrize("text", ["", "6", "h", "0h", "-1h", "6 hours", "1.5h"])
def test_what_is_no_distance_in_time(text: str) -> None:
    with pytest.raises(SettingsError, match="no interval of time"):
        loop.parse_interval(text)


def test_every_six_hours_begins_at_once_and_waits_for_what_is_left() -> None:
    waited: list[float] = []
    for _ in islice(loop.repeat_every(21_600, waited.append), 3):
        pass
    assert len(waited) == 2
    assert all(21_599 < seconds <= 21_600 for seconds in waited)


def test_a_cron_expression_names_the_times() -> None:
    pytest.importorskip("croniter")
    clock = Clock(START)
    times = [clock.time for _ in islice(loop.repeat_by_cron("0 3 * * *", clock.now, clock.wait), 3)]
    assert [time.isoformat() for time in times] == [f"2025-03-0{day}T03:00:00+00:00" for day in (1, 2, 3)]


@pytest.mark.parametrize(("hours", "first"), [(5, "2025-03-01T06:30"), (-3, "2025-02-28T23:00")])
def test_a_clock_that_is_set_forward_makes_it_due_and_set_back_due_again(hours: int, first: str) -> None:
    pytest.importorskip("croniter")
    clock = Clock(START)
    clock.jumps = [timedelta(hours=hours)]
    next(loop.repeat_by_cron("0 3,23 * * *", clock.now, clock.wait))
    assert clock.time.isoformat().startswith(first)


def test_what_is_no_cron_expression_is_refused() -> None:
    pytest.importorskip("croniter")
    with pytest.raises(SettingsError, match="no cron expression"):
        loop.check_cron("every day at three")


def failing(times: int, error: Exception, asked: list[int]) -> str:
    asked.append(1)
    if len(asked) <= times:
        raise error
    return "done"


def test_an_error_that_may_be_over_in_a_moment_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    asked: list[int] = []
    server_away = OSError(116, "Stale file handle")
    done = with_retries(lambda: failing(2, server_away, asked), 3, first_wait_seconds=0.001)
    assert (done, len(asked), len(caplog.messages)) == ("done", 3, 2)
    assert "trying again" in caplog.messages[0]


def test_any_other_error_is_not_tried_again() -> None:
    asked: list[int] = []
    with pytest.raises(OSError, match="No space"):
        with_retries(lambda: failing(2, OSError(28, "No space left on device"), asked), 3)
    assert len(asked) == 1


def test_at_last_it_is_given_up() -> None:
    asked: list[int] = []
    with pytest.raises(OSError, match="Input/output"):
        with_retries(
            lambda: failing(9, OSError(5, "Input/output error"), asked),
            2,
            first_wait_seconds=0.001,
        )
    assert len(asked) == 3


def test_what_led_to_an_error_counts_too() -> None:
    try:
        try:
            raise OSError(5, "Input/output error")
        except OSError:
            raise InputError("it cannot be read") from None
    except InputError as error:
        assert is_transient(error)
    assert not is_transient(InputError("it is cut off"))

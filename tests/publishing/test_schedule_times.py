"""When: cron expressions and intervals in the terms of each scheduler, checked by systemd and croniter."""

import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from croniter import croniter

from etl.errors import SettingsError
from etl.publishing.schedule.times import parse_timing, to_calendar, to_cron

BASE = datetime(2025, 1, 30, 22, 7, tzinfo=UTC)
systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not on this machine")


def next_by_systemd(calendar: str) -> list[datetime]:
    base = f"--base-time={BASE:%Y-%m-%d %H:%M:%S} UTC"
    done = subprocess.run(
        ["systemd-analyze", "calendar", "--iterations=8", base, calendar],
        capture_output=True,
        text=True,
        env={**os.environ, "TZ": "UTC", "LC_ALL": "C"},
        check=True,
    )
    found = re.findall(r"(?:Next elapse|Iteration #\d+|Iter\. #\d+): \w+ (\S+ \S+) UTC", done.stdout)
    assert found, done.stdout
    return [datetime.strptime(each, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) for each in found]


@systemd
@pytest.mark.parametrize(
    "expression",
    [
        "0 3 * * *",
        "* * * * *",
        "*/15 * * * *",
        "5/20 1-3 * * *",
        "0 */6 * * *",
        "30 4 1,15 * *",
        "30 4 * * mon-fri",
        "0 0 * * 7",
        "0 0 * feb,MAR sun",
        "0 0 29 2 *",
        "15 10-18/4 1-7 */3 *",
        "0 12 13 * 5",
    ],
)
def test_systemd_runs_at_the_times_of_the_cron_expression(expression: str) -> None:
    moment = parse_timing(None, expression)
    assert moment.cron is not None
    found = sorted({each for line in to_calendar(moment.cron, "UTC") for each in next_by_systemd(line)})[:8]
    times = croniter(expression, BASE)
    assert found == [times.get_next(datetime) for _ in found]
    times = croniter(moment.cron, BASE)
    assert found == [times.get_next(datetime) for _ in found]


@pytest.mark.parametrize("every", ["1m", "60s", "5m", "30m", "60m", "1h", "6h", "24h", "1d", "7d"])
def test_an_interval_that_cron_can_say_comes_round_evenly(every: str) -> None:
    moment = parse_timing(every, None)
    times = croniter(to_cron(moment, "cron"), BASE)
    found = [times.get_next(datetime) for _ in range(200)]
    assert {(later - sooner).total_seconds() for sooner, later in pairwise(found)} == {moment.seconds}


@pytest.mark.parametrize(
    ("every", "near"),
    [
        ("7h", "6h or 8h"),
        ("45m", "30m or 1h"),
        ("90m", "1h or 2h"),
        ("2d", "1d or 7d"),
        ("90s", "1m or 2m"),
        ("30s", "1m"),
        ("30d", "7d"),
    ],
)
def test_an_interval_that_cron_cannot_say_is_refused_with_the_nearest(every: str, near: str) -> None:
    with pytest.raises(SettingsError, match=f"cannot run something every {every}") as caught:
        to_cron(parse_timing(every, None), "cron")
    assert caught.value.details == [f"the nearest that it can: {near}"]


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "0 3 * *",
        "0 3 * * * *",
        "61 * * * *",
        "@daily",
        "0 3 L * *",
        "0 3 * * 5#2",
        "0 3 ? * *",
        "H 3 * * *",
    ],
)
def test_what_not_every_cron_understands_is_refused(expression: str) -> None:
    with pytest.raises(SettingsError, match="cron expression"):
        parse_timing(None, expression)


def test_days_that_schedulers_read_differently_are_refused() -> None:
    with pytest.raises(SettingsError, match="different days"):
        parse_timing(None, "0 3 */2 * 1")


def test_both_options_at_once_are_refused_and_none_is_daily() -> None:
    with pytest.raises(SettingsError, match="exclude each other"):
        parse_timing("6h", "0 3 * * *")
    assert parse_timing(None, None).cron == "0 3 * * *"

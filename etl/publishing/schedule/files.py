"""Renders the files that a scheduler needs to run `etl refresh`; templates are in `schemas/schedule/`."""

from __future__ import annotations

import re
import sys
import zoneinfo
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Literal

import etl
from etl.errors import SettingsError
from etl.language import comments
from etl.language.message import tr, translated
from etl.publishing.schedule import quote
from etl.publishing.schedule.times import Timing, to_calendar, to_cron
from etl.schema import resources

System = Literal["systemd", "cron", "kubernetes", "airflow", "dagster"]

NAME = "etl-refresh"
# A CronJob's name has at most 52 characters: Kubernetes adds its own to it.
_NAME = re.compile(r"[a-z]([a-z0-9-]{0,50}[a-z0-9])?")
# Folders of the container at which the CronJob cannot mount the config.
_TAKEN = {"/", "/tmp"}  # noqa: S108 - in the container


@dataclass(frozen=True)
class ScheduledRefresh:
    """A refresh that a scheduler shall run.

    Args:
        config: the `etl.yaml`.
        timing: when to run.
        name: name of units, jobs and files.
        time_zone: of the times of a cron expression; None: the scheduler's own.
        image: the container that Kubernetes runs.
    """

    config: Path
    timing: Timing
    name: str = NAME
    time_zone: str | None = None
    image: str = f"korean-emotion-etl:{etl.__version__}"


def render_files(system: System, refresh: ScheduledRefresh) -> dict[str, str]:
    """Renders the files for one scheduler.

    Args:
        system: the scheduler.
        refresh: what it shall run.

    Returns:
        The content of each file by its name.

    Raises:
        SettingsError: the scheduler cannot express the timing, or the name, time zone or path cannot be used.
    """
    config = str(refresh.config.absolute())
    quote.check_writable(config)
    if not _NAME.fullmatch(refresh.name):
        raise SettingsError(
            tr("{name!r} cannot be the name of a schedule", name=refresh.name),
            details=[tr("expected at most 52 of a-z, 0-9 and -, a letter first and no - last")],
            next_step=tr("leave out `--name`, or use `--name {name}-reviews`, for example.", name=NAME),
        )
    if refresh.time_zone is not None:
        _check_time_zone(refresh.time_zone)
    command = ["refresh", "--once", "--config", config]
    return {
        "systemd": _systemd,
        "cron": _cron,
        "kubernetes": _kubernetes,
        "airflow": _airflow,
        "dagster": _dagster,
    }[system](refresh, command)


def _systemd(refresh: ScheduledRefresh, command: list[str]) -> dict[str, str]:
    if refresh.timing.cron is not None:
        calendar = to_calendar(refresh.timing.cron, refresh.time_zone)
        times = [*(f"OnCalendar={moment}" for moment in calendar), "Persistent=true"]
    else:
        times = ["OnActiveSec=1min", f"OnUnitActiveSec={refresh.timing.seconds}s"]
    return {
        f"{refresh.name}.service": _render(
            "systemd.service",
            name=refresh.name,
            description=translated(tr("Refresh a dataset ({name})", name=refresh.name)),
            command=quote.for_systemd([*_etl_command(), *command]),
        ),
        f"{refresh.name}.timer": _render(
            "systemd.timer",
            name=refresh.name,
            description=translated(tr("When to refresh a dataset ({name})", name=refresh.name)),
            times="\n".join(times),
        ),
    }


def _cron(refresh: ScheduledRefresh, command: list[str]) -> dict[str, str]:
    if refresh.time_zone is not None:
        raise SettingsError(
            tr("not every cron knows time zones"),
            details=[tr("got --time-zone {time_zone}", time_zone=refresh.time_zone)],
            next_step=tr(
                "leave out `--time-zone`: cron goes by the machine's own; or use `etl schedule systemd`."
            ),
        )
    line = f"{to_cron(refresh.timing, 'cron')} {quote.for_crontab([*_etl_command(), *command])}"
    return {f"{refresh.name}.crontab": _render("crontab", line=line)}


def _kubernetes(refresh: ScheduledRefresh, command: list[str]) -> dict[str, str]:
    folder = str(refresh.config.absolute().parent)
    if ":" in folder or folder in _TAKEN:
        raise SettingsError(
            tr("Kubernetes cannot mount a volume there"),
            details=[tr("got the folder of the config: {folder}", folder=folder)],
            next_step=tr("keep etl.yaml in a folder of its own whose path has no colon."),
        )
    values = {
        "name": refresh.name,
        "schedule": quote.for_yaml(to_cron(refresh.timing, "Kubernetes")),
        "time_zone": quote.for_yaml(refresh.time_zone or "Etc/UTC"),
        "image": quote.for_yaml(refresh.image),
        # In the image, not in this machine's environment.
        "command": quote.for_kubernetes(["etl", *command]),
        "folder": quote.for_yaml(folder),
        "cache": quote.for_yaml(f"{folder}/.etl-cache".replace("$", "$$")),
    }
    return {f"{refresh.name}.yaml": _render("kubernetes.yaml", **values)}


def _airflow(refresh: ScheduledRefresh, command: list[str]) -> dict[str, str]:
    if refresh.timing.cron is not None:
        schedule = quote.for_python(refresh.timing.cron)
    else:
        schedule = f"timedelta(seconds={refresh.timing.seconds})"
    values = {
        "name": quote.for_python(refresh.name),
        "schedule": schedule,
        "time_zone": quote.for_python(refresh.time_zone or "UTC"),
        "command": quote.for_python([*_etl_command(), *command]),
        "another_is_running": quote.for_python(translated(tr("another refresh is running"))),
    }
    return {f"{_identifier(refresh.name)}_dag.py": _render("airflow.py", **values)}


def _dagster(refresh: ScheduledRefresh, command: list[str]) -> dict[str, str]:
    values = {
        "name": quote.for_python(_identifier(refresh.name)),
        "schedule": quote.for_python(to_cron(refresh.timing, "Dagster")),
        "time_zone": quote.for_python(refresh.time_zone or "UTC"),
        "command": quote.for_python([*_etl_command(), *command]),
        "another_is_running": quote.for_python(translated(tr("another refresh is running"))),
        "failed": quote.for_python(translated(tr("etl refresh failed with exit code {code}", code="{code}"))),
    }
    return {f"{_identifier(refresh.name)}_definitions.py": _render("dagster.py", **values)}


def _render(template: str, **values: str) -> str:
    text = resources.path("schemas", "schedule", f"{template}.template").read_text(encoding="utf-8")
    return Template(comments.translate(text)).substitute(values)


def _etl_command() -> list[str]:
    """Returns the command of this installation, by its absolute path."""
    script = Path(sys.executable).with_name("etl")
    return [str(script)] if script.is_file() else [sys.executable, "-m", "etl"]


def _identifier(name: str) -> str:
    return name.replace("-", "_")


def _check_time_zone(name: str) -> None:
    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError) as error:
        raise SettingsError(
            tr("{name!r} is not a time zone", name=name),
            details=[tr("expected a name such as Asia/Seoul or UTC")],
            next_step=tr("see `timedatectl list-timezones`, or leave out `--time-zone`."),
        ) from error

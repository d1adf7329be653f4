"""Fills in the templates of `schemas/schedule/`: what a scheduler needs to run `etl refresh`."""

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
from etl.publishing.schedule import quote
from etl.publishing.schedule.times import When, as_calendar, as_cron
from etl.schema import resources

System = Literal["systemd", "cron", "kubernetes", "airflow", "dagster"]

NAME = "etl-refresh"
# A CronJob's name has at most 52 characters: Kubernetes adds its own to it.
_NAME = re.compile(r"[a-z]([a-z0-9-]{0,50}[a-z0-9])?")


# Where the CronJob mounts nothing, or something else.
_TAKEN = {"/", "/tmp"}  # noqa: S108 - in the container


@dataclass(frozen=True)
class Job:
    """What is to be run, and when.

    Args:
        config: the `etl.yaml`.
        when: see `etl.publishing.schedule.times`.
        name: what units, jobs and files are called.
        time_zone: in which the times of a cron expression are meant; None: the scheduler's own.
        image: the container that Kubernetes runs.
    """

    config: Path
    when: When
    name: str = NAME
    time_zone: str | None = None
    image: str = f"korean-emotion-etl:{etl.__version__}"


def write(system: System, job: Job) -> dict[str, str]:
    """The files for one scheduler: their names, and what is in them.

    Raises:
        SettingsError: the scheduler cannot say when, or the name, time zone or path cannot be used.
    """
    config = str(job.config.absolute())
    quote.check_writable(config)
    if not _NAME.fullmatch(job.name):
        raise SettingsError(
            f"{job.name!r} cannot be the name of a schedule",
            details=["expected at most 52 of a-z, 0-9 and -, a letter first"],
            next_step=f"leave it out, or use `--name {NAME}-reviews`, for example.",
        )
    if job.time_zone is not None:
        _check_time_zone(job.time_zone)
    command = ["refresh", "--once", "--config", config]
    return {
        "systemd": _systemd,
        "cron": _cron,
        "kubernetes": _kubernetes,
        "airflow": _airflow,
        "dagster": _dagster,
    }[system](job, command)


def _systemd(job: Job, command: list[str]) -> dict[str, str]:
    if job.when.cron is not None:
        calendar = as_calendar(job.when.cron, job.time_zone)
        times = [*(f"OnCalendar={each}" for each in calendar), "Persistent=true"]
    else:
        times = ["OnActiveSec=1min", f"OnUnitActiveSec={job.when.seconds}s"]
    return {
        f"{job.name}.service": _filled(
            "systemd.service", name=job.name, command=quote.for_systemd([*_etl(), *command])
        ),
        f"{job.name}.timer": _filled("systemd.timer", name=job.name, times="\n".join(times)),
    }


def _cron(job: Job, command: list[str]) -> dict[str, str]:
    if job.time_zone is not None:
        raise SettingsError(
            "not every cron knows time zones",
            details=[f"got --time-zone {job.time_zone}"],
            next_step="leave it out: cron goes by the machine's own; or use `etl schedule systemd`.",
        )
    line = f"{as_cron(job.when, 'cron')} {quote.for_crontab([*_etl(), *command])}"
    return {f"{job.name}.crontab": _filled("crontab", line=line)}


def _kubernetes(job: Job, command: list[str]) -> dict[str, str]:
    folder = str(job.config.absolute().parent)
    if ":" in folder or folder in _TAKEN:
        raise SettingsError(
            "Kubernetes cannot mount a volume there",
            details=[f"got the folder of the config: {folder}"],
            next_step="keep etl.yaml in a folder of its own whose path has no colon.",
        )
    values = {
        "name": job.name,
        "schedule": quote.for_yaml(as_cron(job.when, "Kubernetes")),
        "time_zone": quote.for_yaml(job.time_zone or "Etc/UTC"),
        "image": quote.for_yaml(job.image),
        # In the image, not in this machine's environment.
        "command": quote.for_kubernetes(["etl", *command]),
        "folder": quote.for_yaml(folder),
        "cache": quote.for_yaml(f"{folder}/.etl-cache".replace("$", "$$")),
    }
    return {f"{job.name}.yaml": _filled("kubernetes.yaml", **values)}


def _airflow(job: Job, command: list[str]) -> dict[str, str]:
    if job.when.cron is not None:
        schedule = quote.for_python(job.when.cron)
    else:
        schedule = f"timedelta(seconds={job.when.seconds})"
    values = {
        "name": quote.for_python(job.name),
        "schedule": schedule,
        "time_zone": quote.for_python(job.time_zone or "UTC"),
        "command": quote.for_python([*_etl(), *command]),
    }
    return {f"{_identifier(job.name)}_dag.py": _filled("airflow.py", **values)}


def _dagster(job: Job, command: list[str]) -> dict[str, str]:
    values = {
        "name": quote.for_python(_identifier(job.name)),
        "schedule": quote.for_python(as_cron(job.when, "Dagster")),
        "time_zone": quote.for_python(job.time_zone or "UTC"),
        "command": quote.for_python([*_etl(), *command]),
    }
    return {f"{_identifier(job.name)}_definitions.py": _filled("dagster.py", **values)}


def _filled(template: str, **values: str) -> str:
    text = resources.path("schemas", "schedule", f"{template}.template").read_text(encoding="utf-8")
    return Template(text).substitute(values)


def _etl() -> list[str]:
    """This installation's `etl`, by its absolute path."""
    script = Path(sys.executable).with_name("etl")
    return [str(script)] if script.is_file() else [sys.executable, "-m", "etl"]


def _identifier(name: str) -> str:
    return name.replace("-", "_")


def _check_time_zone(name: str) -> None:
    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError) as error:
        raise SettingsError(
            f"{name!r} is not a time zone",
            details=["expected a name such as Asia/Seoul or UTC"],
            next_step="see `timedatectl list-timezones`, or leave it out.",
        ) from error

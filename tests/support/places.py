"""Places to publish in, small raw tables, and refreshes of them, in this process or in one of its own."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from etl import settings
from etl.dataset.manifest import MANIFEST
from etl.dataset.read import open_dataset
from etl.publishing.job import Job, make_job
from etl.publishing.record import Run
from etl.publishing.refresh import refresh
from etl.storage.versions.local import LocalStore
from etl.validation.checks.output_contract import great_expectations
from support.small_tables import kept_rows, write_lines

COMMAND = [sys.executable, "-m", "etl"]


def write_rows(path: Path, start: int, stop: int, label: str | None = None) -> Path:
    """A table of rows that are all kept, each in a group of its own."""
    return write_lines(path, kept_rows(start, stop, label))


def write_config(folder: Path, **refresh: Any) -> Path:
    """An `etl.yaml` beside a folder of tables, `raw`, and a place, `place`."""
    path = folder / "etl.yaml"
    sections = {
        "tag": {"tagger": "whitespace"},
        "table": {"text_column": "text", "label_column": "label", "group_column": "group"},
        "write": {"shard_rows": 100},
        "refresh": {"inputs": ["raw"], "out": "place", "retries": 0, **refresh},
    }
    path.write_text(yaml.safe_dump(sections, allow_unicode=True), encoding="utf-8")
    return path


def make(folder: Path, **refresh: Any) -> Job:
    """A config and a table of 300 rows, nothing published yet."""
    write_rows(folder / "raw" / "a.jsonl", 0, 300)
    return job(write_config(folder, **refresh))


def job(config: Path, **overrides: Any) -> Job:
    """What a config describes; `dedupe__near=0` sets `dedupe.near`."""
    chosen = {name.replace("__", "."): value for name, value in overrides.items()}
    return make_job(settings.load(config, chosen), config.parent, workers=2)


def run(job: Job) -> Run:
    """One refresh in this process."""
    great_expectations()  # once for all of them, instead of a process for each
    return refresh(job, progress=lambda *_: None)


def succeeded(done: Run) -> Run:
    assert done.error is None, done.error
    return done


def start(config: Path, *options: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """A refresh in a process of its own."""
    return subprocess.Popen(
        [*COMMAND, "refresh", "--config", str(config), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **(env or {})},
    )


def whole(place: Path) -> str | None:
    """The name of the current version, every file of which must have the sha256 of the manifest."""
    name = LocalStore(place).current()
    if name is None:
        return None
    assert LocalStore(place).is_whole(name), name
    return name


def content(place: Path) -> dict[str, str]:
    """The sha256 of every file that the current version's manifest lists, and of the manifest."""
    dataset = open_dataset(place / "current")
    names = [*dataset.manifest.files, MANIFEST]
    return {name: hashlib.sha256((dataset.path / name).read_bytes()).hexdigest() for name in names}


def ran(done: Run) -> list[str]:
    """The stages that ran."""
    return [stage.stage for stage in done.stages if stage.why]

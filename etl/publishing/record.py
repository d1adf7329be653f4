"""The record of all refreshes: a line of JSON for each run in `runs.jsonl`, synced before the run ends.

A line that a crash cut off is passed over by those who read, and the next one begins on a line of its own.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from etl.dataset.guards import Objection
from etl.errors import InputError
from etl.language.message import tr
from etl.language.stored import in_english
from etl.publishing.changes import Event
from etl.runtime.failures import write_error
from etl.runtime.json_text import decode_json

FILE = "runs.jsonl"

PUBLISHED, UNCHANGED, WITHDRAWN = "published", "unchanged", "withdrawn"
REFUSED, FAILED = "refused", "failed"


class Stage(msgspec.Struct):
    """One stage of a run: why it ran (nothing: it did not), and how long it took."""

    stage: str
    why: list[str]
    seconds: float = 0.0


class Run(msgspec.Struct, kw_only=True):
    """One run.

    Attributes:
        run: counts the runs in a folder.
        started: when, in UTC.
        outcome: `published`, `unchanged`, `withdrawn` (what was made is a version that a rollback went back
            behind, and stays so), `refused` (a guard found it too different), or `failed`.
        version, before: the version that is current after the run, and before it.
        events: what happened to raw files.
        rows: by split, of the current version.
        refused, accepted: what the guards said against the new version, and which of it was accepted.
        error: what a person was told.
        kept: where the dataset of a run that failed or was refused is kept.
    """

    run: int
    started: str
    seconds: float = 0.0
    outcome: str = FAILED
    exit_code: int = 1
    version: str | None = None
    before: str | None = None
    attempts: int = 1
    stages: list[Stage] = []
    events: list[Event] = []
    rows: dict[str, int] = {}
    refused: list[Objection] = []
    accepted: list[Objection] = []
    error: str | None = None
    kept: str | None = None


def next_number(folder: Path) -> int:
    """The number of the next run."""
    return max((run["run"] for run in read_runs(folder)), default=0) + 1


def read_runs(folder: Path) -> list[dict[str, Any]]:
    """Reads the runs recorded in a folder; lines that cannot be read are left out.

    Raises:
        InputError: the file is there and cannot be read.
    """
    try:
        lines = (folder / FILE).read_bytes().splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError(
            tr("{file} cannot be read", file=folder / FILE),
            details=[error],
            next_step=tr("make it readable, or move it away: it only says what earlier runs did."),
        ) from error
    found = []
    for line in lines:
        try:
            run = decode_json(line, dict[str, Any])
        except msgspec.DecodeError:
            continue
        if isinstance(run.get("run"), int):
            found.append(run)
    return found


def encode_run(run: Run) -> bytes:
    """Returns a run as a line of JSON, which is in English whatever the language of the user."""
    return msgspec.json.encode(run, enc_hook=in_english) + b"\n"


def append_run(folder: Path, run: Run) -> None:
    """Appends a run to the record, and waits until the disk has it.

    Raises:
        WriteError: it cannot be written.
    """
    try:
        with (folder / FILE).open("a+b") as lines:
            if lines.tell():
                lines.seek(-1, os.SEEK_END)
                if lines.read(1) != b"\n":
                    lines.write(b"\n")
            lines.write(encode_run(run))
            lines.flush()
            os.fsync(lines.fileno())
    except OSError as error:
        raise write_error(folder / FILE, error, is_left=tr("what was published is published.")) from error

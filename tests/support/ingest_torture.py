"""Kills `etl ingest` again and again, resumes it, and compares each dataset with one that nobody disturbed.

PYTHONPATH=tests:. python -m support.ingest_torture FOLDER [ROWS [KILLS]]
"""

from __future__ import annotations

import hashlib
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import scale_rows
from support.run_etl import COMMAND, environment

_TABLE = ["--text-column", "text", "--label-column", "label", "--tagger", "whitespace"]
# A resumed run may have another limit than the one that was killed.
_LIMITS = ("1GB", "2GB", "4GB")
_KILLED_AGAIN = 0.4


@dataclass
class Outcome:
    """What became of the runs.

    Attributes:
        seconds: of the run that nobody disturbed.
        moments: when runs were killed, in seconds since they were started.
        resumed: seconds of the runs that ended after others were killed.
        ended: datasets that were complete at the end.
        others: of these, those whose bytes are others; and those that stood at `out` before the end.
        failed: what runs said that did not end well.
        left: names that stood beside a complete dataset.
    """

    seconds: float
    moments: list[float] = field(default_factory=list)
    resumed: list[float] = field(default_factory=list)
    ended: int = 0
    others: int = 0
    failed: list[str] = field(default_factory=list)
    left: set[str] = field(default_factory=set)


def torture(folder: Path, rows: int, kills: int, seed: int = 0) -> Outcome:
    """Kills runs at random moments; each is resumed, and some of these are killed, too, until they end."""
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    raw = folder / "rows.jsonl"
    scale_rows.make(str(raw), rows)
    _finish(raw, folder / "warm" / "dataset", _LIMITS[0])  # compiles
    seconds, said = _finish(raw, folder / "sound" / "dataset", _LIMITS[0])
    assert not said, said
    sound = checksums(folder / "sound" / "dataset")
    outcome = Outcome(seconds)
    while len(outcome.moments) < kills:
        out = folder / "killed" / "dataset"
        shutil.rmtree(out.parent, ignore_errors=True)
        for _ in _kills(rng):
            moment = rng.uniform(0, seconds)
            is_killed = _kill(raw, out, rng.choice(_LIMITS), moment)
            if is_killed:
                outcome.moments.append(round(moment, 2))
            if out.exists() and checksums(out) != sound:
                outcome.others += 1
        seconds_resumed, said = _finish(raw, out, rng.choice(_LIMITS))
        outcome.resumed.append(round(seconds_resumed, 2))
        if said:
            outcome.failed.append(said)
            continue
        outcome.ended += 1
        outcome.others += checksums(out) != sound
        outcome.left |= {path.name for path in out.parent.iterdir()} - {out.name}
    return outcome


def checksums(dataset: Path) -> dict[str, str]:
    """Returns the sha256 of each file of a dataset, by its path in it."""
    found = {}
    for path in sorted(each for each in dataset.rglob("*") if each.is_file()):
        with path.open("rb") as stream:
            found[path.relative_to(dataset).as_posix()] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found


def _kills(rng: random.Random) -> Iterator[None]:
    """Yields once for each time that a dataset's run is killed: at least once."""
    yield
    while rng.random() < _KILLED_AGAIN:
        yield


def _command(raw: Path, out: Path, limit: str) -> list[str]:
    asked = ["--memory", limit, "--resume", "--json"]
    return [*COMMAND, "ingest", str(raw), "--out", str(out), *_TABLE, *asked]


def _kill(raw: Path, out: Path, limit: str, moment: float) -> bool:
    """Starts a run and kills it after so many seconds; returns whether it had not ended before."""
    out.parent.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        _command(raw, out, limit),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
    )
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    return False


def _finish(raw: Path, out: Path, limit: str) -> tuple[float, str]:
    """Runs to the end; returns the seconds, and what a run said that did not end well."""
    out.parent.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    done = subprocess.run(
        _command(raw, out, limit), capture_output=True, text=True, env=environment(), check=False
    )
    return time.monotonic() - start, done.stderr if done.returncode else ""


if __name__ == "__main__":
    folder, *numbers = sys.argv[1:]
    rows, kills = [*map(int, numbers), *(1_000_000, 30)[len(numbers) :]]
    outcome = torture(Path(folder), rows, kills)
    sys.stdout.write(f"{outcome}\n")
    sys.exit(bool(outcome.others or outcome.failed or outcome.left))

"""Signals at random moments: a command ends with a message and its exit code, leaves nothing, and can be run
again as if nothing had been. Half of the moments are in its first 0.3 seconds.
"""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

from etl.runtime import signals
from faults import prepared as in_this_process
from faults.counts import Count
from faults.prepared import contents, copy
from faults.processes import (
    Undisturbed,
    half_written,
    left_in,
    other_results,
    start,
    still_running,
    undisturbed,
)
from faults.table import COMMANDS, Command

EARLY_SECONDS = 0.3
TIMES, _SEED = 4, 1  # of each command by each signal
WRITING = [command for command in COMMANDS.values() if command.writes and not command.is_long]


def run(prepared: Path, folder: Path, say: Callable[[str], None]) -> list[Count]:
    """Stops each command of the table that writes by each signal, at as many moments as TIMES says."""
    chance, counts = random.Random(_SEED), []
    for number in signals.ENDING:
        counts.append(Count(f"{number.name} at a random moment"))
        for command in WRITING:
            sound = undisturbed(command, prepared, folder / "sound" / "run")
            seconds = seconds_of(command, prepared, folder / "timed" / "run")
            for time_ in range(TIMES):
                moment = chance.uniform(0, EARLY_SECONDS if time_ % 2 else seconds)
                counts[-1].tried += 1
                try:
                    stop(command, prepared, folder / "stopped" / "run", sound, number, moment)
                except AssertionError as error:
                    counts[-1].failures.append(str(error))
            say(f"{number.name}: {command.name}")
    return counts


def seconds_of(command: Command, prepared: Path, folder: Path) -> float:
    """How long a command takes that nobody disturbs, which leaves no temporary file."""
    started = start(command, copy(prepared, folder))
    begun = time.monotonic()
    assert started.end()[0] == command.exit_code
    assert left_in(started.temporary) == [], command.name
    return time.monotonic() - begun


def stop(
    command: Command,
    prepared: Path,
    folder: Path,
    sound: Undisturbed,
    number: signal.Signals,
    moment: float,
) -> str:
    """Stops a command at a moment, and runs it again.

    Args:
        command: of the table.
        prepared: the folder of `prepare`.
        folder: for a copy of it.
        sound: the same command that nobody disturbed.
        number: of the signal.
        moment: when, in seconds since it was started.

    Returns:
        Whether it was stopped, and when.

    Raises:
        AssertionError: it did not end as it is promised, or something was left.
    """
    copy(prepared, folder)
    started = start(command, folder)
    time.sleep(moment)
    what = f"{command.name}, {number.name} after {moment:.3f} s"
    started.tell(number)
    exit_code, said = started.end()
    assert not (others := still_running(started.process.pid)), (what, others)
    assert left_in(started.temporary) == [], (what, left_in(started.temporary))
    found = contents(folder)
    assert half_written(command, sound, found) == [], (what, half_written(command, sound, found), said)
    assert "Traceback" not in said, (what, said)
    if exit_code == command.exit_code:  # it came too late
        assert other_results(sound, found) == [], (what, other_results(sound, found))
        return "ended before"
    assert exit_code == 128 + number, (what, exit_code, said)
    assert said.splitlines()[-1] == signals.STOPPED, (what, said)
    if command.words[0] == "refresh" and said != f"{signals.STOPPED}\n":
        _check_record(folder, exit_code, what)
    if found == sound.after:  # all was done, and some commands do nothing twice
        return "stopped at its end"
    again = in_this_process.run(command, folder)
    assert again.returncode == command.exit_code, (what, again.stderr)
    assert not (others := other_results(sound, contents(folder))), (what, others)
    return "stopped"


def _check_record(folder: Path, exit_code: int, what: str) -> None:
    """The last line of the record is that of the run that was stopped, if it had begun to change anything."""
    lines = (folder / "place" / "runs.jsonl").read_text(encoding="utf-8").splitlines()
    last = json.loads(lines[-1])
    assert (last["exit_code"], last["outcome"]) == (exit_code, "failed"), (what, last)

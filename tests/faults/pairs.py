"""Two of every command that writes, at once into the same place: none takes anything from the other.

Both give what one alone gives, or one says truly why it does not, with an exit code of docs/operations.md.
Each pair runs plainly, and each of the two in a PID namespace of its own, as two containers are that share a
folder.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from faults.counts import Count
from faults.prepared import contents, copy
from faults.processes import Undisturbed, left_in, other_results, start, still_running, undisturbed
from faults.table import COMMANDS, Command

WRITING = [command for command in COMMANDS.values() if command.writes and not command.is_long]
TIMES = 2  # of each pair
# Exit codes of the one that comes second: the place is taken (2), nothing is left to do (4), or in use (5).
SECOND = {2, 4, 5}
# What the second says where it does not do the same again.
REASONS = (
    "is already there",
    "is not an empty folder",
    "is in use",
    "another run uses",
    "has no version before the current one",
)


def in_namespace() -> list[str] | None:
    """What runs a program as process 1 of a namespace of its own; None where that is not allowed."""
    program = shutil.which("unshare")
    if program is None:
        return None
    words = [program, "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child"]
    tried = subprocess.run([*words, "true"], capture_output=True, check=False)
    return words if tried.returncode == 0 else None


def run(prepared: Path, folder: Path, say: Callable[[str], None]) -> list[Count]:
    """Runs two of each command of the table that writes, plainly and in namespaces, TIMES times each."""
    counts = []
    for name, prefix in (("", []), (", in two PID namespaces", in_namespace())):
        if prefix is None:
            say("namespaces: this system does not allow them")
            continue
        counts.append(Count(f"two of a command at once{name}"))
        for command in WRITING:
            sound = undisturbed(command, prepared, folder / "sound" / "run")
            for _ in range(TIMES):
                counts[-1].tried += 1
                try:
                    run_pair(command, prepared, folder / "pair" / "run", sound, prefix)
                except AssertionError as error:
                    counts[-1].failures.append(str(error))
            say(f"two of {command.name}{name}")
    return counts


def run_pair(
    command: Command, prepared: Path, folder: Path, sound: Undisturbed, prefix: Sequence[str]
) -> str:
    """Runs two of a command at once.

    Args:
        command: of the table.
        prepared: the folder of `prepare`.
        folder: for a copy of it.
        sound: the same command alone.
        prefix: a program that runs each, see `in_namespace`.

    Returns:
        Whether both succeeded or one gave way.

    Raises:
        AssertionError: something was lost, or a cause is not true.
    """
    copy(prepared, folder)
    pair = [start(command, folder, name, prefix) for name in ("-1", "-2")]
    ended = [started.end() for started in pair]
    what = f"{command.name}: {ended}"
    for started in pair:
        assert still_running(started.process.pid) == [], what
        assert left_in(started.temporary) == [], (what, left_in(started.temporary))
    refused = [(code, said) for code, said in ended if code != command.exit_code]
    assert len(refused) < len(pair), what
    for code, said in refused:
        assert code in SECOND, what
        assert any(reason in said for reason in REASONS), what
    assert other_results(sound, contents(folder)) == [], (what, other_results(sound, contents(folder)))
    return "one gave way" if refused else "both succeeded"

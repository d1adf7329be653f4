"""Which processes run below another one, as Linux tells in /proc; and `etl` in one that is sent a signal."""

import subprocess
import sys
import time
from pathlib import Path

from support.patience import PATIENCE

# Says when the first module is loaded, as nothing can answer a signal before.
EARLY = "import etl.__main__; print('loaded', flush=True); etl.__main__.main()"


def signalled(number: int, seconds: float = 0.0) -> tuple[int, str]:
    """Sends a signal to a command so many seconds after it began; returns its exit code and what it said."""
    with subprocess.Popen(
        [sys.executable, "-c", EARLY, "tokens", "-"],  # it waits for standard input
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(seconds)
        process.send_signal(number)
        _, said = process.communicate(timeout=PATIENCE)
    return process.returncode, said


def descendants(pid: int) -> set[int]:
    """The processes below one; zombies have ended."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # it ended meanwhile
        if state != "Z":
            parents[int(stat.parent.name)] = int(parent)
    below: set[int] = set()
    level = {pid}
    while level := {child for child, parent in parents.items() if parent in level}:
        below |= level
    return below


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False

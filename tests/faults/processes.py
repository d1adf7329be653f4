"""Commands of the table in processes of their own, and what they leave: files, processes, folders."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from faults.prepared import contents, copy, environment_of, is_written, run, words_of
from faults.table import Command

# Tells that the first module is loaded: nothing can answer a signal before.
_START = "import os, etl.__main__; os.write(int(os.environ['ETL_TELLS']), b'.'); etl.__main__.main()"
# What a run that was stopped may leave, as its page of the documentation says.
_FOR_RESUMING = ".made.training/", ".model.training/"
# Pages of Great Expectations and events for TensorBoard name the time, an export how long it took to run; an
# archive of TorchScript has another name for itself each time.
_DATED = re.compile(r"made/(?:index\.html|validations/|metadata\.json|model\.pt)|\w+/tensorboard/")
_GRACE_SECONDS = 5.0


@dataclass(frozen=True)
class Undisturbed:
    """A command that nobody disturbed: its exit code, what the folder held before it and holds after it."""

    exit_code: int
    before: dict[str, str]
    after: dict[str, str]


def undisturbed(command: Command, prepared: Path, folder: Path) -> Undisturbed:
    """Runs a command in a copy of the prepared folder, in this process."""
    before = contents(copy(prepared, folder))
    done = run(command, folder)
    assert done.returncode == command.exit_code, done.stderr
    return Undisturbed(done.returncode, before, contents(folder))


@dataclass
class Started:
    """A running command, in a session of its own, with a temporary folder of its own beside its folder."""

    process: subprocess.Popen[bytes]
    temporary: Path
    said: Path

    def end(self) -> tuple[int, str]:
        """Waits for its end; returns its exit code and what it wrote to standard error."""
        exit_code = self.process.wait(timeout=300)
        return exit_code, self.said.read_text(encoding="utf-8", errors="replace")

    def tell(self, number: signal.Signals) -> None:
        """Sends a signal as it comes in life: Ctrl-C and the end of a terminal to all, SIGTERM to one."""
        pid = self.process.pid
        os.kill(pid, number) if number == signal.SIGTERM else os.killpg(pid, number)


def start(command: Command, folder: Path, name: str = "", prefix: Sequence[str] = ()) -> Started:
    """Starts a command in a prepared folder, and returns when it can answer signals.

    Args:
        command: of the table.
        folder: where it runs.
        name: tells two that run at once apart.
        prefix: a program that runs it, such as `unshare`.
    """
    temporary = folder.with_name(f"{folder.name}.tmp{name}")
    temporary.mkdir(exist_ok=True)
    said = folder.with_name(f"{folder.name}.said{name}")
    heard, tells = os.pipe()
    variables = environment_of(folder) | {"TMPDIR": str(temporary), "ETL_TELLS": str(tells)}
    with said.open("wb") as stderr:
        process = subprocess.Popen(
            [*prefix, sys.executable, "-c", _START, *words_of(command, folder)],
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            pass_fds=[tells],
            start_new_session=True,
        )
    os.close(tells)
    os.read(heard, 1)
    os.close(heard)
    return Started(process, temporary, said)


def still_running(session: int) -> list[str]:
    """The command lines of the processes of a session that do not end within some seconds."""
    end = time.monotonic() + _GRACE_SECONDS
    while (found := _members(session)) and time.monotonic() < end:
        time.sleep(0.02)
    return found


def _members(session: int) -> list[str]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            words = stat.with_name("cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has ended meanwhile
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(words)
    return found


def left_in(folder: Path) -> list[str]:
    """The names of all that is below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def half_written(command: Command, sound: Undisturbed, found: dict[str, str]) -> list[str]:
    """Returns the files that are neither as before the command nor as after it, but what may be so.

    A record has a line more for each run, and a version says when it was published; caches are compared with
    what decides them when they are read.
    """
    return sorted(
        name
        for name in found.keys() | sound.before.keys() | sound.after.keys()
        if found.get(name) not in (sound.before.get(name), sound.after.get(name))
        and not name.startswith(_FOR_RESUMING)
        and not _DATED.match(name)
        and not name.endswith(("runs.jsonl", "refresh.lock", "version.json"))
        and not (name.startswith(("place/cache/", "cache/")) and is_written(command, name))
    )


def other_results(sound: Undisturbed, found: dict[str, str]) -> list[str]:
    """Returns the files that another run has made other than one that nobody disturbed, or left."""
    return sorted(
        name
        for name in found.keys() | sound.after.keys()
        if found.get(name) != sound.after.get(name)
        and not name.endswith(("runs.jsonl", "refresh.lock", "version.json"))
        and not name.startswith(("place/cache/", "cache/"))
        and not _DATED.match(name)
    )

"""Makes the n-th file operation of an action go wrong, in a process that is forked for each attempt.

A line of standard input, `KIND NUMBER PLACE CANDIDATE` with tabs between, publishes a candidate; without a
candidate it gives the dataset `PLACE` a vocabulary of all its tokens. What
Python is about to do with files below the place is counted: opening for writing, renaming, linking, making,
removing, waiting for the disk. KIND says what becomes of operation NUMBER: `kill` ends the process before
it, as a power cut would; `full` refuses it, as a full disk would; `none` lets it be. The answer is a line
with the exit code and how many operations there were, as far as it came.
"""

import contextlib
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from etl.dataset.vocab import build_vocab
from etl.errors import EtlError
from etl.storage.versions.local import LocalStore

OPERATIONS = {"os.rename", "os.link", "os.symlink", "os.mkdir", "os.remove", "os.rmdir"}


class Faults:
    def __init__(self, kind: str, number: int, place: Path):
        self.kind, self.number, self.place = kind, number, str(place)
        self.seen = 0

    def arm(self) -> None:
        sys.addaudithook(self._look)
        fsync = os.fsync

        def counted_fsync(handle: int) -> None:
            self._strike()
            fsync(handle)

        os.fsync = counted_fsync

    def _look(self, event: str, arguments: tuple[Any, ...]) -> None:
        is_write = (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        )
        if (event in OPERATIONS or is_write) and str(arguments[0]).startswith(self.place):
            self._strike()

    def _strike(self) -> None:
        self.seen += 1
        if self.seen != self.number:
            return
        if self.kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.kind == "full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def publish(faults: Faults, place: Path, candidate: Path) -> None:
    with LocalStore(place).lock("test"):
        faults.arm()
        LocalStore(place).publish(candidate, stages={}, raw_files={})


def give_vocabulary(faults: Faults, dataset: Path) -> None:
    faults.arm()
    build_vocab(dataset, min_count=1)


def act(kind: str, number: int, place: Path, candidate: Path | None) -> int:
    """Exits with the code that `etl` would; returns how many operations there were."""
    faults = Faults(kind, number, place)
    try:
        if candidate:
            publish(faults, place, candidate)
        else:
            give_vocabulary(faults, place)
    except EtlError as error:
        os._exit(error.exit_code)
    return faults.seen


def answer(kind: str, number: str, place: str, candidate: str = "") -> tuple[int, int]:
    """The exit code of a forked process, and how many operations it saw."""
    seen, told = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            os.write(
                told, b"%d" % act(kind, int(number), Path(place), Path(candidate) if candidate else None)
            )
            os._exit(0)
        finally:
            os._exit(1)
    os.close(told)
    with os.fdopen(seen, "rb") as pipe:
        count = int(pipe.read() or 0)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), count


@contextlib.contextmanager
def asking() -> Iterator[Callable[..., tuple[int, int]]]:
    """Gives `ask(kind, number, place, candidate)`: the exit code, and how many operations there were."""
    with subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout

        def ask(*words: object) -> tuple[int, int]:
            print(*words, sep="\t", file=process.stdin, flush=True)
            exit_code, seen = process.stdout.readline().split()
            return int(exit_code), int(seen)

        yield ask
        process.stdin.close()


if __name__ == "__main__":
    for line in sys.stdin:
        exit_code, count = answer(*line.rstrip("\n").split("\t"))
        sys.stdout.write(f"{exit_code} {count}\n")
        sys.stdout.flush()

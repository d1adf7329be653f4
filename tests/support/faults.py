"""Makes the n-th file operation of a process go wrong: run as `python faults.py KIND N PLACE CANDIDATE`.

Publishes a candidate. What Python is about to do with files below the place is counted: opening for writing,
renaming, linking, making, removing, waiting for the disk. KIND says what becomes of operation N: `kill` ends
the process before it, as a power cut would; `full` refuses it, as a full disk would; `count` prints how many
operations there are.
"""

import errno
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from etl.dataset import versions
from etl.errors import EtlError

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


def main(kind: str, number: str, place: Path, candidate: Path, action: Callable[[Path, Path], None]) -> None:
    faults = Faults(kind, int(number), place)
    with versions.locked(place, "test"):
        faults.arm()
        try:
            action(candidate, place)
        except EtlError as error:
            sys.exit(error.exit_code)
    if kind == "count":
        sys.stdout.write(f"{faults.seen}\n")


def publish(candidate: Path, place: Path) -> None:
    versions.publish(candidate, place, stages={}, raw_files={})


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]), publish)

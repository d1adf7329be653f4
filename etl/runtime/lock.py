"""One at a time: a lock on a file, which says who holds it.

The kernel frees the lock when its holder ends, however it ends, so nobody has to guess whether a lock that
was left behind still means something. What is in the file is for people only.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from etl.errors import LockError, WriteError
from etl.runtime import clock

_LOOK_AGAIN_SECONDS = 0.2


@contextmanager
def held(
    path: Path, command: str, *, is_waiting: bool = False, say: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Holds the lock while the block runs.

    Args:
        path: the file of the lock. It is made where it is missing, and never removed.
        command: what the holder does, for those who find the lock taken.
        is_waiting: wait for as long as somebody else holds it.
        say: told what a person should know: who is waited for, and whose lock was taken over.

    Raises:
        LockError: somebody else holds it, and nobody wants to wait.
        WriteError: the file cannot be written.
    """
    handle = _open(path)
    try:
        _take(handle, path, command, is_waiting=is_waiting, say=say)
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # the lock is freed all the same
                os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _take(
    handle: int, path: Path, command: str, *, is_waiting: bool, say: Callable[[str], None] | None
) -> None:
    try:
        _acquire(handle, path, is_waiting=is_waiting, say=say)
        if (last := _holder(handle)) and say:
            say(f"note: the lock was left by {_named(last)}, which has ended; it is taken over")
        _write(handle, {"pid": os.getpid(), "host": socket.gethostname(), "since": clock.now()}, command)
    except OSError as error:
        raise _unusable(path, error) from error


def _open(path: Path) -> int:
    try:
        # Not inherited by programs that the holder starts: they would hold it on after its end.
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise _unusable(path, error) from error


def _acquire(handle: int, path: Path, *, is_waiting: bool, say: Callable[[str], None] | None) -> None:
    has_said = False
    while not _try(handle):
        holder = _named(_holder(handle))
        if not is_waiting:
            raise LockError(
                f"{path.parent} is in use",
                details=[f"by {holder}"],
                cause="Only one run at a time may change it; those that read are not concerned.",
                next_step="run the command again when that one has ended, or add `--wait` where it is known.",
            )
        if say and not has_said:
            say(f"waiting for {holder}")
            has_said = True
        time.sleep(_LOOK_AGAIN_SECONDS)


def _try(handle: int) -> bool:
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(handle: int) -> dict[str, Any]:
    """What the holder, or the last one if it died, said of itself; nothing where it said nothing yet."""
    try:
        content = json.loads(os.pread(handle, 4096, 0))
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _named(holder: dict[str, Any]) -> str:
    if not holder:
        return "another run, which has just begun"
    return (
        f"`{holder.get('command')}`, process {holder.get('pid')} on {holder.get('host')}"
        f" since {holder.get('since')}"
    )


def _write(handle: int, facts: dict[str, Any], command: str) -> None:
    os.ftruncate(handle, 0)
    os.pwrite(handle, json.dumps({**facts, "command": command}).encode() + b"\n", 0)


def _unusable(path: Path, error: OSError) -> WriteError:
    return WriteError(
        f"{path} cannot be used as a lock",
        details=[error.strerror or str(error)],
        cause="The folder is not yours to write, the disk is full, or its file system knows no locks.",
        next_step="make room, or choose a folder that you may write.",
    )

"""A lock on a file, which also tells who holds it, so that only one run at a time changes a folder.

The kernel frees the lock when its holder ends, even by a crash, so a file that was left behind locks nothing.
Its content is only shown to people.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from etl.errors import EtlError, LockError, WriteError
from etl.runtime import clock
from etl.runtime.failures import write_error

_log = logging.getLogger(__name__)

_POLL_SECONDS = 0.2


@contextmanager
def acquire_lock(path: Path, command: str, *, wait: bool = False, is_quiet: bool = False) -> Iterator[None]:
    """Holds the lock while the block runs.

    Args:
        path: the lock file. It is created if it is missing, and never removed.
        command: what the holder does, shown to those who find the lock taken.
        wait: wait for as long as another process holds it.
        is_quiet: log it only for debugging that a process is waited for, or that a lock was left behind.

    Raises:
        LockError: another process holds it, and `wait` is false.
        WriteError: the file cannot be written.
    """
    handle = _open(path)
    try:
        try:
            _wait_for(handle, path, wait=wait, is_quiet=is_quiet)
            if last := _read_holder(handle):
                text = "the lock was left by %s, which has ended; it is taken over"
                _log.log(logging.DEBUG if is_quiet else logging.WARNING, text, _describe(last))
            _write_holder(handle, command)
            _log.debug("%s is locked for `%s`", path, command)
        except OSError as error:
            raise _unusable(path, error) from error
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # the lock is freed all the same
                os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _open(path: Path) -> int:
    try:
        # Not inherited by programs that the holder starts: they would hold it on after its end.
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise _unusable(path, error) from error


def _wait_for(handle: int, path: Path, *, wait: bool, is_quiet: bool) -> None:
    is_logged = False
    while not _try_lock(handle):
        holder = _describe(_read_holder(handle))
        if not wait:
            raise LockError(
                f"{path.parent} is in use",
                details=[f"by {holder}"],
                cause="Only one run at a time may change it; those that read are not concerned.",
                next_step="run the command again when that one has ended, or add `--wait` where it is known.",
            )
        if not is_logged:
            _log.log(logging.DEBUG if is_quiet else logging.INFO, "waiting for %s", holder)
            is_logged = True
        time.sleep(_POLL_SECONDS)


def _try_lock(handle: int) -> bool:
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read_holder(handle: int) -> dict[str, Any]:
    """Metadata of the current holder, or of the previous one if it crashed; empty if none was written."""
    try:
        content = json.loads(os.pread(handle, 4096, 0))
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _write_holder(handle: int, command: str) -> None:
    holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": clock.now(), "command": command}
    os.ftruncate(handle, 0)
    os.pwrite(handle, json.dumps(holder).encode() + b"\n", 0)


def _describe(holder: dict[str, Any]) -> str:
    if not holder:
        return "another run, which has just begun"
    return (
        f"`{holder.get('command')}`, process {holder.get('pid')} on {holder.get('host')}"
        f" since {holder.get('since')}"
    )


def _unusable(path: Path, error: OSError) -> EtlError:
    if error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
        return WriteError(
            f"{path} cannot be used as a lock",
            details=[error.strerror or str(error)],
            cause="Its file system knows no locks.",
            next_step="choose a folder on another disk.",
        )
    return write_error(path, error)

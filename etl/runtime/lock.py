"""A lock on a file, which also tells who holds it, so that only one run at a time changes a folder.

The kernel frees the lock when its holder ends, even by a crash, so a file that was left behind locks nothing.
Its content is only shown to people. No number of a process decides anything: two containers may both have 1.
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
from etl.language.message import tr
from etl.language.system_words import system_words
from etl.runtime import clock, signals
from etl.runtime.failures import write_error

_log = logging.getLogger(__name__)

_POLL_SECONDS = 0.2
# A holder writes who it is just after it has the lock, and removes that just before it frees it.
_NAMELESS_SECONDS = 5.0
_NO_LOCKS_HERE = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP)


@contextmanager
def acquire_lock(
    path: Path,
    command: str,
    *,
    wait: bool = False,
    is_quiet: bool = False,
    is_temporary: bool = False,
    in_use: str = "",
) -> Iterator[None]:
    """Holds the lock while the block runs.

    Args:
        path: the lock file. It is created if it is missing.
        command: what the holder does, shown to those who find the lock taken.
        wait: wait for as long as another process holds it.
        is_quiet: log it only for debugging that a process is waited for, or that a lock was left behind.
        is_temporary: remove the file when the block is left, and go on without where there are no locks.
        in_use: what those who find the lock taken are told to be in use; by default the folder of the file.

    Raises:
        LockError: another process holds it, and `wait` is false.
        WriteError: the file cannot be written.
    """
    handle, is_ours = None, False
    try:
        try:
            for _ in _turns(path, in_use or str(path.parent), wait=wait, is_quiet=is_quiet):
                with signals.delayed:  # what was locked would not be known
                    handle = try_lock(path)
                    is_ours = handle is not None
                if handle is not None:
                    _take_over(handle, path, command, is_quiet=is_quiet)
                    break
        except OSError as error:
            if not (is_temporary and is_without_locks(error)):
                raise _unusable(path, error) from error
            is_ours = True
        yield
    finally:
        if is_ours:
            with signals.delayed:
                _release(path, handle, is_temporary=is_temporary)


def _release(path: Path, handle: int | None, *, is_temporary: bool) -> None:
    with contextlib.suppress(OSError):  # the lock is freed all the same
        if is_temporary:
            path.unlink()
        if handle is not None:
            os.ftruncate(handle, 0)
    if handle is not None:
        os.close(handle)


def _take_over(handle: int, path: Path, command: str, *, is_quiet: bool) -> None:
    if last := _read_holder(handle):
        text = tr("the lock was left by {holder}, which has ended; it is taken over", holder=_describe(last))
        _log.log(logging.DEBUG if is_quiet else logging.WARNING, text)
    _write_holder(handle, command)
    _log.debug("%s is locked for `%s`", path, command)


def try_lock(path: Path) -> int | None:
    """Locks a file, which is created if it is missing.

    A holder may remove the file before it frees the lock; then another file counts from there on.

    Returns:
        The open file, whose lock is freed when it is closed; None if another process holds it.

    Raises:
        OSError: the file cannot be opened, or its file system knows no locks; see `is_without_locks`.
    """
    while True:
        # Not inherited by programs that the holder starts: they would hold it on after its end.
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        is_locked = False
        try:
            if not _flock(handle):
                return None
            if is_locked := _is_file_of(handle, path):
                return handle
        finally:
            if not is_locked:
                os.close(handle)


def is_without_locks(error: OSError) -> bool:
    """Whether an error of `try_lock` says that there are no locks on this file system."""
    return error.errno in _NO_LOCKS_HERE


def _flock(handle: int) -> bool:
    """Returns whether the lock was taken; False if another process holds it."""
    try:
        import fcntl
    except ModuleNotFoundError as error:  # Windows
        raise OSError(errno.ENOSYS, tr("this system has no such locks")) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_file_of(handle: int, path: Path) -> bool:
    """Whether a path still leads to an open file."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _turns(path: Path, in_use: str, *, wait: bool, is_quiet: bool) -> Iterator[None]:
    """Yields whenever the lock may be tried, and waits for its holder between two times.

    Raises:
        LockError: there is a holder, and `wait` is false.
    """
    is_logged = False
    nameless_until = time.monotonic() + _NAMELESS_SECONDS
    while True:
        yield
        holder = _holder_of(path)
        if not holder and time.monotonic() < nameless_until:
            time.sleep(_POLL_SECONDS / 10)
            continue
        if not wait:
            raise LockError(
                tr("{in_use} is in use", in_use=in_use),
                details=[tr("by {holder}", holder=_describe(holder))],
                cause=tr("Only one run at a time may change it; those that read are not concerned."),
                next_step=tr(
                    "run the command again when that one has ended, or add `--wait` where it is known."
                ),
            )
        if not is_logged:
            _log.log(
                logging.DEBUG if is_quiet else logging.INFO,
                tr("waiting for {holder}", holder=_describe(holder)),
            )
            is_logged = True
        time.sleep(_POLL_SECONDS)


def _holder_of(path: Path) -> dict[str, Any]:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # it has ended meanwhile
        return {}
    try:
        return _read_holder(handle)
    finally:
        os.close(handle)


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
        return tr("another run, which does not say what it is")
    return tr(
        "`{command}`, process {pid} on {host} since {since}",
        command=holder.get("command"),
        pid=holder.get("pid"),
        host=holder.get("host"),
        since=holder.get("since"),
    )


def _unusable(path: Path, error: OSError) -> EtlError:
    if is_without_locks(error):
        return WriteError(
            tr("{path} cannot be used as a lock", path=path),
            details=[system_words(error)],
            cause=tr("Its file system knows no locks."),
            next_step=tr("choose a folder on another disk."),
        )
    return write_error(path, error)

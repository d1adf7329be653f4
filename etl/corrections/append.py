"""Writes a decision to the end of `corrections.jsonl` so that neither a crash nor another writer harms it."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable
from pathlib import Path

from etl.corrections.decision import Decision, to_line
from etl.corrections.read import CSV, is_torn
from etl.errors import SettingsError
from etl.language.message import tr
from etl.runtime.failures import write_error
from etl.runtime.files import sync
from etl.runtime.lock import is_without_locks, try_lock
from etl.settings import PathLike

_log = logging.getLogger(__name__)

_POLL_SECONDS = 0.005
_BLOCK = 1 << 16


def append_decision(path: PathLike, decision: Decision) -> None:
    """Appends a decision as one whole line; when this returns, the disk has it. See `append_decisions`."""
    append_decisions(path, [decision])


def append_decisions(path: PathLike, decisions: Iterable[Decision]) -> None:
    """Appends decisions, each as one whole line; when this returns, the disk has them.

    Several processes may append at once. A last line that a crash cut off is removed first.

    Args:
        path: a file of JSON lines, made if it is missing; the folders above it, too.
        decisions: what is written.

    Raises:
        SettingsError: the file is CSV by its name.
        WriteError: it cannot be written; nothing of the decisions is in the file.
    """
    file = Path(path)
    if file.suffix.lower() == CSV:
        raise SettingsError(
            tr("decisions are not appended to {file}", file=file),
            details=[tr("expected a file of JSON lines, such as corrections.jsonl")],
            next_step=tr("name another file; both may stand in `corrections.files` of etl.yaml."),
        )
    try:
        is_new = not file.exists()
        if is_new:
            file.parent.mkdir(parents=True, exist_ok=True)
        handle = _open_locked(file)
        try:
            _append(handle, b"".join(to_line(each) + b"\n" for each in decisions), file)
        finally:
            os.close(handle)  # frees the lock
        if is_new:
            sync(file.parent)
    except OSError as error:
        raise write_error(file, error) from error


def _open_locked(file: Path) -> int:
    try:
        while (handle := try_lock(file)) is None:
            time.sleep(_POLL_SECONDS)
    except OSError as error:
        if not is_without_locks(error):
            raise
        return os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    return handle


def _append(handle: int, lines: bytes, file: Path) -> None:
    end = _heal(handle, file)
    written = 0
    try:
        while written < len(lines):  # less at a time where the disk is nearly full, or a write is large
            written += os.pwrite(handle, lines[written:], end + written)
        os.fsync(handle)
    except OSError:
        os.ftruncate(handle, end)
        raise


def _heal(handle: int, file: Path) -> int:
    """Ends the last line if it is whole, removes it if it is cut off, and returns where the next begins."""
    end = os.fstat(handle).st_size
    tail = b""
    while len(tail) < end and b"\n" not in tail:
        size = min(_BLOCK, end - len(tail))
        tail = os.pread(handle, size, end - len(tail) - size) + tail
    last = tail.rpartition(b"\n")[2]
    if not last:
        return end
    if is_torn(last):
        _log.warning(tr("{file}: the last line was cut off by a crash, and is removed", file=file))
        os.ftruncate(handle, end - len(last))
        return end - len(last)
    os.pwrite(handle, b"\n", end)
    return end + 1

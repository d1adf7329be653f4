"""Temporary files and folders that never outlive their run: the next one removes what a killed one left.

Each has a name of its own and a lock, which the kernel frees when its holder dies. Names are drawn, and not
numbers of processes, since two containers that share a folder may both have a process 1.

    .NAME.partial-<random>        the folder or the file, until it takes its place
    .NAME.partial-<random>.lock   held as long as that is in use; it is there before it and gone after it
"""

from __future__ import annotations

import contextlib
import glob
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from etl.runtime import signals
from etl.runtime.lock import is_without_locks, try_lock

_LOCK = ".lock"


@contextmanager
def scratch_path(target: Path) -> Iterator[Path]:
    """A path beside `target` at which to make it, removed after the block unless it was renamed meanwhile.

    Args:
        target: the file or folder that is made. Its folder is there.

    Raises:
        OSError: the folder cannot be written.
    """
    remove_leftovers(target)
    path = handle = None
    try:
        with signals.delayed:  # what is drawn or removed by half would stay
            path, handle = _claim(target)
        yield path
    finally:
        if path is not None:
            with signals.delayed:
                _release(path, handle)


@contextmanager
def temporary_folder(name: str) -> Iterator[Path]:
    """An empty folder in the system's folder for temporary files, which only this user can read.

    Args:
        name: what it is for; those of this name that killed runs left are removed.

    Raises:
        OSError: it cannot be written.
    """
    with scratch_path(Path(tempfile.gettempdir()) / f"etl-{name}") as folder:
        folder.mkdir(mode=0o700)
        yield folder


def remove_leftovers(target: Path) -> None:
    """Removes what killed runs left beside the target; what is in use stays."""
    _remove_unused(target.parent.glob(f".{glob.escape(target.name)}.partial-*"))


def remove_leftovers_below(folder: Path) -> None:
    """Removes what killed runs left in a folder and those in it, beside whatever they made."""
    _remove_unused(folder.rglob(".*.partial-*"))


def _remove_unused(found: Iterable[Path]) -> None:
    for path in {path.with_name(path.name.removesuffix(_LOCK)) for path in found}:
        with contextlib.suppress(OSError):  # there are no locks here, or they are not ours to remove
            if (handle := try_lock(_lock_of(path))) is not None:
                try:
                    _remove(path)
                    _lock_of(path).unlink()
                finally:
                    os.close(handle)


def _claim(target: Path) -> tuple[Path, int | None]:
    """Draws a path and locks it; without a lock where there are none, and so nobody removes leftovers."""
    while True:
        path = target.with_name(f".{target.name}.partial-{secrets.token_hex(4)}")
        try:
            handle = try_lock(_lock_of(path))
        except OSError as error:
            if not is_without_locks(error):
                raise
            return path, None
        if handle is not None:  # else it was taken for a leftover just now
            return path, handle


def _release(path: Path, handle: int | None) -> None:
    _remove(path)
    with contextlib.suppress(OSError):
        _lock_of(path).unlink()
    if handle is not None:
        os.close(handle)


def _lock_of(path: Path) -> Path:
    return path.with_name(path.name + _LOCK)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()

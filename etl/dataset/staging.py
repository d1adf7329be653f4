"""Writes a folder complete or not at all.

All is written into a hidden folder beside the target, which takes its place in one rename when it is whole.
A crash at any instant leaves what was there before.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from etl.errors import SettingsError
from etl.language.message import tr
from etl.runtime.failures import write_error
from etl.runtime.files import sync_tree
from etl.runtime.lock import acquire_lock
from etl.runtime.scratch import scratch_path

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # <fcntl.h>, <linux/fs.h>


@contextmanager
def staging(target: Path, proof: str) -> Iterator[Path]:
    """A temporary folder that becomes `target` when the block is left without an error.

    Args:
        target: the folder to write. It may exist if it is empty or holds `proof`.
        proof: the file that shows that `target` was written by us and may be replaced.

    Raises:
        SettingsError: `target` is something else's.
        WriteError: it cannot be written; the cause is the system's.
    """
    check_replaceable(target, proof)
    place = target.resolve()  # a link stays a link, and "." gets its name
    try:
        with _parents(place), scratch_path(place) as folder:
            folder.mkdir()
            yield folder
            sync_tree(folder)
            swap(folder, place)
    except OSError as error:
        raise write_error(target, error, is_left=what_is_left(target)) from error


@contextmanager
def lock_target(target: Path, command: str) -> Iterator[None]:
    """Lets one run at a time write `target`, where a run keeps more beside it than `staging` does.

    Args:
        target: the folder to write.
        command: see `acquire_lock`.

    Raises:
        LockError: another run writes it.
        WriteError: its parent folder cannot be written.
    """
    place = target.resolve()
    lock = place.with_name(f".{place.name}.lock")
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(_parents(place))
        except OSError as error:
            raise write_error(target, error) from error
        stack.enter_context(acquire_lock(lock, command, is_quiet=True, is_temporary=True, in_use=str(target)))
        yield


@contextmanager
def _parents(place: Path) -> Iterator[None]:
    """Makes the folders above a place; those that hold nothing after the block are removed again."""
    missing = [parent for parent in place.parents if not parent.exists()]
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # those that hold a finished target stay
            for parent in missing:
                parent.rmdir()


def check_replaceable(target: Path, proof: str) -> None:
    """Refuses a target that holds something other than what we write there.

    Raises:
        SettingsError: `target` is a file, or a folder with other things in it.
    """
    if target.is_dir() and not (target / proof).exists() and any(target.iterdir()):
        raise SettingsError(
            tr("{target} already holds something else", target=target),
            details=[tr("expected no such folder, an empty one, or one with {proof}", proof=proof)],
            next_step=tr("choose another folder, or remove this one yourself."),
        )
    if target.exists() and not target.is_dir():
        raise SettingsError(
            tr("{target} is a file", target=target), next_step=tr("choose the name of a folder.")
        )


def what_is_left(target: Path) -> str:
    """Returns the sentence that says what stands at a target that could not be written."""
    return tr("{target} is as it was.", target=target) if target.exists() else tr("nothing was left behind.")


def swap(folder: Path, target: Path) -> None:
    """Puts `folder` in the place of `target`; what was there ends up in `folder`, or is gone."""
    if not target.exists():
        try:
            folder.rename(target)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):  # else another run was first
                raise
        else:
            return
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        paths = (os.fsencode(folder), os.fsencode(target))
        if libc.renameat2(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE) == 0:
            return
    # No exchange in one step here: the old folder is moved aside for an instant, and never deleted before.
    aside = target.with_name(f".{target.name}.previous-{os.getpid()}")
    target.rename(aside)
    folder.rename(target)
    shutil.rmtree(aside, ignore_errors=True)

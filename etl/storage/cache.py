"""Keeps what was downloaded, and shows it as the folder that it is at its URL.

    CACHE/remote/<hash of the URL>/<hash of what it is>   one file, whole; only those that are there now
    CACHE/remote/views/<random>/NAME/…                    links to them for one run, gone after it

A run works on links of its own, so nothing it reads can change or vanish, whatever another run fetches.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from etl.errors import InputError, LockError, WriteError
from etl.runtime import lock
from etl.runtime.files import sync
from etl.runtime.paths import cache_folder

_log = logging.getLogger(__name__)

_AT_ONCE = 8


@dataclass(frozen=True)
class Wanted:
    """A file that shall be there.

    Args:
        name: where it stands in the folder; "" where it is not a folder but this file.
        content: what it is: another content is called otherwise.
        bytes: its size.
        load: downloads it to a path, and raises if it is not what it should be.
    """

    name: str
    content: str
    bytes: int
    load: Callable[[Path], None]


@contextmanager
def view(url: str, name: str, find: Callable[[], Iterable[Wanted]]) -> Iterator[Path]:
    """A local copy of what is at a URL, called `name`, for as long as the block lasts.

    Args:
        url: names the cache.
        name: what the folder or file is called.
        find: says what there is; called while no other run fetches from the same URL.

    Raises:
        InputError: it cannot be downloaded.
        WriteError: there is no room.
    """
    kept = cache_folder() / "remote" / hashlib.sha256(url.encode()).hexdigest()[:16]
    with scratch() as folder:
        try:
            kept.mkdir(parents=True, exist_ok=True)
            with lock.acquire_lock(kept.with_suffix(".lock"), "a download", wait=True):
                wanted = list(find())
                _fetch(wanted, kept)
                for each in wanted:
                    _link(kept / _key(each), _place(folder / name, each.name))
                _forget(kept, {_key(each) for each in wanted})
        except OSError as error:
            raise WriteError(
                f"what is at {url.partition('?')[0]} cannot be kept in {kept.parent}",
                details=[error.strerror or str(error)],
                next_step="make room, or set $ETL_CACHE_DIR to a folder that has some.",
            ) from error
        yield folder / name


@contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder that is removed after the block, or by a later run if this one is killed."""
    views = cache_folder() / "remote" / "views"
    try:
        views.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(
            f"{views} cannot be written",
            details=[error.strerror or str(error)],
            next_step="set $ETL_CACHE_DIR to a folder that you may write.",
        ) from error
    _tidy(views)
    folder = views / secrets.token_hex(8)
    with lock.acquire_lock(folder.with_suffix(".lock"), "a view", is_quiet=True):
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            folder.with_suffix(".lock").unlink(missing_ok=True)


def _tidy(views: Path) -> None:
    """Removes the folders of runs that were killed: nobody holds their locks."""
    for left in views.glob("*.lock"):
        with contextlib.suppress(LockError, WriteError), lock.acquire_lock(left, "tidying", is_quiet=True):
            shutil.rmtree(left.with_suffix(""), ignore_errors=True)
            left.unlink(missing_ok=True)


def _fetch(wanted: list[Wanted], kept: Path) -> None:
    missing = {_key(each): each for each in wanted if not _is_kept(kept / _key(each), each)}
    if not missing:
        return
    megabytes = sum(each.bytes for each in missing.values()) / 1e6
    _log.info(f"downloading {len(missing):,} of {len(wanted):,} files, {megabytes:,.1f} MB")
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(lambda item: _download(kept / item[0], item[1]), missing.items()):
            pass


def _download(target: Path, wanted: Wanted) -> None:
    partial = target.with_name(f".{target.name}.partial")
    try:
        wanted.load(partial)
        got = partial.stat().st_size
        if got != wanted.bytes:
            raise InputError(
                f"{wanted.name or target.name} was cut off while it was downloaded",
                details=[f"expected {wanted.bytes:,} bytes, got {got:,}"],
                next_step="run the command again.",
            )
        sync(partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _is_kept(file: Path, wanted: Wanted) -> bool:
    return file.is_file() and file.stat().st_size == wanted.bytes


def _key(wanted: Wanted) -> str:
    return hashlib.sha256(wanted.content.encode()).hexdigest()


def _place(folder: Path, name: str) -> Path:
    """Where a file stands in a folder; its name is of somebody else's making, and must not lead elsewhere."""
    if name and {"", ".", ".."} & set(name.split("/")):
        raise InputError(
            "a file cannot be put into a folder",
            details=[f"got one called {name!r}"],
            cause="No corpus has such names; it may be an attack.",
            next_step="remove it there.",
        )
    return folder / name if name else folder


def _link(file: Path, name: Path) -> None:
    name.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(file, name)
    except OSError:  # a file system without hard links
        shutil.copyfile(file, name)


def _forget(kept: Path, used: set[str]) -> None:
    """Removes what is no longer there, and what runs that were killed left; views have links of their own."""
    for file in kept.iterdir():
        if file.name not in used:
            file.unlink(missing_ok=True)

"""Caches downloads, and shows them under their names as the folder that is at the URL.

    CACHE/remote/<hash of the URL>/<hash of the content>  one file, whole; only those that are there now
    CACHE/remote/views/.view.partial-<random>/NAME/…      links to them for one run, gone after it

A run works on links of its own, so nothing it reads can change or vanish, whatever another run fetches.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from etl.errors import InputError, WriteError
from etl.language.message import tr
from etl.language.system_words import system_words
from etl.runtime import lock
from etl.runtime.files import sync
from etl.runtime.paths import cache_folder
from etl.runtime.scratch import scratch_path
from etl.storage.remote import transfer_all

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RemoteFile:
    """A file at a URL.

    Args:
        name: its path below the URL; "" if the URL is this file.
        content: identifies the content: a hash or a mark such as an ETag.
        bytes: its size.
        load: downloads it to a path; raises if it is not this content.
    """

    name: str
    content: str
    bytes: int
    load: Callable[[Path], None]


@contextmanager
def open_copy(url: str, name: str, find: Callable[[], Iterable[RemoteFile]]) -> Iterator[Path]:
    """Gives a local copy of the file or folder at a URL, which lasts as long as the block.

    Args:
        url: the key of the cache.
        name: the name of the copy.
        find: lists the files; called while no other run fetches from the same URL.

    Raises:
        InputError: it cannot be downloaded.
        WriteError: there is no room.
    """
    cached = cache_folder() / "remote" / hashlib.sha256(url.encode()).hexdigest()[:16]
    with temporary_view() as folder:
        try:
            cached.mkdir(parents=True, exist_ok=True)
            with lock.acquire_lock(cached.with_suffix(".lock"), "a download", wait=True):
                wanted = list(find())
                _fetch(wanted, cached)
                for file in wanted:
                    _link(cached / _key(file), _path_in(folder / name, file.name))
                _remove_others(cached, {_key(file) for file in wanted})
        except OSError as error:
            raise WriteError(
                tr(
                    "what is at {url} cannot be kept in {folder}",
                    url=url.partition("?")[0],
                    folder=cached.parent,
                ),
                details=[system_words(error)],
                next_step=tr("make room, or set $ETL_CACHE_DIR to a folder that has some."),
            ) from error
        yield folder / name


@contextmanager
def temporary_view() -> Iterator[Path]:
    """Gives an empty folder that is removed after the block, or by a later run if this one is killed."""
    views = cache_folder() / "remote" / "views"
    try:
        views.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(
            tr("{path} cannot be written", path=views),
            details=[system_words(error)],
            next_step=tr("set $ETL_CACHE_DIR to a folder that you may write."),
        ) from error
    with scratch_path(views / "view") as folder:
        folder.mkdir()
        yield folder


def _fetch(wanted: list[RemoteFile], cached: Path) -> None:
    missing = {_key(file): file for file in wanted if not _is_cached(cached / _key(file), file)}
    if not missing:
        return
    megabytes = sum(file.bytes for file in missing.values()) / 1e6
    _log.info(
        tr(
            "downloading {missing:,} of {files:,} files, {megabytes:,.1f} MB",
            missing=len(missing),
            files=len(wanted),
            megabytes=megabytes,
        )
    )
    transfer_all(lambda item: _download(cached / item[0], item[1]), missing.items())


def _download(target: Path, wanted: RemoteFile) -> None:
    partial = target.with_name(f".{target.name}.partial")
    try:
        wanted.load(partial)
        got = partial.stat().st_size
        if got != wanted.bytes:
            raise InputError(
                tr("{file} was cut off while it was downloaded", file=wanted.name or target.name),
                details=[tr("expected {size:,} bytes, got {got:,}", size=wanted.bytes, got=got)],
                next_step=tr("run the command again."),
            )
        sync(partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _is_cached(file: Path, wanted: RemoteFile) -> bool:
    return file.is_file() and file.stat().st_size == wanted.bytes


def _key(wanted: RemoteFile) -> str:
    return hashlib.sha256(wanted.content.encode()).hexdigest()


def _path_in(folder: Path, name: str) -> Path:
    """Returns the path of a file in a folder. Names come from outside, and must not lead elsewhere."""
    if name and {"", ".", ".."} & set(name.split("/")):
        raise InputError(
            tr("a file cannot be put into a folder"),
            details=[tr("got one called {name!r}", name=name)],
            cause=tr("No corpus has such names; it may be an attack."),
            next_step=tr("remove it there."),
        )
    return folder / name if name else folder


def _link(file: Path, name: Path) -> None:
    name.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(file, name)
    except OSError:  # a file system without hard links
        shutil.copyfile(file, name)


def _remove_others(cached: Path, used: set[str]) -> None:
    """Removes files that are no longer at the URL, and partial ones; views have links of their own."""
    for file in cached.iterdir():
        if file.name not in used:
            file.unlink(missing_ok=True)

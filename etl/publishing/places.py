"""Finds where a refresh reads and publishes, on this machine and at URLs.

A refresh that publishes at a URL works in a folder of this machine, and copies the current version to the
URL. A rollback is done in that folder too, and then at the URL. The folder is kept between runs, in the cache
folder, since it holds what makes a refresh quick and a rollback possible. If it is lost, the next run makes
all of it again, and the same version is not uploaded twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from etl.dataset.manifest import Manifest
from etl.errors import InputError
from etl.language.message import tr
from etl.runtime.paths import cache_folder, is_remote, local_path
from etl.storage.inputs import fetch_inputs
from etl.storage.remote import connect, hide_query
from etl.storage.versions.local import LocalStore
from etl.storage.versions.url import UrlStore
from etl.storage.versions.version import CURRENT, VERSIONS, VersionStore, prune_versions


@dataclass(frozen=True)
class Published:
    """What readers have: where a version is, as it is shown, its manifest, and its folder on this machine."""

    location: str
    manifest: Manifest
    folder: Path | None = None


def find_publish_dir(out: str, base: Path) -> Path:
    """Returns the folder on this machine in which versions are made and published.

    Args:
        out: `refresh.out`, a path or a URL.
        base: the folder to which a path is relative.

    Raises:
        SettingsError: it is a URL that cannot be used.
    """
    if not is_remote(out):
        return base / local_path(out)
    remote = connect(out)
    return cache_folder() / "places" / hashlib.sha256(remote.url.encode()).hexdigest()[:16] / remote.name


def split_inputs(inputs: tuple[str, ...], base: Path) -> tuple[list[Path], tuple[str, ...]]:
    """Returns the inputs that are paths and, if there are URLs among them, all inputs for `local_inputs`.

    Args:
        inputs: `refresh.inputs`, paths and URLs.
        base: the folder to which paths are relative.
    """
    paths = [base / local_path(text) for text in inputs if not is_remote(text)]
    if len(paths) == len(inputs):
        return paths, ()
    return paths, tuple(text if is_remote(text) else str(base / local_path(text)) for text in inputs)


@contextmanager
def local_inputs(inputs: list[Path], sources: tuple[str, ...]) -> Iterator[list[Path]]:
    """Gives the inputs of one run as paths on this machine; copies last as long as the block.

    Args:
        inputs, sources: see `split_inputs`.

    Raises:
        InputError: a URL cannot be read.
    """
    if not sources:
        yield inputs
        return
    with fetch_inputs(sources) as paths:
        yield paths


def open_store(text: str) -> VersionStore:
    """Opens the versions in a folder or at a URL, for reading.

    Raises:
        InputError: nothing was published there.
        SettingsError: it is a URL that cannot be used.
    """
    store = UrlStore(text) if is_remote(text) else LocalStore(local_path(text))
    store.check_published()
    return store


def open_publish_dir(text: str) -> LocalStore:
    """Opens the versions on this machine of a folder, or of a URL that is published from here.

    Raises:
        InputError: nothing was published there, or not from this machine.
        SettingsError: it is a URL that cannot be used.
    """
    store = LocalStore(find_publish_dir(text, Path()))
    if is_remote(text) and not (store.folder / VERSIONS).is_dir():
        raise InputError(
            tr("{text} is not published from this machine", text=hide_query(text)),
            details=[tr("expected the place in which its refreshes work, in the cache folder")],
            cause=tr("Another machine refreshes it, or the cache was removed."),
            next_step=tr("run the command on that machine, or `etl refresh` on this one first."),
        )
    store.check_published()
    return store


def find_published(store: LocalStore, url: str | None) -> Published | None:
    """Returns the version that a new one is compared with; None if there is none that can be read.

    Args:
        store: versions on this machine.
        url: the URL at which they are published; None: they are not.

    Raises:
        InputError: the URL cannot be read.
    """
    now = store.current()
    known = [version.name for version in reversed(store.versions()) if not version.is_withdrawn]
    for name in dict.fromkeys([*([now] if now else []), *known]):
        try:
            folder = store.folder / CURRENT if name == now else store.path_of(name)
            return Published(str(folder), store.read_manifest(name), store.path_of(name))
        except InputError:  # it is damaged: one before it is as good
            continue
    if url is None:
        return None
    # Another machine published there, or the cache folder of this one was lost.
    mirror = UrlStore(url)
    there = mirror.current()
    return Published(mirror.location, mirror.read_manifest(there)) if there else None


def copy_current(store: LocalStore, text: str, keep: int | None = None) -> None:
    """Makes the current version that of a URL; nothing is uploaded that is there.

    Args:
        store: versions on this machine; the lock is held.
        text: the URL. A path is the folder itself, and nothing is left to do.
        keep: how many versions stay at the URL, beside the current one; None: all.

    Raises:
        InputError: the URL cannot be read.
        WriteError: it cannot be written; what was current there is current.
    """
    name = store.current()
    if name is None or not is_remote(text):
        return
    mirror = UrlStore(text)
    mirror.publish(store.path_of(name), name)
    mirror.describe(store.versions())
    if keep is not None:
        prune_versions(mirror, keep)


def roll_back(store: LocalStore, text: str, name: str | None = None) -> str:
    """Makes an earlier version current, on this machine and at a URL; on neither if the URL fails.

    Args:
        store: versions on this machine; the lock is held.
        text: the URL. A path is the folder itself.
        name: the version; by default the one that was published before the current one.

    Returns:
        The name of the version that is current now.

    Raises:
        InputError: there is no such version, it is damaged, or the URL cannot be read.
        WriteError: the folder or the URL cannot be written.
    """
    with store.undone_on_error():  # else the next rollback would begin from here, and go back further
        now = store.rollback(name).name
        copy_current(store, text)
    return now

"""A refresh that publishes at a URL: it works in a place on this machine, and copies what is current there.

What else is done to such a place, a rollback say, is done to the one on this machine, and then at the URL.

The place is kept between runs, in the cache folder, since it holds what makes a refresh quick and a rollback
possible. Where it is lost, the next run makes all of it again, and the same version is not uploaded twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from etl.dataset import versions
from etl.errors import InputError
from etl.runtime.paths import cache_folder
from etl.storage import versions as remote_versions
from etl.storage.inputs import fetched
from etl.storage.remote import connect, is_remote, local_path, shown


def place_of(out: str, base: Path) -> Path:
    """The place on this machine of what stands in `refresh.out`.

    Raises:
        SettingsError: it is a URL that cannot be used.
    """
    if not is_remote(out):
        return base / local_path(out)
    remote = connect(out)
    return cache_folder() / "places" / hashlib.sha256(remote.url.encode()).hexdigest()[:16] / remote.name


def inputs_of(inputs: tuple[str, ...], base: Path) -> tuple[list[Path], tuple[str, ...]]:
    """Splits `refresh.inputs` into local paths and, if there are URLs, everything that has to be fetched."""
    paths = [base / local_path(each) for each in inputs if not is_remote(each)]
    if len(paths) == len(inputs):
        return paths, ()
    return paths, tuple(each if is_remote(each) else str(base / local_path(each)) for each in inputs)


@contextmanager
def local_inputs(inputs: list[Path], sources: tuple[str, ...]) -> Iterator[list[Path]]:
    """The inputs of one run as paths on this machine; copies last as long as the block.

    Raises:
        InputError: a URL cannot be read.
    """
    if not sources:
        yield inputs
        return
    with fetched(sources) as paths:
        yield paths


def existing_place(text: str) -> Path:
    """The place on this machine of what a user calls a place: a path, or a URL that is published from here.

    Raises:
        InputError: nothing was published there, or not from this machine.
        SettingsError: it is a URL that cannot be used.
    """
    place = place_of(text, Path())
    if is_remote(text) and not (place / versions.VERSIONS).is_dir():
        raise InputError(
            f"{shown(text)} is not published from this machine",
            details=["expected the place in which its refreshes work, in the cache folder"],
            cause="Another machine refreshes it, or the cache was removed.",
            next_step="run the command on that machine, or `etl refresh` on this one first.",
        )
    versions.check_place(place)
    return place


def copy_current(place: Path, text: str, keep: int | None = None) -> None:
    """Makes the current version of a place that of a URL, if it is one; nothing is uploaded that is there.

    Args:
        place: on this machine; its lock is held.
        text: the URL. A path is the place itself, and nothing is left to do.
        keep: how many versions stay at the URL, beside the current one; None: all.

    Raises:
        InputError: the URL cannot be read.
        WriteError: it cannot be written; what was current there is current.
    """
    name = versions.current(place)
    if name is None or not is_remote(text):
        return
    remote_versions.publish_version(versions.path_of(place, name), text, name)
    remote_versions.describe(text, versions.versions(place))
    if keep is not None:
        remote_versions.prune(text, keep)

"""Published versions at a URL: files first, then their manifest, then the pointer.

    URL/versions/<name>/…    a dataset, never changed; its manifest is written last
    URL/current              {"version": <name>}: one small object, replaced in one step

Who reads looks at the pointer once and stays with that version.
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from etl.errors import InputError
from etl.storage.cache import Say
from etl.storage.remote import Remote, connect, explained, shown
from etl.storage.upload import MANIFEST, names_in, upload

CURRENT, VERSIONS = "current", "versions"


class _Pointer(msgspec.Struct):
    version: str


def publish_version(dataset: Path, url: str, name: str, say: Say) -> bool:
    """Makes a dataset the current version of a place. A version that is there already is not uploaded again.

    Args:
        dataset: a version's folder.
        url: the place.
        name: the version's name.
        say: told what is uploaded.

    Returns:
        Whether anything was written.

    Raises:
        InputError: the place cannot be read.
        WriteError: it cannot be written; what was current is current.
    """
    folder = _version(connect(url), name)
    is_there = folder.read(MANIFEST) == (dataset / MANIFEST).read_bytes()
    if not is_there:
        names = names_in(dataset)
        say(f"uploading version {name}, {len(names):,} files, to {shown(url)}")
        upload(folder, dataset, names)
    is_current = current(url) == name
    if not is_current:
        point(url, name)
    return not (is_there and is_current)


def current(url: str) -> str | None:
    """The name of the current version of a place; None where nothing was published.

    Raises:
        InputError: the pointer cannot be read.
    """
    content = connect(url).read(CURRENT)
    if content is None:
        return None
    try:
        return msgspec.json.decode(content, type=_Pointer).version
    except msgspec.DecodeError as error:
        raise InputError(
            f"{shown(url)}/{CURRENT} does not say which version is current",
            details=[str(error)],
            cause="It is not ours, or was damaged.",
            next_step="publish again with `etl refresh`, or remove it.",
        ) from error


def point(url: str, name: str) -> None:
    """Makes a version current that is there, be it an earlier one.

    Raises:
        InputError: there is no such version.
        WriteError: the pointer cannot be written.
    """
    place = connect(url)
    if _version(place, name).read(MANIFEST) is None:
        raise InputError(
            f"there is no version {name} at {shown(url)}", next_step="publish it with `etl refresh`."
        )
    with explained(url, is_writing=True):
        place.files.pipe_file(place.below(CURRENT), json.dumps({"version": name}).encode() + b"\n")


def version_at(place: Remote) -> Remote:
    """The current version of a place; the place itself where it is a dataset, or anything else.

    Raises:
        InputError: it cannot be read.
    """
    name = current(place.url)
    return place if name is None else _version(place, name)


def _version(place: Remote, name: str) -> Remote:
    return connect(f"{place.url}/{VERSIONS}/{name}")

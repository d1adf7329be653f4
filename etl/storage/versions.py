"""Published versions at a URL: files first, then their manifest, then the pointer.

    URL/versions/<name>/…    a dataset, never changed; its manifest is written last
    URL/current              {"version": <name>}: one small object, replaced in one step

Who reads looks at the pointer once and stays with that version. What a version says of itself beside its
manifest (`version.json`, see `etl.dataset.versions`) is the only file of it that may be replaced.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

import msgspec

from etl.dataset.manifest import MANIFEST, Manifest, SplitCounts
from etl.dataset.versions import FACTS, Version
from etl.errors import InputError
from etl.storage.remote import Remote, connect, explained, shown
from etl.storage.upload import names_in, upload

_log = logging.getLogger(__name__)

CURRENT, VERSIONS = "current", "versions"


class _Pointer(msgspec.Struct):
    version: str


def publish_version(dataset: Path, url: str, name: str) -> bool:
    """Makes a dataset the current version of a place. A version that is there already is not uploaded again.

    Args:
        dataset: a version's folder.
        url: the place.
        name: the version's name.

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
        _log.info(f"uploading version {name}, {len(names):,} files, to {shown(url)}")
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


def published(url: str) -> dict[str, Version]:
    """Returns the metadata of the published versions by name, in the order of publication.

    Raises:
        InputError: it cannot be read.
    """
    place = connect(url)
    with explained(url):
        paths = place.files.glob(f"{place.below(VERSIONS)}/*/{MANIFEST}")
    names = [path.rsplit("/", 2)[1] for path in paths]
    found = [_facts(_version(place, name), name) for name in names]
    # Numbers count what one machine has published, and begin anew where its place was lost.
    return {each.name: each for each in sorted(found, key=lambda each: (each.published, each.number))}


def splits(url: str, name: str) -> dict[str, SplitCounts]:
    """Returns the counts of the splits, from the manifest of a version.

    Raises:
        InputError: it cannot be read.
    """
    content = _version(connect(url), name).read(MANIFEST) or b""
    try:
        return msgspec.json.decode(content, type=Manifest).splits
    except msgspec.DecodeError as error:
        raise InputError(
            f"{shown(url)}/{VERSIONS}/{name}/{MANIFEST} cannot be read",
            details=[str(error)],
            cause="It is not ours, or was damaged.",
            next_step="publish again with `etl refresh`, or remove that version.",
        ) from error


def describe(url: str, versions: list[Version]) -> None:
    """Brings up to date what those of some versions that are at a URL say of themselves.

    Raises:
        InputError: it cannot be read.
        WriteError: it cannot be written.
    """
    there = published(url)
    for each in versions:
        if each.name in there and there[each.name] != each:
            folder = _version(connect(url), each.name)
            with explained(url, is_writing=True):
                folder.files.pipe_file(folder.below(FACTS), msgspec.json.encode(each))


def prune(url: str, keep: int) -> list[str]:
    """Removes all versions of a place but the `keep` newest and the current one; returns their names.

    Raises:
        InputError: it cannot be read.
        WriteError: it cannot be written.
    """
    now, place = current(url), connect(url)
    removed = [name for name in list(published(url))[:-keep] if name != now]
    for name in removed:
        folder = _version(place, name)
        with explained(url, is_writing=True):
            # The manifest last: what was cut off is a version still, and is removed the next time.
            others = sorted(set(folder.list()) - {MANIFEST})
            folder.files.rm([folder.below(each) for each in others])
            folder.files.rm(folder.below(MANIFEST))
    return removed


def _facts(folder: Remote, name: str) -> Version:
    content = folder.read(FACTS)
    try:
        return msgspec.json.decode(content or b"", type=Version)
    except msgspec.DecodeError:  # another tool has put it there: it stands before all others
        return Version(name=name, number=0, published="")


def version_at(place: Remote) -> Remote:
    """The current version of a place; the place itself where it is a dataset, or anything else.

    Raises:
        InputError: it cannot be read.
    """
    name = current(place.url)
    return place if name is None else _version(place, name)


def _version(place: Remote, name: str) -> Remote:
    return connect(f"{place.url}/{VERSIONS}/{name}")

"""A place where a dataset is published again and again: its versions, and which of them is current.

    PLACE/versions/9f86d081884c7d65/   a dataset, whole, never changed; named after its manifest's sha256
    PLACE/current                      a link to one of them, replaced in one step

Who reads resolves `current` once and stays with that version, as `etl.dataset.read.open_dataset` does: so it
sees one whole version, whatever is published meanwhile. Who changes a place holds `lock(place)`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from etl.dataset.manifest import MANIFEST, read_manifest
from etl.dataset.staging import swap
from etl.errors import InputError, SettingsError, WriteError
from etl.runtime import clock, lock
from etl.runtime.files import sha256_file, sync, sync_tree, write_atomic

CURRENT, VERSIONS, FACTS, LOCK = "current", "versions", "version.json", "refresh.lock"
_NAME_DIGITS = 16


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """The metadata of a published version beside its manifest; written to its `version.json`.

    Attributes:
        name: the first digits of its manifest's sha256.
        number: counts publications, so the order of versions depends on no clock.
        published: when, in UTC.
        is_withdrawn: whether a rollback went back behind it; it is not published again by itself.
        stages: for each stage of the refresh what it depended on, as hashes by name.
        raw_files: the sha256 of each raw file it was made from.
    """

    name: str
    number: int
    published: str
    is_withdrawn: bool = False
    stages: dict[str, dict[str, str]] = {}
    raw_files: dict[str, str] = {}


@contextmanager
def locked(place: Path, command: str, *, wait: bool = False) -> Iterator[None]:
    """Holds the lock of a place, which is made where it is missing.

    Raises:
        LockError: somebody else holds it.
        WriteError: the place cannot be written.
    """
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(place, error) from error
    with lock.acquire_lock(place / LOCK, command, wait=wait):
        yield


def check_place(place: Path) -> None:
    """Refuses a place in which nothing was ever published.

    Raises:
        InputError: there are no versions.
    """
    if not (place / VERSIONS).is_dir():
        raise InputError(
            f"nothing was published in {place}",
            next_step="`etl refresh --config etl.yaml` publishes where `refresh.out` says.",
        )


def path_of(place: Path, name: str) -> Path:
    """The folder of a version."""
    return place / VERSIONS / name


def name_of(dataset: Path) -> str:
    """The name that a dataset has as a version."""
    return sha256_file(dataset / MANIFEST)[:_NAME_DIGITS]


def versions(place: Path) -> list[Version]:
    """The versions of a place, in the order in which they were published.

    Raises:
        InputError: what a version says of itself cannot be read.
    """
    found = [_read(folder) for folder in (place / VERSIONS).glob("*") if not folder.name.startswith(".")]
    return sorted(found, key=lambda version: version.number)


def current(place: Path) -> str | None:
    """The name of the current version; None where nothing was published yet."""
    link = place / CURRENT
    return link.readlink().name if link.is_symlink() else None


def chosen(place: Path, name: str) -> Version:
    """The version that is called so: `current`, its name, or the first digits of it.

    Raises:
        InputError: there is no such version, or there are several.
    """
    known = versions(place)
    wanted = current(place) if name == CURRENT else name
    matching = [each for each in known if wanted and each.name.startswith(wanted)]
    if len(matching) != 1:
        what = "no version" if not matching else f"{len(matching)} versions"
        raise InputError(
            f"{place} has {what} called {name!r}",
            details=[f"its versions: {', '.join(each.name for each in known) or 'none'}"],
            next_step=f"`etl versions {place}` lists them.",
        )
    return matching[0]


def publish(
    candidate: Path, place: Path, *, stages: dict[str, dict[str, str]], raw_files: dict[str, str]
) -> Version:
    """Makes a dataset the current version of a place.

    All of it is on the disk before the link is replaced, so a crash at any instant leaves the old version
    current, or the new one. Files that the current version has too are shared with it.

    Args:
        candidate: a dataset in the place's file system. It is moved, not copied.
        place: where to publish; its lock is held.
        stages, raw_files: see `Version`.

    Returns:
        The version. It is current, unless the same dataset was published before and withdrawn.

    Raises:
        WriteError: the place cannot be written; what was current is current.
    """
    try:
        known = {each.name: each for each in versions(place)}
        name = name_of(candidate)
        number = max((each.number for each in known.values()), default=0) + 1
        version = Version(name=name, number=number, published=clock.now(), stages=stages, raw_files=raw_files)
        folder = path_of(place, name)
        (place / VERSIONS).mkdir(exist_ok=True)
        if name in known and is_whole(folder):
            return _publish_again(candidate, place, version, known[name])
        if (now := current(place)) is not None and path_of(place, now).is_dir():
            share(candidate, path_of(place, now))
        _write_facts(candidate, version)
        sync_tree(candidate)
        if folder.exists():  # it was damaged: the candidate holds it from here on
            swap(candidate, folder)
        else:
            candidate.rename(folder)
        sync(place / VERSIONS)
        _point_to(place, name)
    except OSError as error:
        raise _unwritable(place, error) from error
    return version


def _publish_again(candidate: Path, place: Path, version: Version, known: Version) -> Version:
    """The same dataset is there already; only the report, and what is known of it, may be new."""
    folder = path_of(place, version.name)
    listed = read_manifest(folder).files
    for file in candidate.rglob("*"):
        name = file.relative_to(candidate).as_posix()
        if file.is_file() and name not in {*listed, MANIFEST}:
            (folder / name).parent.mkdir(exist_ok=True)
            sync(file)
            file.replace(folder / name)
    kept = known.number if known.is_withdrawn or known.name == current(place) else version.number
    version = msgspec.structs.replace(version, number=kept, is_withdrawn=known.is_withdrawn)
    _write_facts(folder, version)
    if not version.is_withdrawn:
        _point_to(place, version.name)
    return version


def finish(place: Path, version: Version) -> None:
    """Makes a version current whose publication was cut short by a crash.

    Raises:
        WriteError: the place cannot be written.
    """
    try:
        _point_to(place, version.name)
    except OSError as error:
        raise _unwritable(place, error) from error


def rollback(place: Path, name: str | None = None) -> Version:
    """Makes an earlier version current, or a later one again.

    Later ones are marked as withdrawn, so that no refresh publishes them again from the same raw files.

    Args:
        place: its lock is held.
        name: see `chosen`; by default the one that was published before the current one.

    Raises:
        InputError: there is no such version, or it is damaged.
        WriteError: the place cannot be written.
    """
    target = chosen(place, name) if name else _before_current(place)
    if not is_whole(path_of(place, target.name)):
        raise InputError(
            f"version {target.name} is damaged",
            details=["a file is missing, or its sha256 is not the one in the manifest"],
            next_step=f"choose another: `etl versions {place}` lists them.",
        )
    try:
        for each in versions(place):
            if each.is_withdrawn != (each.number > target.number):
                withdrawn = msgspec.structs.replace(each, is_withdrawn=each.number > target.number)
                _write_facts(path_of(place, each.name), withdrawn)
        _point_to(place, target.name)
    except OSError as error:
        raise _unwritable(place, error) from error
    return msgspec.structs.replace(target, is_withdrawn=False)


def _before_current(place: Path) -> Version:
    known, now = versions(place), current(place)
    number = next((each.number for each in known if each.name == now), 0)
    earlier = [each for each in known if each.number < number]
    if not earlier:
        raise InputError(
            f"{place} has no version before the current one",
            details=[
                f"current: {now or 'none'}; versions: {', '.join(each.name for each in known) or 'none'}"
            ],
            next_step=f"`etl versions {place}` lists them.",
        )
    return earlier[-1]


def prune(place: Path, keep: int) -> list[str]:
    """Removes all versions but the `keep` newest and the current one; returns the names of those removed.

    Whoever still reads a version that is removed loses its files.

    Raises:
        SettingsError: `keep` is not positive.
        WriteError: the place cannot be written.
    """
    if keep < 1:
        raise SettingsError("at least one version must be kept", details=[f"got --keep {keep}"])
    removed = [each.name for each in versions(place)[:-keep] if each.name != current(place)]
    try:
        for name in removed:
            # Renamed first, so that nobody finds half a version.
            path_of(place, name).rename(path_of(place, f".removed-{name}"))
        tidy(place)
    except OSError as error:
        raise _unwritable(place, error) from error
    return removed


def tidy(place: Path) -> None:
    """Removes what a crash in the middle of `prune` or of replacing the link left. The lock is held."""
    for leftover in (place / VERSIONS).glob(".removed-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    for leftover in place.glob(f".{CURRENT}.partial-*"):
        leftover.unlink(missing_ok=True)


def share(candidate: Path, other: Path) -> int:
    """Replaces files of a candidate by hard links to the same files of another version; how many.

    Raises:
        OSError: the candidate cannot be written.
    """
    there = {(entry.sha256, entry.bytes): name for name, entry in read_manifest(other).files.items()}
    shared = 0
    for name, entry in read_manifest(candidate).files.items():
        twin = there.get((entry.sha256, entry.bytes))
        # A file that was damaged on the disk is not handed on.
        if twin and _has_content(other / twin, entry.sha256):
            shared += _link(other / twin, candidate / name)
    return shared


def copy(folder: Path, target: Path) -> None:
    """A copy of a folder that shares the files, none of which is ever changed in place.

    Raises:
        OSError: it cannot be written.
    """
    target.mkdir()
    for path in sorted(folder.rglob("*")):
        copied = target / path.relative_to(folder)
        if path.is_dir():
            copied.mkdir()
        elif not _link(path, copied):
            shutil.copyfile(path, copied)


def _link(file: Path, name: Path) -> bool:
    if name.exists() and file.samefile(name):  # it was a copy from the beginning
        return True
    linked = name.with_name(f".{name.name}.linked")
    try:
        os.link(file, linked)
    except OSError:  # a file system without hard links, or too many of them: the copy is as good
        return False
    linked.replace(name)
    return True


def is_whole(folder: Path) -> bool:
    """Whether all files of a version are there, each with the sha256 that the manifest says."""
    try:
        listed = read_manifest(folder).files
    except InputError:
        return False
    return name_of(folder) == folder.name and all(
        _has_content(folder / name, entry.sha256) for name, entry in listed.items()
    )


def _has_content(file: Path, sha256: str) -> bool:
    try:
        return sha256_file(file) == sha256
    except OSError:
        return False


def _point_to(place: Path, name: str) -> None:
    """Replaces the link, and waits until the disk knows."""
    if current(place) == name:
        return
    temporary = place / f".{CURRENT}.partial-{os.getpid()}"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(Path(VERSIONS) / name, target_is_directory=True)
    temporary.replace(place / CURRENT)
    sync(place)


def _write_facts(folder: Path, version: Version) -> None:
    write_atomic(folder / FACTS, msgspec.json.format(msgspec.json.encode(version), indent=2) + b"\n")


def _read(folder: Path) -> Version:
    try:
        return msgspec.json.decode((folder / FACTS).read_bytes(), type=Version)
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(
            f"{folder / FACTS} cannot be read",
            details=[str(error)],
            cause="The file was edited or damaged.",
            next_step=f"remove {folder} if it is no longer needed.",
        ) from error


def _unwritable(place: Path, error: OSError) -> WriteError:
    return WriteError(
        f"{place} cannot be written",
        details=[error.strerror or str(error)],
        cause="The disk is full, or the folder is not yours to write.",
        next_step="make room and run the command again; what was current is current.",
    )

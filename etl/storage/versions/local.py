"""Versions in a folder, where `current` is a link that is replaced in one step.

Whoever changes the folder holds `LocalStore.lock`. All of a version is on the disk before the link is
replaced, so a crash at any instant leaves the old version current, or the new one.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from etl.dataset.manifest import MANIFEST, Manifest, read_manifest
from etl.dataset.staging import swap
from etl.errors import EtlError, InputError
from etl.language.message import tr
from etl.runtime import clock
from etl.runtime.failures import write_error
from etl.runtime.files import sync, sync_tree, write_atomic
from etl.runtime.lock import acquire_lock
from etl.runtime.scratch import remove_leftovers, remove_leftovers_below, scratch_path
from etl.storage.versions.sharing import has_content, share_files
from etl.storage.versions.version import (
    CURRENT,
    VERSION_FILE,
    VERSIONS,
    Version,
    check_name,
    choose_version,
    decode_version,
    encode_version,
    nothing_published,
    version_name,
)

LOCK = "refresh.lock"


@dataclass(frozen=True)
class LocalStore:
    """A folder in which versions are published."""

    folder: Path

    @property
    def location(self) -> str:
        """The folder."""
        return str(self.folder)

    @contextmanager
    def lock(self, command: str, *, wait: bool = False) -> Iterator[None]:
        """Holds the lock of the folder, which is made if it is missing, and removes what killed runs left.

        Raises:
            LockError: another process holds it.
            WriteError: the folder cannot be written.
        """
        with self._explain_write_errors():
            self.folder.mkdir(parents=True, exist_ok=True)
        with acquire_lock(self.folder / LOCK, command, wait=wait):
            self.tidy()
            yield

    def check_published(self) -> None:
        """Raises an InputError if nothing was ever published here."""
        if not (self.folder / VERSIONS).is_dir():
            raise nothing_published(tr("nothing was published in {folder}", folder=self.folder))

    def path_of(self, name: str) -> Path:
        """Returns the folder of a version."""
        return self.folder / VERSIONS / name

    def current(self) -> str | None:
        """Returns the name of the current version; None if nothing was published yet."""
        link = self.folder / CURRENT
        return link.readlink().name if link.is_symlink() else None

    def versions(self) -> list[Version]:
        """Returns the versions in the order in which they were published.

        Raises:
            InputError: a `version.json` cannot be read.
        """
        return sorted(map(_read_version, self._folders()), key=lambda version: version.number)

    def read_manifest(self, name: str) -> Manifest:
        """Reads the manifest of a version.

        Raises:
            InputError: it is not there, damaged, or that of another version.
        """
        folder = self.path_of(name)
        manifest = read_manifest(folder)
        check_name(name, version_name(folder), f"{folder / MANIFEST}")
        return manifest

    def is_whole(self, name: str) -> bool:
        """Whether all files of a version are there, each with the sha256 that its manifest lists."""
        return self._damaged_file(name) is None

    def publish(
        self, candidate: Path, *, stages: dict[str, dict[str, str]], raw_files: dict[str, str]
    ) -> Version:
        """Makes a dataset the current version. Files that the current version has too are shared with it.

        Args:
            candidate: a dataset in the folder's file system. It is moved, not copied.
            stages, raw_files: see `Version`.

        Returns:
            The version. It is current, unless the same dataset was published before and withdrawn.

        Raises:
            WriteError: the folder cannot be written; what was current is current.
        """
        with self._explain_write_errors():
            known = {version.name: version for version in self.versions()}
            name = version_name(candidate)
            number = max((version.number for version in known.values()), default=0) + 1
            version = Version(
                name=name, number=number, published=clock.now(), stages=stages, raw_files=raw_files
            )
            folder = self.path_of(name)
            (self.folder / VERSIONS).mkdir(exist_ok=True)
            if name in known:
                version = self._as_known(version, known[name])
            if name in known and self.is_whole(name):
                return self._publish_again(candidate, version)
            if (now := self.current()) is not None and self.path_of(now).is_dir():
                share_files(candidate, self.path_of(now))
            _write_version(candidate, version)
            _remove_hidden(candidate)
            sync_tree(candidate)
            if folder.exists():  # it was damaged: the candidate holds it from here on
                swap(candidate, folder)
            else:
                candidate.rename(folder)
            sync(self.folder / VERSIONS)
            if not version.is_withdrawn:
                self._replace_link(name)
            return version

    def point_to(self, name: str) -> None:
        """Makes a version current, in one step.

        Raises:
            WriteError: the folder cannot be written.
        """
        with self._explain_write_errors():
            self._replace_link(name)

    def rollback(self, name: str | None = None) -> Version:
        """Makes an earlier version current, or a later one again.

        Later ones are marked as withdrawn, so that no refresh publishes them again from the same raw files.
        If `name` is given, so are versions whose `version.json` cannot be read: they may be such ones.

        Args:
            name: see `choose_version`; by default the one that was published before the current one.

        Raises:
            InputError: there is no such version, or it is damaged.
            WriteError: the folder cannot be written.
        """
        if name:
            self._describe_unreadable((self.current() if name == CURRENT else None) or name)
        target = choose_version(self, name) if name else self._before_current()
        if damaged := self._damaged_file(target.name):
            raise InputError(
                tr("version {name} is damaged", name=target.name),
                details=[
                    tr(
                        "{file} is missing, or not what it was when the version was published",
                        file=damaged,
                    )
                ],
                next_step=tr("choose another: `etl versions {folder}` lists them.", folder=self.folder),
            )
        with self._explain_write_errors():
            for version in self.versions():
                is_later = version.number > target.number
                if version.is_withdrawn != is_later:
                    changed = msgspec.structs.replace(version, is_withdrawn=is_later)
                    _write_version(self.path_of(version.name), changed)
            self._replace_link(target.name)
        return msgspec.structs.replace(target, is_withdrawn=False)

    @contextmanager
    def undone_on_error(self) -> Iterator[None]:
        """Restores which version is current, and which are withdrawn, if the block raises. Needs the lock."""
        before = self.current()
        files = [path for folder in self._folders() if (path := folder / VERSION_FILE).is_file()]
        contents = {path: path.read_bytes() for path in files}
        try:
            yield
        except BaseException:  # Ctrl-C too
            with suppress(OSError, EtlError):  # what was raised first is what has to be said
                for path, content in contents.items():
                    if path.read_bytes() != content:
                        write_atomic(path, content)
                if before is not None:
                    self._replace_link(before)
            raise

    def remove(self, name: str) -> None:
        """Removes a version. It is renamed first, so that nobody finds half of it.

        Raises:
            WriteError: the folder cannot be written.
        """
        with self._explain_write_errors():
            self.path_of(name).rename(self.path_of(f".removed-{name}"))
            self.tidy()

    def tidy(self) -> None:
        """Removes what a crash left while a version was removed or written. The lock is held."""
        for leftover in (self.folder / VERSIONS).glob(".removed-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        remove_leftovers(self.folder / CURRENT)
        remove_leftovers_below(self.folder / VERSIONS)

    def _folders(self) -> list[Path]:
        return sorted(path for path in (self.folder / VERSIONS).glob("*") if not path.name.startswith("."))

    def _damaged_file(self, name: str) -> str | None:
        """Returns the name of a file of a version that is not as it was published; None if there is none."""
        folder = self.path_of(name)
        try:
            files = read_manifest(folder).files
        except InputError:
            return MANIFEST
        if version_name(folder) != name:
            return MANIFEST
        return next(
            (file for file, entry in files.items() if not has_content(folder / file, entry.sha256)), None
        )

    def _describe_unreadable(self, chosen: str) -> None:
        """Writes the `version.json` anew that cannot be read; such a version counts as withdrawn.

        Args:
            chosen: the first digits of the version that will be current. If its own is lost, it counts as
                the one published first, so that it brings no other back.
        """
        numbers, lost = [0], []
        for folder in self._folders():
            try:
                numbers.append(_read_version(folder).number)
            except InputError:
                lost.append(folder)
        with self._explain_write_errors():
            for place, folder in enumerate(lost, start=1):
                number = min(numbers) - place if folder.name.startswith(chosen) else max(numbers) + place
                version = Version(name=folder.name, number=number, published="", is_withdrawn=True)
                _write_version(folder, version)

    def _as_known(self, version: Version, known: Version) -> Version:
        """A version that was published before: one that was withdrawn stays so, also if it was damaged."""
        is_kept = known.is_withdrawn or known.name == self.current()
        return msgspec.structs.replace(
            version,
            number=known.number if is_kept else version.number,
            is_withdrawn=known.is_withdrawn,
        )

    def _publish_again(self, candidate: Path, version: Version) -> Version:
        """The same dataset is there already; only the report, and what is known of it, may be new."""
        folder = self.path_of(version.name)
        listed = {*read_manifest(folder).files, MANIFEST}
        for file in candidate.rglob("*"):
            name = file.relative_to(candidate).as_posix()
            if file.is_file() and name not in listed:
                (folder / name).parent.mkdir(exist_ok=True)
                sync(file)
                file.replace(folder / name)
        _write_version(folder, version)
        if not version.is_withdrawn:
            self._replace_link(version.name)
        return version

    def _before_current(self) -> Version:
        known, now = self.versions(), self.current()
        number = next((version.number for version in known if version.name == now), 0)
        earlier = [version for version in known if version.number < number]
        if not earlier:
            names = ", ".join(version.name for version in known) or tr("none")
            raise InputError(
                tr("{folder} has no version before the current one", folder=self.folder),
                details=[tr("current: {now}; versions: {names}", now=now or tr("none"), names=names)],
                next_step=tr("`etl versions {folder}` lists them.", folder=self.folder),
            )
        return earlier[-1]

    def _replace_link(self, name: str) -> None:
        """Replaces the link, and waits until the disk has it."""
        if self.current() == name:
            return
        with scratch_path(self.folder / CURRENT) as temporary:
            temporary.symlink_to(Path(VERSIONS) / name, target_is_directory=True)
            temporary.replace(self.folder / CURRENT)
        sync(self.folder)

    @contextmanager
    def _explain_write_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise write_error(self.folder, error, is_left=tr("what was current is current.")) from error


def _write_version(folder: Path, version: Version) -> None:
    write_atomic(folder / VERSION_FILE, encode_version(version))


def _remove_hidden(candidate: Path) -> None:
    """Removes locks and temporary files that could not be removed when they were no longer needed."""
    for path in [*candidate.rglob(".*")]:
        path.unlink()


def _read_version(folder: Path) -> Version:
    try:
        version = decode_version((folder / VERSION_FILE).read_bytes())
        if version.name != folder.name:
            raise msgspec.DecodeError(
                tr("expected {name}, got {found}", name=folder.name, found=version.name)
            )
        return version
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(
            tr("{path} cannot be read", path=folder / VERSION_FILE),
            details=[error],
            cause=tr("The file was edited or damaged."),
            next_step=tr(
                "`etl rollback {folder} VERSION` to the version that is to be current; this one "
                "then counts as withdrawn, unless it is that one.",
                folder=folder.parents[1],
            ),
        ) from error

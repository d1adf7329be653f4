"""The raw files on disk as they are before they are read: each is hashed once.

Whether one has changed since is told by its state in the file system, and by hashing it again only if that
differs, or if the file was written so recently that a further change need not show in its state.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from etl.errors import InputError
from etl.ingestion.sources.archive import is_opened, is_plain, whole_of
from etl.ingestion.sources.disk import files_on_disk
from etl.ingestion.sources.raw import changed_while_read
from etl.language.message import tr
from etl.language.system_words import system_words
from etl.runtime import clock
from etl.runtime.files import FileState, read_state, sha256_file

# Files of one name, given one by one, have one hash: theirs, joined by this.
JOINT = "+"
# Within this time two writes may leave the same time of modification: FAT counts in steps of two seconds.
_SETTLED_SECONDS = 3.0


@dataclass(frozen=True)
class DiskFile:
    """A file as it was; `state` is None if it was written so recently that its state proves nothing."""

    path: Path
    sha256: str
    state: FileState | None

    def has_same_state(self) -> bool:
        """Whether the file system says that the file has not changed."""
        try:
            return self.state is not None and self.state == read_state(self.path)
        except OSError:
            return False


@dataclass(frozen=True)
class Snapshot:
    """The raw files by the name under which they are recorded; the parts of a split archive are apart."""

    files: dict[str, tuple[DiskFile, ...]]

    @cached_property
    def hashes(self) -> dict[str, str]:
        """The sha256 of each file; files that are never opened have an empty one."""
        return {name: JOINT.join(file.sha256 for file in files) for name, files in self.files.items()}

    def content_hashes(self) -> dict[tuple[str, str], str]:
        """Returns the sha256 of raw files that are read as they are, by file and (empty) member."""
        return {
            (name, ""): files[0].sha256
            for name, files in self.files.items()
            if len(files) == 1 and is_plain(name)
        }

    def is_unchanged(self, name: str) -> bool:
        """Whether the file system says that a raw file, with all its parts, is the one that was hashed."""
        files = self._parts.get(name)
        return files is not None and all(file.has_same_state() for file in files)

    def check_unchanged(self, names: Iterable[str]) -> None:
        """Checks that files are the ones that were hashed.

        Raises:
            InputError: one is not.
        """
        for name in sorted(names):
            files = self.files[name]
            if not all(file.has_same_state() for file in files):
                got = JOINT.join(_hash_if_there(name, file.path) for file in files)
                if got != self.hashes[name]:
                    raise changed_while_read(name, self.hashes[name], got)

    @cached_property
    def _parts(self) -> dict[str, list[DiskFile]]:
        parts: dict[str, list[DiskFile]] = {}
        for name, files in self.files.items():
            parts.setdefault(whole_of(name), []).extend(files)
        return parts


def take_snapshot(inputs: list[Path]) -> Snapshot:
    """Hashes all raw files below some paths, but for those that are never opened.

    Raises:
        InputError: a path is missing, or a file cannot be read.
    """
    files: dict[str, tuple[DiskFile, ...]] = {}
    for name, path in files_on_disk(inputs):
        files[name] = (*files.get(name, ()), _look_at(name, path))
    return Snapshot(files)


def _look_at(name: str, path: Path) -> DiskFile:
    try:
        # First the state, so that what is written while the file is hashed shows in the next one.
        state = read_state(path)
        is_settled = clock.seconds_since(state.modified_ns) > _SETTLED_SECONDS
        return DiskFile(path, _hash(name, path), state if is_settled else None)
    except OSError as error:
        raise InputError(
            tr("{path} cannot be read", path=path),
            details=[system_words(error)],
            next_step=tr("run the command again when it can be read."),
        ) from error


def _hash(name: str, path: Path) -> str:
    return sha256_file(path) if is_opened(name) else ""


def _hash_if_there(name: str, path: Path) -> str:
    try:
        return _hash(name, path)
    except OSError:
        return tr("no such file")

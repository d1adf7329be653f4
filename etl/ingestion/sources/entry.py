"""A name and how to open it: a file on disk, or a member of an archive, before we know what it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

Open = Callable[[], IO[bytes]]
# The name under which a file is recorded, its absolute path, and its bytes.
FileOnDisk = tuple[str, Path, int]


@dataclass(frozen=True)
class Entry:
    """A file on disk or a member.

    Args:
        file: the name under which the file on disk is recorded.
        member: the path in the archive that it is; empty for a file on disk.
        size: its bytes, as declared.
        open: opens it for reading; the stream is seekable.
        disk: the files on disk that it is, or is in.
        load: all its bytes at once, where that is faster than `open`.
    """

    file: str
    member: str
    size: int
    open: Open
    disk: tuple[FileOnDisk, ...]
    load: Callable[[], bytes] | None = None

    @property
    def is_on_disk(self) -> bool:
        """Whether each stream is one of its own; those of nested archives share a position."""
        return not self.member

    def inside(self, name: str, size: int, opener: Open, load: Callable[[], bytes] | None = None) -> Entry:
        """Returns a member of it."""
        member = f"{self.member}/{name}" if self.member else name
        return Entry(self.file, member, size, opener, self.disk, load)


def entry_on_disk(found: FileOnDisk) -> Entry:
    """Returns the entry of a file on disk."""
    name, path, size = found
    return Entry(name, "", size, opener_of(path), (found,))


def opener_of(path: Path) -> Open:
    """Returns a function that opens a file on disk."""
    return lambda: path.open("rb")

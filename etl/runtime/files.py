"""Hashes files, tells whether they changed, and writes them complete or not at all."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

import xxhash

from etl.runtime.failures import write_error
from etl.runtime.scratch import scratch_path
from etl.user_files.plain import plain_file


def sha256_file(path: Path) -> str:
    """The sha256 of a file, in hexadecimal digits.

    Raises:
        OSError: it cannot be read.
    """
    with plain_file(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class FileState(NamedTuple):
    """The signature of a file in the file system, which changes when the file is written."""

    size: int
    modified_ns: int
    changed_ns: int
    inode: int


def read_state(path: Path) -> FileState:
    """Returns the state of a file, without reading it.

    Raises:
        OSError: it is not there.
    """
    found = path.stat()
    return FileState(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def xxh3_bytes(content: bytes) -> str:
    """The XXH3 of 128 bits in hexadecimal digits: against accidents on the disk, not against forgery."""
    return xxhash.xxh3_128_hexdigest(content)


def write_atomic(path: Path, content: str | bytes) -> None:
    """Writes a file complete or not at all, and waits until the disk has it. Folders are made.

    Args:
        path: the file; one that is there is replaced in one step.
        content: a string is written in UTF-8.

    Raises:
        WriteError: it cannot be written; the cause is the system's.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch_path(path) as temporary:
            temporary.write_bytes(content.encode() if isinstance(content, str) else content)
            sync(temporary)
            temporary.replace(path)
    except OSError as error:
        raise write_error(path, error) from error


def sync(path: Path) -> None:
    """Waits until the disk has one file, or the names in one folder.

    Raises:
        OSError: it cannot be written.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """Waits until the disk has a folder and all that is in it.

    Raises:
        OSError: something cannot be written.
    """
    for path in folder.rglob("*"):
        sync(path)
    sync(folder)

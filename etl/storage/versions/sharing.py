"""Versions on one disk share their common files as hard links, since no file is changed in place."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from etl.dataset.manifest import read_manifest
from etl.runtime.files import sha256_file


def share_files(candidate: Path, other: Path) -> int:
    """Replaces files of a candidate by hard links to the same files of another version; returns how many.

    Raises:
        OSError: the candidate cannot be written.
    """
    names = {(entry.sha256, entry.bytes): name for name, entry in read_manifest(other).files.items()}
    shared = 0
    for name, entry in read_manifest(candidate).files.items():
        twin = names.get((entry.sha256, entry.bytes))
        # A file that was damaged on the disk is not handed on.
        if twin and has_content(other / twin, entry.sha256):
            shared += _link(other / twin, candidate / name)
    return shared


def copy_tree(folder: Path, target: Path) -> None:
    """Copies a folder, by hard links where the file system has them.

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


def has_content(file: Path, sha256: str) -> bool:
    """Whether a file is there and has this sha256."""
    try:
        return sha256_file(file) == sha256
    except OSError:
        return False


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

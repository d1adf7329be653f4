"""Adds files to a dataset so that one rename decides: that of its manifest.

    .vocab.json.next   a new file, whole, until the manifest that lists it has replaced the older one

A run that is killed before that has changed nothing. After one that is killed later, whoever opens the
dataset puts the files in their places.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
from collections.abc import Mapping
from pathlib import Path

from etl.dataset.manifest import MANIFEST, FileEntry, Manifest, read_manifest, to_bytes
from etl.language.message import tr
from etl.runtime.failures import write_error
from etl.runtime.files import sha256_file, write_atomic
from etl.runtime.lock import acquire_lock
from etl.runtime.scratch import remove_leftovers

_NEXT = ".next"


def add_files(dataset: Path, contents: Mapping[str, bytes], command: str) -> None:
    """Writes files into a dataset, whose manifest lists them afterwards. One run does so at a time.

    Args:
        dataset: its folder.
        contents: by the names in the folder.
        command: see `acquire_lock`.

    Raises:
        InputError: there is no dataset.
        WriteError: a file cannot be written; the dataset is as it was.
    """
    lock = dataset / f".{MANIFEST}.lock"
    with acquire_lock(lock, command, wait=True, is_quiet=True, is_temporary=True):
        entries = {
            name: FileEntry(hashlib.sha256(content).hexdigest(), len(content))
            for name, content in contents.items()
        }
        for name in contents:
            if (dataset / name).is_dir():  # the one thing that a file does not replace
                raise write_error(dataset / name, IsADirectoryError(errno.EISDIR, tr("it is a folder")))
        for name, content in contents.items():
            remove_leftovers(dataset / name)
            write_atomic(_next(dataset / name), content)
        manifest = read_manifest(dataset).with_files(entries)
        write_atomic(dataset / MANIFEST, to_bytes(manifest))
        try:
            _put_in_place(dataset, manifest)
        except OSError as error:
            raise write_error(dataset, error) from error


def finish_adding(dataset: Path, manifest: Manifest) -> None:
    """Puts files that the manifest lists in their places, where a run was killed before it did so.

    Where the dataset cannot be written it stays as it is, and whoever needs the file says that it is another.
    """
    with contextlib.suppress(OSError):
        _put_in_place(dataset, manifest)


def _put_in_place(dataset: Path, manifest: Manifest) -> None:
    for waiting in dataset.glob(f".*{_NEXT}"):
        name = waiting.name.removeprefix(".").removesuffix(_NEXT)
        with contextlib.suppress(FileNotFoundError):  # another reader was first
            if name in manifest.files and sha256_file(waiting) == manifest.files[name].sha256:
                waiting.replace(dataset / name)


def _next(path: Path) -> Path:
    return path.with_name(f".{path.name}{_NEXT}")

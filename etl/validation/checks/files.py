"""Checks that every file of the dataset is there and unchanged since the manifest was written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from etl.language.lists import listing
from etl.runtime.files import sha256_file
from etl.validation.check import Check
from etl.validation.findings import Finding
from etl.validation.rules import Rules
from etl.validation.view import View, parquet_files, unreadable_file


@dataclass(frozen=True)
class FileDifferences:
    """Names of files that are not as the manifest lists them.

    Attributes:
        missing: listed, and not there.
        unlisted: Parquet files that are there, and not listed.
        changed: of another sha256 than listed.
    """

    missing: tuple[str, ...]
    unlisted: tuple[str, ...]
    changed: tuple[str, ...]


def measure(view: View) -> FileDifferences:
    """Compares the files with the manifest.

    Raises:
        InputError: a file cannot be read.
    """
    dataset, files = view.dataset, view.manifest.files
    listed = {name: dataset.path / name for name in sorted(files)}
    present = {file.relative_to(dataset.path).as_posix() for file in parquet_files(dataset)}
    missing = [name for name, file in listed.items() if not file.is_file()]
    return FileDifferences(
        missing=tuple(missing),
        unlisted=tuple(sorted(present - set(listed))),
        changed=tuple(
            name
            for name, file in listed.items()
            if name not in missing and sha256(file) != files[name].sha256
        ),
    )


def judge(differences: FileDifferences, rules: Rules) -> list[Finding]:
    """Judges how many files are missing, unlisted or changed."""
    return [
        *rules.judge("file_missing", len(differences.missing), names=listing(differences.missing)),
        *rules.judge("file_unlisted", len(differences.unlisted), names=listing(differences.unlisted)),
        *rules.judge("file_hash", len(differences.changed), names=listing(differences.changed)),
    ]


def sha256(file: Path) -> str:
    """Returns the hash of a file, as the manifest lists it.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        return sha256_file(file)
    except OSError as error:
        raise unreadable_file(file, error) from error


CHECK = Check(
    "files",
    measure,
    codes=("file_missing", "file_unlisted", "file_hash"),
    judge=judge,
    stage="files",
    is_applicable=lambda view: not view.is_external,
)

"""What validate needs of a dataset's manifest, with its types checked.

The manifest is what ingest says; validate compares it with the rows and believes none of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from etl.errors import InputError
from etl.settings import Dedupe


class Taxonomy(msgspec.Struct, frozen=True):
    """Which labels a row may have."""

    name: str
    targets: tuple[str, ...]


class Account(msgspec.Struct, frozen=True):
    """What became of the rows of one source."""

    read: int
    kept: int
    rejected: dict[str, int]


class SplitCount(msgspec.Struct, frozen=True):
    """How many rows one split has, and how many of each label."""

    rows: int
    labels: dict[str, int]


class File(msgspec.Struct, frozen=True):
    """One file of the dataset; only Parquet files have rows."""

    sha256: str
    rows: int | None = None


class SettingsPart(msgspec.Struct, frozen=True):
    """The settings that say which utterances are too short to be leakage."""

    dedupe: Dedupe = Dedupe()


class Manifest(msgspec.Struct, frozen=True):
    """The parts of `manifest.json` that validate compares with the rows; other keys are ignored."""

    taxonomy: Taxonomy
    counts: dict[str, Account]
    splits: dict[str, SplitCount]
    files: dict[str, File]
    settings: SettingsPart = SettingsPart()


def read(manifest: Any, path: Path) -> Manifest:
    """The manifest with its types checked.

    Args:
        manifest: as decoded from JSON.
        path: the dataset, for the error.

    Raises:
        InputError: a key is missing, or has a wrong type.
    """
    try:
        return msgspec.convert(manifest, Manifest)
    except msgspec.ValidationError as error:
        raise InputError(
            f"{path / 'manifest.json'} is not the manifest of a dataset",
            details=[str(error)],
            cause="The file was edited, or another version of the tool wrote it.",
            next_step=f"write the dataset again with `etl ingest PATH... --out {path}`",
        ) from error

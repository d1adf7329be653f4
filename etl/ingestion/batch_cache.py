"""What the steps made of an input in an earlier run, kept so that a later one need not do it again.

    FOLDER/<fingerprint>/00000.rows.arrow   a batch after the steps that see one batch
                         00000.keys.arrow   its keys
                         counts-….arrow     its tokens, counted
                         kept.json          what else is known, and the XXH3 of each file; written last

The fingerprint stands for all that decides the content; who computes it must leave nothing out. What is
damaged or half written is as good as absent, so nothing here waits for the disk.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from etl.runtime.files import xxh3_bytes

_FACTS = "kept.json"


class Facts(msgspec.Struct, frozen=True):
    """What is known of an input beside its rows: what the account says of it, and its dirty labels."""

    inputs: list[dict[str, Any]]
    warnings: list[str]
    aliases: dict[str, dict[str, int]]
    batch_rows: list[int]


class _Listed(msgspec.Struct, frozen=True):
    facts: Facts
    files: dict[str, str]


@dataclass(frozen=True)
class Kept:
    """What is kept of one input; `files` are in memory only while they are asked for."""

    folder: Path
    facts: Facts
    files: dict[str, str]

    def rows(self, number: int) -> pl.DataFrame:
        """One batch of rows, all columns after the steps."""
        return self._frame(f"{number:05d}.rows.arrow")

    def keys(self, number: int) -> pl.DataFrame:
        """The keys of one batch."""
        return self._frame(f"{number:05d}.keys.arrow")

    def table(self, name: str) -> pl.DataFrame:
        """Another table, by the name under which it was added."""
        return self._frame(f"{name}.arrow")

    def _frame(self, name: str) -> pl.DataFrame:

        return pl.read_ipc((self.folder / name).read_bytes())

    def is_whole(self) -> bool:
        """Whether every file is there, with the bytes that were written."""
        try:
            return all(
                xxh3_bytes((self.folder / name).read_bytes()) == found for name, found in self.files.items()
            )
        except OSError:
            return False


@dataclass
class Keeping:
    """What is being kept of one input; it is found by later runs when `finish` was called."""

    folder: Path
    partial: Path
    files: dict[str, str] = field(default_factory=dict)
    batch_rows: list[int] = field(default_factory=list)

    def add(self, rows: pl.DataFrame, keys: pl.DataFrame) -> None:
        """Appends a batch."""
        number = len(self.batch_rows)
        self.table(f"{number:05d}.rows", rows)
        self.table(f"{number:05d}.keys", keys)
        self.batch_rows.append(rows.height)

    def table(self, name: str, frame: pl.DataFrame) -> None:
        """Adds another table."""
        content = io.BytesIO()
        frame.write_ipc(content, compression="lz4")
        self._write(f"{name}.arrow", content.getvalue())

    def finish(
        self, inputs: list[dict[str, Any]], warnings: list[str], aliases: dict[str, dict[str, int]]
    ) -> None:
        """Puts it where later runs look for it."""
        facts = Facts(inputs, warnings, aliases, self.batch_rows)
        (self.partial / _FACTS).write_bytes(msgspec.json.encode(_Listed(facts, self.files)))
        shutil.rmtree(self.folder, ignore_errors=True)  # it was damaged
        self.partial.rename(self.folder)

    def abandon(self) -> None:
        """Forgets what was kept so far."""
        shutil.rmtree(self.partial, ignore_errors=True)

    def _write(self, name: str, content: bytes) -> None:
        (self.partial / name).write_bytes(content)
        self.files[name] = xxh3_bytes(content)


class Shelf:
    """Where it is kept: a folder that belongs to one run at a time.

    Args:
        folder: made where it is missing.
        name: the fingerprint of what a unit's content and the caller's own facts decide.
    """

    def __init__(self, folder: Path, name: Callable[[Any], str]):
        self._folder = folder
        self._used: set[str] = set()
        self.name = name
        folder.mkdir(parents=True, exist_ok=True)
        for leftover in folder.glob(".partial-*"):
            shutil.rmtree(leftover, ignore_errors=True)

    def find(self, name: str) -> Kept | None:
        """What is kept under a fingerprint, if it is whole."""
        folder = self._folder / name
        try:
            listed = msgspec.json.decode((folder / _FACTS).read_bytes(), type=_Listed)
        except (OSError, msgspec.DecodeError):
            return None
        kept = Kept(folder, listed.facts, listed.files)
        if not kept.is_whole():
            return None
        self._used.add(name)
        return kept

    def begin(self, name: str) -> Keeping:
        """Begins to keep something under a fingerprint."""
        partial = self._folder / f".partial-{os.getpid()}-{name}"
        partial.mkdir()
        self._used.add(name)
        return Keeping(self._folder / name, partial)

    def tidy(self) -> None:
        """Removes whatever this run has neither found nor made."""
        for folder in self._folder.iterdir():
            if folder.name not in self._used:
                shutil.rmtree(folder, ignore_errors=True)

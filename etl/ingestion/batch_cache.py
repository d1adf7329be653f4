"""Caches the batches of each input, so that a later run of the steps reads only the inputs that changed.

    FOLDER/<fingerprint>/000000.parts   a batch, see `etl.ingestion.batch_store`
                         input.json     what else is known, and the XXH3 of each file; written last

The fingerprint stands for everything that determines the content. An entry that is damaged or half written
counts as absent, so nothing here waits for the disk.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from etl.errors import InputError
from etl.ingestion.batch_store import StoredBatch, is_reproducible
from etl.ingestion.batches import BatchDone, FreshInput, Input, Job
from etl.ingestion.row_numbers import BatchNumber
from etl.ingestion.sources.raw import InputLog, changed_while_read
from etl.ingestion.sources.units import Hashes, InputUnit
from etl.language.stored import Stored, restore, store
from etl.runtime.files import xxh3_bytes
from etl.runtime.json_text import decode_json

_log = logging.getLogger(__name__)

INDEX = "input.json"


class Index(msgspec.Struct, frozen=True):
    """Index of a cached input.

    Attributes:
        inputs, left_aside, warnings: what reading the files added to the log of the run; its messages as what
            they are made of, since the next run may speak another language.
        batch_rows: the number of rows of each batch.
        source: the corpus.
        files: the XXH3 of each file.
    """

    inputs: list[dict[str, Any]]
    left_aside: list[dict[str, Stored]]
    warnings: list[Stored]
    batch_rows: list[int]
    source: str
    files: dict[str, str]


@dataclass(frozen=True)
class CachedInput:
    """An input whose batches an earlier run has cached."""

    folder: Path
    index: Index

    @property
    def source(self) -> str:
        """The corpus."""
        return self.index.source

    @property
    def log(self) -> InputLog:
        """What became of the files when they were read."""
        left_aside = [
            {name: restore(fact) for name, fact in entry.items()} for entry in self.index.left_aside
        ]
        warnings = [restore(warning) for warning in self.index.warnings]
        return InputLog(inputs=self.index.inputs, left_aside=left_aside, warnings=warnings)

    def jobs(self, number: int) -> Iterator[Job]:
        """Yields the job that opens a batch."""
        for batch in range(len(self.index.batch_rows)):
            yield partial(self._open, BatchNumber(number, batch))

    def is_intact(self) -> bool:
        """Whether every file is there, with the bytes that were written."""
        try:
            return all(
                xxh3_bytes((self.folder / name).read_bytes()) == xxh3
                for name, xxh3 in self.index.files.items()
            )
        except OSError:
            return False

    def _open(self, number: BatchNumber) -> BatchDone:
        path = self.folder / _name(number.batch)
        batch = StoredBatch(number, path, self.index.batch_rows[number.batch])
        return BatchDone(batch, batch.token_counts(), batch.aliases())


@dataclass
class CacheEntry:
    """The entry of an input that is read now; see `etl.ingestion.batches.Recording`.

    Args:
        content: the files and their hashes, as the fingerprint knows them.
        folder: where later runs look for it.
        is_unchanged: tells by `file` whether it is surely the one that was hashed.
    """

    content: list[dict[str, Any]]
    folder: Path
    is_unchanged: Callable[[str], bool]
    log: InputLog = field(default_factory=InputLog)
    is_hashed: bool = False
    is_reproducible: bool = True
    files: dict[str, str] = field(default_factory=dict)
    paths: dict[str, Path] = field(default_factory=dict)
    batch_rows: dict[int, int] = field(default_factory=dict)

    def to_read(self, unit: InputUnit) -> InputUnit:
        """Returns the files, with the hashes that reading them need not compute."""
        self.is_hashed = self._is_unchanged()
        return unit.with_hashes(self.content) if self.is_hashed else unit

    def add(self, batch: StoredBatch) -> None:
        """Remembers the file of a batch."""
        name = _name(batch.number.batch)
        self.paths[name] = batch.path
        self.files[name] = xxh3_bytes(batch.path.read_bytes())
        self.batch_rows[batch.number.batch] = batch.height
        self.is_reproducible &= is_reproducible(batch.path)

    def was_read(self, unit: InputUnit, log: InputLog) -> None:
        """Checks that the files are those that the fingerprint was computed from.

        Raises:
            InputError: one is not.
        """
        self.log = log
        if not self.is_hashed:
            _check_same(self.content, log.inputs)
        elif not self._is_unchanged():
            _check_same(self.content, unit.content({}))

    def finish(self, source: str) -> None:
        """Makes the batches available to later runs, unless a file was skipped or a tagger failed."""
        if self.log.skipped or not self.is_reproducible:
            return
        partial_folder = self.folder.with_name(f".partial-{self.folder.name}")
        partial_folder.mkdir()
        for name, path in self.paths.items():
            _share(path, partial_folder / name)
        batch_rows = [rows for _, rows in sorted(self.batch_rows.items())]
        left_aside = [{name: store(fact) for name, fact in entry.items()} for entry in self.log.left_aside]
        warnings = [store(warning) for warning in self.log.warnings]
        index = Index(self.log.inputs, left_aside, warnings, batch_rows, source, self.files)
        (partial_folder / INDEX).write_bytes(msgspec.json.encode(index))
        shutil.rmtree(self.folder, ignore_errors=True)  # it was damaged
        partial_folder.rename(self.folder)

    def _is_unchanged(self) -> bool:
        return all(self.is_unchanged(file["file"]) for file in self.content)


class BatchCache:
    """A folder of cached inputs, used by one run at a time.

    Args:
        folder: created if missing.
        fingerprint: hashes the content of an input together with everything else that determines its batches.
        known_hashes: hashes of raw files that need not be computed again.
        is_unchanged: tells by `file` whether a raw file is surely the one that `known_hashes` knows, so that
            it need not be hashed while it is read.
    """

    def __init__(
        self,
        folder: Path,
        fingerprint: Callable[[Any], str],
        known_hashes: Hashes | None = None,
        is_unchanged: Callable[[str], bool] = lambda _: False,
    ):
        self._folder = folder
        self._fingerprint = fingerprint
        self._known_hashes = known_hashes or {}
        self._is_unchanged = is_unchanged
        self._used: set[str] = set()
        folder.mkdir(parents=True, exist_ok=True)
        for leftover in folder.glob(".partial-*"):
            shutil.rmtree(leftover, ignore_errors=True)

    def open(self, fresh: FreshInput) -> Input:
        """Returns the cached input, or the fresh one, whose batches will be cached."""
        try:
            content = fresh.unit.content(self._known_hashes)
        except InputError:  # reading the file raises it again, where bad files can be skipped
            return fresh
        name = self._fingerprint(content)
        self._used.add(name)
        cached = _find(self._folder / name)
        _log.debug("%s: %s", content[0]["file"], "taken from the cache" if cached else "new or changed")
        if cached:
            return cached
        return replace(fresh, recording=CacheEntry(content, self._folder / name, self._is_unchanged))

    def remove_unused(self) -> None:
        """Removes every entry that this run has neither read nor written."""
        for folder in self._folder.iterdir():
            if folder.name not in self._used:
                shutil.rmtree(folder, ignore_errors=True)


def _find(folder: Path) -> CachedInput | None:
    try:
        index = decode_json((folder / INDEX).read_bytes(), Index)
    except (OSError, msgspec.DecodeError):
        return None
    cached = CachedInput(folder, index)
    return cached if cached.is_intact() else None


def _check_same(content: list[dict[str, Any]], read: Sequence[dict[str, Any]]) -> None:
    before = {(file["file"], file["member"]): file["sha256"] for file in content}
    for entry in read:
        expected = before.get((entry["file"], entry["member"]), entry["sha256"])
        if entry["sha256"] != expected:
            raise changed_while_read(entry["member"] or entry["file"], expected, entry["sha256"])


def _share(path: Path, target: Path) -> None:
    """Makes a file available at another path; its bytes are copied only where a disk has no links."""
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)


def _name(batch: int) -> str:
    return f"{batch:06d}.parts"

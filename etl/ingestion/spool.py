"""Holds the batches of a run until the whole corpus is known: some in memory, the rest on disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

# Enough for half a million reviews. Above it, memory no longer grows with the corpus.
MEMORY_BYTES = 400 << 20


@dataclass(frozen=True)
class StoredRows:
    """Rows in an Arrow IPC file.

    Args:
        path: the file.
        height: the number of rows.
        is_temporary: whether the file is removed once it was read.
    """

    path: Path
    height: int
    is_temporary: bool = False

    def load(self) -> pl.DataFrame:
        """Reads the rows."""
        with self.path.open("rb") as stream:
            rows = pl.read_ipc(stream)
        if self.is_temporary:
            self.path.unlink()
        return rows


@dataclass
class SpooledBatch:
    """One batch.

    Args:
        rows: the rows, in memory or on disk.
        start: the number of rows of all batches before it.
    """

    rows: pl.DataFrame | StoredRows
    start: int

    def take(self) -> pl.DataFrame:
        """Returns the rows, which are no longer held here; to be called once."""
        rows, self.rows = self.rows, pl.DataFrame()
        return rows.load() if isinstance(rows, StoredRows) else rows


class Spool:
    """Batches in the order in which they were put in; beyond `MEMORY_BYTES` they are files in `folder`."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._batches: list[SpooledBatch] = []
        self._n_rows = 0
        self._bytes = 0
        folder.mkdir()

    def put(self, rows: pl.DataFrame | StoredRows) -> None:
        """Appends a batch. Stored rows stay where they are until they are taken."""
        height = rows.height
        if isinstance(rows, pl.DataFrame):
            self._bytes += int(rows.estimated_size())
            if self._bytes > MEMORY_BYTES:
                path = self._folder / f"{len(self._batches):06d}.arrow"
                rows.write_ipc(path, compression="uncompressed")
                rows = StoredRows(path, height, is_temporary=True)
        self._batches.append(SpooledBatch(rows, self._n_rows))
        self._n_rows += height

    def __iter__(self) -> Iterator[SpooledBatch]:
        """The batches in order."""
        return iter(self._batches)

    def remove(self) -> None:
        """Removes the folder, once every batch was taken."""
        self._folder.rmdir()

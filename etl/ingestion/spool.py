"""Keeps the batches of the corridor until the whole corpus is known: some in memory, the rest on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

# Enough for half a million reviews. Above it, memory no longer grows with the corpus.
MEMORY_BYTES = 400 << 20


@dataclass
class Spooled:
    """One batch; `start` is the number of rows before it, `load` reads one that somebody else keeps."""

    batch: pl.DataFrame | None
    path: Path
    start: int
    load: Callable[[], pl.DataFrame] | None = None

    def take(self) -> pl.DataFrame:
        """The batch, which is no longer kept."""

        if self.batch is not None:
            batch, self.batch = self.batch, None
            return batch
        if self.load is not None:
            return self.load()
        with self.path.open("rb") as stream:
            batch = pl.read_ipc(stream)
        self.path.unlink()
        return batch


class Spool:
    """Batches in the order they were put in; those that memory has no room for as Arrow files in `folder`."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._batches: list[Spooled] = []
        self._rows = 0
        self._bytes = 0
        folder.mkdir()

    def put(self, batch: pl.DataFrame) -> None:
        """Appends a batch."""
        path = self._folder / f"{len(self._batches):06d}.arrow"
        self._bytes += int(batch.estimated_size())
        if self._bytes <= MEMORY_BYTES:
            self._batches.append(Spooled(batch, path, self._rows))
        else:
            batch.write_ipc(path, compression="uncompressed")
            self._batches.append(Spooled(None, path, self._rows))
        self._rows += batch.height

    def put_later(self, load: Callable[[], pl.DataFrame], rows: int) -> None:
        """Appends a batch of so many rows that is kept elsewhere, and read when its turn comes."""
        path = self._folder / f"{len(self._batches):06d}.arrow"
        self._batches.append(Spooled(None, path, self._rows, load))
        self._rows += rows

    def __iter__(self) -> Iterator[Spooled]:
        """The batches in order."""
        return iter(self._batches)

    def remove(self) -> None:
        """Removes the folder, once every batch was taken."""
        self._folder.rmdir()

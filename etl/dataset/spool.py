"""Keeps the batches of the corridor on disk until the whole corpus is known, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Spooled:
    """One batch on disk; `start` is the number of rows before it."""

    path: Path
    start: int

    def read(self) -> pl.DataFrame:
        """The batch, which is deleted from the disk."""
        import polars as pl

        with self.path.open("rb") as stream:
            batch = pl.read_ipc(stream)
        self.path.unlink()
        return batch


class Spool:
    """Batches in the order they were put in, as Arrow files in a folder of their own."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._batches: list[Spooled] = []
        self._rows = 0
        folder.mkdir()

    def put(self, batch: pl.DataFrame) -> None:
        """Appends a batch."""
        path = self._folder / f"{len(self._batches):06d}.arrow"
        batch.write_ipc(path, compression="uncompressed")
        self._batches.append(Spooled(path, self._rows))
        self._rows += batch.height

    def take(self) -> Iterator[Spooled]:
        """The batches in order, still on disk."""
        yield from self._batches

    def remove(self) -> None:
        """Removes the folder, once every batch was read."""
        self._folder.rmdir()

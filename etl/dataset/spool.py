"""Keeps the batches of the corridor on disk until the whole corpus is known, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


class Spool:
    """Batches in the order they were put in, as Arrow files in a folder of their own."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._batches: list[Path] = []
        folder.mkdir()

    def put(self, batch: pl.DataFrame) -> None:
        """Appends a batch."""
        path = self._folder / f"{len(self._batches):06d}.arrow"
        batch.write_ipc(path, compression="lz4")
        self._batches.append(path)

    def take(self) -> Iterator[pl.DataFrame]:
        """The batches in order; each is deleted once the next one is asked for."""
        import polars as pl

        for path in self._batches:
            yield pl.read_ipc(path)
            path.unlink()
        self._folder.rmdir()

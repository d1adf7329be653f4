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

    def select(self, columns: list[str]) -> pl.DataFrame:
        """Reads some columns."""
        with self.path.open("rb") as stream:
            return pl.read_ipc(stream, columns=columns)

    def load(self) -> pl.DataFrame:
        """Reads the rows; they are gone if they are temporary."""
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
        new_ids: which rows have another id than is held, and their ids; a group that is the id changes too.
    """

    rows: pl.DataFrame | StoredRows
    start: int
    new_ids: tuple[pl.Series, pl.Series] | None = None

    @property
    def height(self) -> int:
        """The number of rows."""
        return self.rows.height

    def select(self, columns: list[str]) -> pl.DataFrame:
        """Returns some columns; the rows stay here."""
        return self._with_new_ids(self.rows.select(columns))

    def take(self) -> pl.DataFrame:
        """Returns the rows, which are no longer held here; to be called once."""
        rows, self.rows = self.rows, pl.DataFrame()
        return self._with_new_ids(rows.load() if isinstance(rows, StoredRows) else rows)

    def _with_new_ids(self, rows: pl.DataFrame) -> pl.DataFrame:
        if self.new_ids is None or "id" not in rows.columns:
            return rows
        renamed = rows.with_columns(rows["id"].scatter(*self.new_ids))
        if "group" not in rows.columns:
            return renamed
        is_own_group = rows["group"] == rows["id"]
        return renamed.with_columns(group=pl.when(is_own_group).then("id").otherwise("group"))


class Spool:
    """Batches in the order in which they were put in; beyond `MEMORY_BYTES` they are files in `folder`."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._batches: list[SpooledBatch] = []
        self._n_rows = 0
        self._bytes = 0
        self._n_files = 0
        folder.mkdir()

    def put(self, rows: pl.DataFrame | StoredRows) -> None:
        """Appends a batch. Stored rows stay where they are until they are taken."""
        height = rows.height
        self._batches.append(SpooledBatch(self._stored(rows), self._n_rows))
        self._n_rows += height

    def put_back(self, batch: SpooledBatch, rows: pl.DataFrame) -> None:
        """Gives a batch that was taken other rows: as many, in the same order."""
        batch.rows = self._stored(rows)

    def _stored(self, rows: pl.DataFrame | StoredRows) -> pl.DataFrame | StoredRows:
        if isinstance(rows, StoredRows):
            return rows
        self._bytes += int(rows.estimated_size())
        if self._bytes <= MEMORY_BYTES:
            return rows
        path = self._folder / f"{self._n_files:06d}.arrow"
        self._n_files += 1
        rows.write_ipc(path, compression="uncompressed")
        return StoredRows(path, rows.height, is_temporary=True)

    def read(self, rows: pl.Series, columns: list[str]) -> Iterator[pl.DataFrame]:
        """Yields some columns of rows, and `row`, batch by batch; `rows` are their numbers, in order."""
        for batch in self:
            start, end = (int(rows.search_sorted(edge)) for edge in (batch.start, batch.start + batch.height))
            if start < end:
                wanted = rows[start:end]
                yield batch.select(columns)[wanted - batch.start].with_columns(row=wanted)

    def __iter__(self) -> Iterator[SpooledBatch]:
        """The batches in order."""
        return iter(self._batches)

    def remove(self) -> None:
        """Removes the folder, once every batch was taken."""
        self._folder.rmdir()

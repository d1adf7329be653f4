"""Writes one Parquet file of rows: complete or absent, and hashed while it is written."""

from __future__ import annotations

import hashlib
import io
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from etl.dataset.manifest import FileEntry
from etl.schema import row


def partial_path(path: Path) -> Path:
    """Returns a hidden path beside a file at which to make it; `etl.runtime.scratch` removes leftovers.

    There is no lock as of `scratch_path`: a folder may hold thousands of shards, and a node of a cluster
    that was given up may still be writing the same one.
    """
    return path.with_name(f".{path.name}.partial-{secrets.token_hex(4)}")


def write_file(path: Path, rows: Iterable[pa.Table], row_group_rows: int) -> FileEntry:
    """Writes a file of rows, at least one.

    Args:
        path, row_group_rows: see `ShardFile`.
        rows: in order, of the same types.

    Raises:
        OSError: the file cannot be written; then it is absent.
    """
    file = ShardFile(path, row_group_rows)
    try:
        for table in rows:
            file.append(table)
        return file.finish()
    except BaseException:
        file.abandon()
        raise


class ShardFile:
    """A file of rows; it has its name once it is finished, until then it is a hidden file beside it.

    The bytes depend on the rows only, not on how they come.

    Args:
        path: the file; its folder is there.
        row_group_rows: rows of a row group.

    Raises:
        OSError: from all methods: the file cannot be written.
    """

    def __init__(self, path: Path, row_group_rows: int):
        self._path = path
        self._row_group_rows = row_group_rows
        self._temporary = partial_path(path)
        self._sink = _HashedFile(self._temporary)
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[pa.Table] = []
        self._n_waiting = 0
        self.n_rows = 0

    def append(self, rows: pa.Table) -> None:
        """Takes rows, and writes whole row groups of those that wait. Types must stay the same."""
        self._waiting.append(rows)
        self._n_waiting += rows.num_rows
        self.n_rows += rows.num_rows
        while self._n_waiting >= self._row_group_rows:
            self._write_group(self._row_group_rows)

    def finish(self) -> FileEntry:
        """Writes what waits, and gives the file its name. At least one row must have been appended."""
        if self._n_waiting:
            self._write_group(self._n_waiting)
        assert self._writer is not None
        self._writer.close()
        self._sink.close()
        self._temporary.replace(self._path)
        return FileEntry(self._sink.sha256.hexdigest(), self._sink.n_bytes, self.n_rows)

    def abandon(self) -> None:
        """Removes the file, unless it is finished; further errors of the disk are ignored."""
        with suppress(OSError):
            if self._writer is not None:
                self._writer.close()
        with suppress(OSError):
            self._sink.close()
        with suppress(OSError):
            self._temporary.unlink()

    def _write_group(self, size: int) -> None:
        waiting = pa.concat_tables(self._waiting)
        # Pages end where chunks end, which is where batches ended.
        group = waiting.slice(0, size).combine_chunks()
        self._waiting = [waiting.slice(size)]
        self._n_waiting -= size
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self._sink,
                group.schema,
                compression="zstd",
                use_dictionary=row.dictionary_columns(),
                column_encoding=dict.fromkeys(row.integer_columns(), "DELTA_BINARY_PACKED"),
                write_statistics=row.statistics_columns(),
                store_schema=False,
            )
        self._writer.write_table(group, row_group_size=size)


class _HashedFile(io.RawIOBase):
    """A new file, with the sha256 of what was written to it."""

    def __init__(self, path: Path):
        self._file = path.open("xb")
        self.sha256 = hashlib.sha256()
        self.n_bytes = 0

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self.sha256.update(content)
        self.n_bytes += len(content)
        return self._file.write(content)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._file.close()

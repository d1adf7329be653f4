"""Deals rows out by a hash, so that those which may belong together fit into memory together.

Two ways: a few columns are read again for each partition, which is cheap for numbers; rows with their texts
are dealt out to a file for each partition, once.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa

# Of memory, what one partition may take; the rest is the interpreter, its libraries and what runs beside.
_SHARE = 1 / 8
# Of a row of a partition, while it is grouped: hash, number, and the table that finds equal ones.
_ROW_BYTES = 100
_PART = "_part"


def count_partitions(n_rows: int, memory: int, row_bytes: int = _ROW_BYTES) -> int:
    """Returns into how many partitions rows are to be dealt, 1 at least, that each may be grouped in memory.

    Args:
        n_rows: how many rows there are.
        memory: bytes that the whole run may use.
        row_bytes: of a row, while its partition is grouped.
    """
    return 1 + int(n_rows * row_bytes / (memory * _SHARE))


def read_partitions(rows: Path, key: str, columns: list[str], n_partitions: int) -> Iterator[pl.DataFrame]:
    """Yields the rows of an Arrow file by the hash that they have; rows of one hash come together.

    Args:
        rows: the file.
        key: the column of the hashes, UInt64; rows with a null are left out.
        columns: what to read beside it.
        n_partitions: number of frames; each reads the columns again.
    """
    for number in range(n_partitions):
        is_wanted = pl.col(key).is_not_null()
        if n_partitions > 1:
            is_wanted &= pl.col(key) % n_partitions == number
        scanned = pl.scan_ipc(rows, glob=False).select(key, *columns)
        yield scanned.filter(is_wanted).collect(engine="streaming")


def deal(rows: pl.DataFrame, part: pl.Expr, folder: Path) -> None:
    """Appends rows to the files of their parts.

    Args:
        rows: of any columns, always the same.
        part: the number of a row's part, which is the name of its file.
        folder: where the files are.

    Raises:
        OSError: a file cannot be written.
    """
    parts = rows.with_columns(part.alias(_PART)).partition_by(_PART, as_dict=True, include_key=False)
    for (number,), of_part in parts.items():
        with (folder / f"{number}").open("ab") as stream:
            of_part.write_ipc_stream(stream, compression="lz4")


def read_dealt(folder: Path, part: int) -> pl.DataFrame | None:
    """Returns the rows that were dealt to a part; None where there are none.

    Raises:
        OSError: they cannot be read.
    """
    path, frames = folder / f"{part}", []
    if not path.exists():
        return None
    with path.open("rb") as stream:
        while stream.peek(1):
            frames.append(pl.from_arrow(pa.ipc.open_stream(stream).read_all()))
    return pl.concat(frame for frame in frames if isinstance(frame, pl.DataFrame))

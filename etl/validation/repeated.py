"""Finds values that repeat among more rows than fit into memory: partition by partition of their hashes.

The rows stand in an Arrow file, of which each partition reads one column again: cheaper than dealing all rows
out to files, as long as there are tens of partitions and not thousands.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

# Of memory, what one partition may take; the rest is the interpreter, its libraries and what runs beside.
_SHARE = 1 / 8
# Of a row of a partition, while it is grouped: hash, number, and the table that finds equal ones.
_ROW_BYTES = 100


def count_partitions(n_rows: int, memory: int) -> int:
    """Returns into how many partitions rows are to be dealt, 1 at least, that each may be grouped in memory.

    Args:
        n_rows: how many rows there are.
        memory: bytes that the whole run may use.
    """
    return 1 + int(n_rows * _ROW_BYTES / (memory * _SHARE))


def partitions(rows: Path, key: str, columns: list[str], n_partitions: int) -> Iterator[pl.DataFrame]:
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

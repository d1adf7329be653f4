"""Deals rows out into partitions on disk, so that equal keys meet without the corpus being in memory.

Whoever has rows, such as the records of a batch, writes them into one file, a part for each partition.
Whoever needs all rows of a partition reads that part of every file. A row belongs to the partition that the
top bits of its `key_high` name, so a file may be read with another number of partitions than it was written
with: powers of two divide each other.

    part, part, …      Arrow IPC streams: one for each partition, or one of a frame that is not dealt out
    index              where each part stands, and its XXH3
    tail               the length and the XXH3 of the index, and a mark

A file is complete or absent. A part that is not what was written is an error, never another result.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec
import numpy as np
import polars as pl

from etl.errors import EtlError, WriteError
from etl.runtime.files import xxh3_bytes
from etl.runtime.scratch import scratch_path

if TYPE_CHECKING:
    from polars._typing import IpcCompression

KEY = ("key_high", "key_low")
_MARK = b"ETLPART1"
_TAIL = struct.Struct("<Q32s8s")
_KEY_BITS = 64


class Part(msgspec.Struct, frozen=True, array_like=True):
    """Where a part stands in its file; one without rows has no bytes."""

    offset: int
    length: int
    rows: int
    xxh3: str


class Index(msgspec.Struct, frozen=True):
    """The parts of a file.

    Attributes:
        kinds: by kind of rows a part for each partition, a power of two; or one part.
        empty: by kind an Arrow IPC stream without rows, which has the columns.
        facts: what else the writer says.
    """

    kinds: dict[str, list[Part]]
    empty: dict[str, bytes]
    facts: dict[str, str | int | bool]


class DamagedExchangeError(EtlError):
    """A file that was written in this run is gone, or is not what was written."""

    exit_code = WriteError.exit_code


def write_parts(
    path: Path,
    kinds: Mapping[str, pl.DataFrame],
    n_partitions: int,
    *,
    whole: Mapping[str, pl.DataFrame] | None = None,
    compression: IpcCompression = "uncompressed",
    facts: Mapping[str, str | int | bool] | None = None,
) -> None:
    """Writes frames into one file.

    Args:
        path: the file; it is complete or absent.
        kinds: frames with `key_high`, which are dealt out into partitions, by the name of the kind.
        n_partitions: a power of two.
        whole: frames that are one part each.
        compression: of all frames.
        facts: what else a reader wants to know.

    Raises:
        OSError: the file cannot be written.
    """
    index = Index({}, {}, dict(facts or {}))
    with scratch_path(path) as temporary:
        with temporary.open("wb") as stream:
            for kind, frame in kinds.items():
                _write(stream, index, kind, _deal_out(frame, n_partitions), compression)
            for kind, frame in (whole or {}).items():
                _write(stream, index, kind, [frame], compression)
            encoded = msgspec.msgpack.encode(index)
            stream.write(encoded)
            stream.write(_TAIL.pack(len(encoded), xxh3_bytes(encoded).encode(), _MARK))
        temporary.replace(path)


def read_index(path: Path) -> Index:
    """Reads where the parts of a file stand.

    Raises:
        DamagedExchangeError: it is gone or damaged.
    """
    try:
        with path.open("rb") as stream:
            end = stream.seek(-_TAIL.size, io.SEEK_END)
            length, xxh3, mark = _TAIL.unpack(stream.read(_TAIL.size))
            if mark != _MARK or length > end:
                raise damaged(path)
            stream.seek(end - length)
            encoded = stream.read(length)
        if xxh3_bytes(encoded).encode() != xxh3:
            raise damaged(path)
        return msgspec.msgpack.decode(encoded, type=Index)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise damaged(path) from error


def read_whole(path: Path, kind: str, columns: list[str] | None = None) -> pl.DataFrame:
    """Reads a frame that was not dealt out.

    Args:
        path: a file of `write_parts`.
        kind: which one.
        columns: which columns; None: all.

    Raises:
        DamagedExchangeError: the file is gone or damaged.
    """
    return read_partition(path, kind, 0, 1, columns)


def read_partition(
    path: Path, kind: str, partition: int, n_partitions: int, columns: list[str] | None = None
) -> pl.DataFrame:
    """Reads the rows of a partition.

    Args:
        path: a file of `write_parts`.
        kind: which rows.
        partition: from 0.
        n_partitions: a power of two; it may differ from that of the file.
        columns: which columns; None: all.

    Raises:
        DamagedExchangeError: the file is gone or damaged.
    """
    index = read_index(path)
    n_parts = len(index.kinds[kind])
    first, count = partition * n_parts // n_partitions, max(1, n_parts // n_partitions)
    parts = index.kinds[kind][first : first + count]
    is_filtered = n_partitions > n_parts
    wanted = [*columns, KEY[0]] if columns and is_filtered and KEY[0] not in columns else columns
    frames = list(_read(path, parts, wanted)) or [_decoded(index.empty[kind], wanted)]
    frame = frames[0] if len(frames) == 1 else pl.concat(frames)
    if is_filtered:
        frame = frame.filter(partition_of(pl.col(KEY[0]), n_partitions) == partition)
    return frame.select(columns) if columns else frame


def partition_of(key_high: pl.Expr, n_partitions: int) -> pl.Expr:
    """Returns the expression of the partition of a key."""
    return key_high // (1 << (_KEY_BITS - n_partitions.bit_length() + 1)) if n_partitions > 1 else pl.lit(0)


def count_partitions(n_bytes: int, memory: int) -> int:
    """Returns how many partitions make one so small that working on it takes at most `memory` bytes.

    Args:
        n_bytes: what working on all of them at once would take.
        memory: of one.
    """
    return 1 << max(0, -(-n_bytes // memory) - 1).bit_length()


def _write(
    stream: BinaryIO, index: Index, kind: str, frames: Iterable[pl.DataFrame], compression: IpcCompression
) -> None:
    parts = []
    for rows in frames:
        if kind not in index.empty:
            index.empty[kind] = _encoded(rows.clear(), "uncompressed")
        content = _encoded(rows, compression) if rows.height else b""
        xxh3 = xxh3_bytes(content) if content else ""
        parts.append(Part(stream.tell(), len(content), rows.height, xxh3))
        stream.write(content)
    index.kinds[kind] = parts


def _deal_out(frame: pl.DataFrame, n_partitions: int) -> Iterator[pl.DataFrame]:
    """Yields the rows of each partition, in their order."""
    if n_partitions == 1:
        yield frame
        return
    numbers = frame.select(partition_of(pl.col(KEY[0]), n_partitions).cast(pl.UInt16)).to_series().to_numpy()
    ordered, start = frame[np.argsort(numbers, kind="stable")], 0
    for size in np.bincount(numbers, minlength=n_partitions).tolist():
        yield ordered.slice(start, size)
        start += size


def _encoded(rows: pl.DataFrame, compression: IpcCompression) -> bytes:
    content = io.BytesIO()
    # Strings with offsets, not views, which would drag the buffers of the whole batch along.
    rows.write_ipc_stream(content, compression=compression, compat_level=pl.CompatLevel.oldest())
    return content.getvalue()


def _decoded(content: bytes, columns: list[str] | None) -> pl.DataFrame:
    return pl.read_ipc_stream(io.BytesIO(content), columns=columns)


def _read(path: Path, parts: Iterable[Part], columns: list[str] | None) -> Iterator[pl.DataFrame]:
    try:
        with path.open("rb") as stream:
            for part in parts:
                if part.rows:
                    stream.seek(part.offset)
                    content = stream.read(part.length)
                    if xxh3_bytes(content) != part.xxh3:
                        raise damaged(path)
                    yield _decoded(content, columns)
    except OSError as error:
        raise damaged(path) from error


def damaged(path: Path) -> DamagedExchangeError:
    """Returns the error for a file that is gone or damaged."""
    return DamagedExchangeError(
        f"{path} is gone, or is not what was written",
        cause="Something else wrote there, the disk is failing, or the file was removed while it was used.",
        next_step="run the command again, without `--resume`.",
    )

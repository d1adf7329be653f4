"""Deals rows out into partitions on disk, so that equal keys meet without the corpus being in memory.

Whoever has rows, such as the records of a batch, writes them into one file, a part for each partition.
Whoever needs all rows of a partition reads that part of every file. A row belongs to the partition that the
top bits of its `key_high` name, so a file may be read with another number of partitions than it was written
with: powers of two divide each other.

    part, part, …      Arrow IPC streams: one for each partition, or one of a frame that is not dealt out
    index              where each part stands, and its XXH3; a slot of fixed width for each
    tail               the length and the XXH3 of the index, and a mark

Both the files and the parts of each grow with a corpus, so what is read grows with their product. That is why
no slot is decoded but those that are read.

A file is complete or absent. A part that is not what was written is an error, never another result.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import msgspec
import numpy as np
import polars as pl
import xxhash

from etl.errors import EtlError, WriteError
from etl.language.message import tr
from etl.runtime.scratch import scratch_path

if TYPE_CHECKING:
    from polars._typing import IpcCompression

KEY = ("key_high", "key_low")
_MARK = b"ETLPART2"
_SLOT = struct.Struct("<QQQ16s")
_TAIL = struct.Struct("<Q16s8s")
_KEY_BITS = 64


class Part(NamedTuple):
    """Where a part stands in its file; one without rows has no bytes."""

    offset: int
    length: int
    rows: int
    xxh3: bytes


class Kind(msgspec.Struct, frozen=True, array_like=True):
    """Rows of one kind.

    Attributes:
        empty: an Arrow IPC stream without rows, which has the columns.
        slots: a part for each partition, a power of two, or one part; each packed as `_SLOT`.
    """

    empty: bytes
    slots: bytes

    @property
    def n_parts(self) -> int:
        """The number of parts."""
        return len(self.slots) // _SLOT.size

    def parts(self, first: int, count: int) -> Iterator[Part]:
        """Yields some neighbouring parts that have rows."""
        for number in range(first, first + count):
            part = Part(*_SLOT.unpack_from(self.slots, number * _SLOT.size))
            if part.rows:
                yield part


class Index(msgspec.Struct, frozen=True):
    """The parts of a file, by kind of rows; and what else the writer says."""

    kinds: dict[str, Kind]
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
    with scratch_path(path) as temporary:
        with temporary.open("wb") as stream:
            written = {
                kind: _write(stream, _deal_out(frame, n_partitions), compression)
                for kind, frame in kinds.items()
            }
            written |= {kind: _write(stream, [frame], compression) for kind, frame in (whole or {}).items()}
            encoded = msgspec.msgpack.encode(Index(written, dict(facts or {})))
            stream.write(encoded)
            stream.write(_TAIL.pack(len(encoded), _hash(encoded), _MARK))
        temporary.replace(path)


def read_index(path: Path) -> Index:
    """Reads where the parts of a file stand.

    Raises:
        DamagedExchangeError: it is gone or damaged.
    """
    with _opened(path) as stream:
        return _read_index(path, stream)


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
    with _opened(path) as stream:
        found = _read_index(path, stream).kinds[kind]
        n_parts = found.n_parts
        is_filtered = n_partitions > n_parts
        wanted = [*columns, KEY[0]] if columns and is_filtered and KEY[0] not in columns else columns
        first, count = partition * n_parts // n_partitions, max(1, n_parts // n_partitions)
        contents = [_read_part(path, stream, part) for part in found.parts(first, count)]
    frames = [_decoded(content, wanted) for content in contents or [found.empty]]
    frame = frames[0] if len(frames) == 1 else pl.concat(frames)
    if is_filtered:
        frame = frame.filter(partition_of(pl.col(KEY[0]), n_partitions) == partition)
    return frame.select(columns) if columns and columns != frame.columns else frame


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


def _write(stream: BinaryIO, frames: Iterable[pl.DataFrame], compression: IpcCompression) -> Kind:
    empty, slots = b"", bytearray()
    for rows in frames:
        empty = empty or _encode_empty(rows)
        part = _Hashed(stream)
        if rows.height:
            _encode(rows, part, compression)
        slots += _SLOT.pack(stream.tell() - part.n_bytes, part.n_bytes, rows.height, part.xxh3.digest())
    return Kind(empty, bytes(slots))


class _Hashed:
    """Passes on what is written, and hashes it: in memory it would be copied twice before."""

    def __init__(self, stream: BinaryIO):
        self._stream = stream
        self.xxh3 = xxhash.xxh3_128()
        self.n_bytes = 0

    def write(self, content: bytes) -> int:
        self.xxh3.update(content)
        self.n_bytes += len(content)
        return self._stream.write(content)

    def flush(self) -> None:
        """Does nothing: the stream is flushed when it is closed."""


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


def _encode(rows: pl.DataFrame, stream: Any, compression: IpcCompression) -> None:
    # Strings with offsets, not views, which would drag the buffers of the whole batch along.
    rows.write_ipc_stream(stream, compression=compression, compat_level=pl.CompatLevel.oldest())


def _encode_empty(rows: pl.DataFrame) -> bytes:
    content = io.BytesIO()
    _encode(rows.clear(), content, "uncompressed")
    return content.getvalue()


def _decoded(content: bytes, columns: list[str] | None) -> pl.DataFrame:
    return pl.read_ipc_stream(io.BytesIO(content), columns=columns)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as stream:
            yield stream
    except (OSError, msgspec.DecodeError, struct.error) as error:
        raise damaged(path) from error


def _read_index(path: Path, stream: BinaryIO) -> Index:
    end = stream.seek(-_TAIL.size, io.SEEK_END)
    length, xxh3, mark = _TAIL.unpack(stream.read(_TAIL.size))
    if mark != _MARK or length > end:
        raise damaged(path)
    stream.seek(end - length)
    encoded = stream.read(length)
    if _hash(encoded) != xxh3:
        raise damaged(path)
    return msgspec.msgpack.decode(encoded, type=Index)


def _read_part(path: Path, stream: BinaryIO, part: Part) -> bytes:
    stream.seek(part.offset)
    content = stream.read(part.length)
    if _hash(content) != part.xxh3:
        raise damaged(path)
    return content


def _hash(content: bytes) -> bytes:
    return xxhash.xxh3_128_digest(content)


def damaged(path: Path) -> DamagedExchangeError:
    """Returns the error for a file that is gone or damaged."""
    return DamagedExchangeError(
        tr("{path} is gone, or is not what was written", path=path),
        cause=tr(
            "Something else wrote there, the disk is failing, or the file was removed while it was used."
        ),
        next_step=tr("run the command again, without `--resume`."),
    )

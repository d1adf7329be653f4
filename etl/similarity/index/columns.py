"""Files of columns that are mapped into memory, with a checksum of each block, verified when it is read.

A join with an index of many million texts reads little of it. A checksum of whole files would cost more than
the join, so each block of a column has its own.

    the columns, one after another    little-endian, each from a multiple of 64 bytes on
    the description                   JSON: `_Description`
    its length and its XXH3           8 bytes each
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np
import xxhash

from etl.errors import EtlError, InputError
from etl.language.message import tr
from etl.runtime.failures import write_error
from etl.runtime.scratch import scratch_path

BLOCK_BYTES = 1 << 18
_ALIGNMENT = 64
_END = struct.Struct("<QQ")


class DamagedError(EtlError):
    """A file of an index is missing or damaged."""

    exit_code = InputError.exit_code

    @classmethod
    def at(cls, path: Path, why: object) -> DamagedError:
        """Returns the error for a file."""
        return cls(
            tr("{path} is damaged", path=path),
            details=[why],
            cause=tr("Something else has changed the index of near-duplicates, or the disk has."),
            next_step=tr("run the command again: the index is made anew."),
        )


class _Column(msgspec.Struct, frozen=True):
    dtype: str
    offset: int
    count: int
    sums: list[int]


class _Description(msgspec.Struct, frozen=True):
    columns: dict[str, _Column]


def write_columns(path: Path, columns: Mapping[str, np.ndarray]) -> str:
    """Writes a file complete or not at all.

    Args:
        path: the file. Its folder is there.
        columns: arrays of one dimension, by name.

    Returns:
        The checksum by which `Columns` knows the file again.

    Raises:
        WriteError: it cannot be written.
    """
    described: dict[str, _Column] = {}
    try:
        with scratch_path(path) as temporary:
            with temporary.open("wb") as stream:
                for name, values in columns.items():
                    stream.write(b"\0" * (-stream.tell() % _ALIGNMENT))
                    content = np.ascontiguousarray(values).view(np.uint8).data
                    described[name] = _Column(values.dtype.str, stream.tell(), len(values), _sums(content))
                    stream.write(content)
                description = msgspec.json.encode(_Description(described))
                stream.write(description)
                checksum = xxhash.xxh3_64_intdigest(description)
                stream.write(_END.pack(len(description), checksum))
            temporary.replace(path)
    except OSError as error:
        raise write_error(path, error) from error
    return f"{checksum:016x}"


class Columns:
    """The columns of a file, for reading.

    Args:
        path: a file of `write_columns`.
        checksum: what that has returned.

    Raises:
        DamagedError: it is missing, damaged as far as its description goes, or another file.
    """

    def __init__(self, path: Path, checksum: str) -> None:
        self.path = path
        try:
            self._bytes = np.memmap(path, np.uint8, "r")
            self._columns = _read_description(self._bytes.data, int(checksum, 16)).columns
        except (OSError, ValueError, struct.error, msgspec.DecodeError) as error:
            raise DamagedError.at(path, error) from error
        self._verified: set[tuple[str, int]] = set()

    def count(self, name: str) -> int:
        """Returns how many values a column has."""
        return self._columns[name].count

    def mapped(self, name: str) -> np.ndarray:
        """Returns a column without verifying it; see `verify`."""
        column = self._columns[name]
        dtype = np.dtype(column.dtype)
        return self._bytes[column.offset : column.offset + column.count * dtype.itemsize].view(dtype)

    def read(self, name: str, begin: int = 0, end: int | None = None) -> np.ndarray:
        """Returns a part of a column, verified.

        Raises:
            DamagedError: a block is damaged.
        """
        column = self._columns[name]
        end = column.count if end is None else end
        width = np.dtype(column.dtype).itemsize
        if end > begin:
            self._verify(name, range(begin * width // BLOCK_BYTES, (end * width - 1) // BLOCK_BYTES + 1))
        return self.mapped(name)[begin:end]

    def pick(self, name: str, places: np.ndarray) -> np.ndarray:
        """Returns single values of a column, verified.

        Args:
            name: a column.
            places: where the values stand, (n,).

        Raises:
            DamagedError: a block is damaged.
        """
        self.verify(name, places, places + 1)
        values: np.ndarray = self.mapped(name)[places]
        return values

    def verify(self, name: str, begins: np.ndarray, ends: np.ndarray) -> None:
        """Verifies ranges of values.

        Args:
            name: a column.
            begins, ends: where each range begins and ends, (n,), neither of them empty.

        Raises:
            DamagedError: a block is damaged.
        """
        width = np.dtype(self._columns[name].dtype).itemsize
        first, last = begins * width // BLOCK_BYTES, (ends * width - 1) // BLOCK_BYTES
        touched = np.zeros(len(self._columns[name].sums) + 1, np.int64)
        np.add.at(touched, first, 1)
        np.add.at(touched, last + 1, -1)
        self._verify(name, np.flatnonzero(touched.cumsum() > 0).tolist())

    def _verify(self, name: str, blocks: range | list[int]) -> None:
        column = self._columns[name]
        end = column.offset + column.count * np.dtype(column.dtype).itemsize
        for block in blocks:
            if (name, block) not in self._verified:
                start = column.offset + block * BLOCK_BYTES
                content = self._bytes[start : min(start + BLOCK_BYTES, end)].data
                if xxhash.xxh3_64_intdigest(content) != column.sums[block]:
                    raise DamagedError.at(
                        self.path, tr("block {block} of {name} has another checksum", block=block, name=name)
                    )
                self._verified.add((name, block))


def _sums(content: memoryview) -> list[int]:
    starts = range(0, len(content), BLOCK_BYTES)
    return [xxhash.xxh3_64_intdigest(content[start : start + BLOCK_BYTES]) for start in starts]


def _read_description(content: memoryview, checksum: int) -> _Description:
    end = len(content) - _END.size
    length, written = _END.unpack(content[end:] if end >= 0 else b"")
    if length > end or not checksum == written == xxhash.xxh3_64_intdigest(content[end - length : end]):
        raise ValueError(tr("it is cut off, changed, or another file"))
    described = content[end - length : end]
    return msgspec.json.decode(described, type=_Description)

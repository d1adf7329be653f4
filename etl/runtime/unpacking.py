"""Refuses what would be far larger once unpacked than any corpus or document is, before it is unpacked.

`etl.settings.Limits` says how large that may be. All that read a zip, a tar or a gzip come here first.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable
from typing import IO
from zipfile import ZipInfo

from etl.errors import InputError
from etl.language.message import joined, tr
from etl.settings import Limits

_MB = 1 << 20
_BUFFER_BYTES = 1 << 17


def check_count(name: str, members: int, limits: Limits) -> None:
    """Checks how many members an archive has.

    Args:
        name: of the archive.
        members: how many it has, as far as that is known.
        limits: how many it may have.

    Raises:
        InputError: there are more.
    """
    if members > limits.members:
        found = tr("expected at most {most:,} members, got {got:,}", most=limits.members, got=members)
        raise too_large(name, found, _raise_limit("members"))


def check_member(
    name: str, member: str, packed: int, inflated: int, limits: Limits, next_step: str = ""
) -> None:
    """Checks how many bytes a member, or a file that is compressed, says that it inflates to.

    Args:
        name: of the archive.
        member: its name there; empty for a file that is compressed on its own.
        packed: its bytes in the archive.
        inflated: its bytes once unpacked.
        limits: how many these may be, and how many times as many.
        next_step: see `too_large`; by default that of a raw file.

    Raises:
        InputError: there are more.
    """
    most = limits.member_mb * _MB
    if inflated > most:
        found = tr(
            "expected at most {most:,} bytes, got {got:,} from {packed:,}",
            most=most,
            got=inflated,
            packed=packed,
        )
        raise too_large(name, _of(member, found), next_step or _raise_limit("member_mb"))
    check_ratio(name, member, packed, inflated, limits, next_step)


def check_ratio(
    name: str, member: str, packed: int, inflated: int, limits: Limits, next_step: str = ""
) -> None:
    """Checks how many times as many bytes something inflates to; see `check_member`."""
    if inflated > limits.ratio_from_mb * _MB and inflated > limits.ratio * max(packed, 1):
        found = tr(
            "{packed:,} bytes inflate to {inflated:,}, more than {ratio:,} times as many",
            packed=packed,
            inflated=inflated,
            ratio=limits.ratio,
        )
        raise too_large(name, _of(member, found), next_step or _raise_limit("ratio"))


def check_package(name: str, parts: Iterable[ZipInfo], limits: Limits, next_step: str = "") -> None:
    """Checks how many bytes the parts of a workbook or a document inflate to, all together.

    Args:
        name: of the file.
        parts: those that count.
        limits: how many bytes these may be.
        next_step: see `too_large`; by default that of a raw file.

    Raises:
        InputError: there are more.
    """
    inflated, most = sum(part.file_size for part in parts), limits.package_mb * _MB
    if inflated > most:
        found = tr("expected at most {most:,} bytes in all, got {got:,}", most=most, got=inflated)
        raise too_large(name, found, next_step or _raise_limit("package_mb"))


def too_large(name: str, found: str, next_step: str) -> InputError:
    """Returns the error for a file that holds more than any corpus or document does.

    Args:
        name: of the file.
        found: which limit is passed, and by what.
        next_step: for a user who trusts the file all the same.
    """
    return InputError(
        tr("{name} would be far too large once unpacked", name=name),
        details=[found],
        cause=tr("No corpus and no document is packed like this; it may be a zip bomb."),
        next_step=next_step,
    )


def _of(member: str, found: str) -> str:
    return joined(": ", (member, found)) if member else found


def _raise_limit(key: str) -> str:
    return tr(
        "raise `limits.{key}` in etl.yaml if you trust it, or go on without it: `--on-bad-file skip`.",
        key=key,
    )


def open_gzip(stream: IO[bytes], name: str, packed: int, limits: Limits) -> IO[bytes]:
    """Returns the stream of what a gzip file holds; reading beyond the limits raises an `InputError`.

    Args:
        stream: of the file, which is closed with it.
        name: of the file, for errors.
        packed: its bytes.
        limits: see `check_member`.
    """
    return io.BufferedReader(_BoundedStream(stream, name, packed, limits), _BUFFER_BYTES)


class _BoundedStream(io.RawIOBase):
    """What a gzip file holds, of which nothing says beforehand how large it is; see `open_gzip`."""

    def __init__(self, stream: IO[bytes], name: str, packed: int, limits: Limits):
        super().__init__()
        self._packed_stream = stream
        self._stream = gzip.GzipFile(fileobj=stream, mode="rb")
        self._name, self._packed, self._limits = name, packed, limits

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always; going back inflates it again from its start."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves to `offset`; see `io.IOBase.seek`."""
        return self._stream.seek(offset, whence)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fills `buffer`; returns the number of bytes, 0 at the end."""
        content = self._stream.read(len(buffer))
        buffer[: len(content)] = content
        check_member(self._name, "", self._packed, self._stream.tell(), self._limits)
        return len(content)

    def close(self) -> None:
        """Closes the file as well."""
        self._stream.close()
        self._packed_stream.close()
        super().close()

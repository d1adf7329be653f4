"""Joins the parts of a split archive, and reads them as one stream."""

from __future__ import annotations

import io
import re
from itertools import accumulate, count
from typing import IO

from etl.errors import InputError
from etl.ingestion.sources.entry import Entry, Open
from etl.language.message import tr

PART = re.compile(r"^(?P<whole>.+\.(?:zip|tar))\.part(?P<number>\d+)$", re.IGNORECASE)


class JoinedParts(io.RawIOBase):
    """Several streams as one seekable stream, so that `x.zip.part0`, `.part1`, … read as `x.zip`."""

    def __init__(self, streams: list[IO[bytes]]):
        super().__init__()
        self._streams = streams
        self._ends = []
        end = 0
        for stream in streams:
            end += stream.seek(0, io.SEEK_END)
            self._ends.append(end)
        self._position = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves to `offset`, counted from the start, from here or from the end."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._ends[-1]}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fills `buffer` from the part at the current position; returns the number of bytes, 0 at the end."""
        start = 0
        for stream, end in zip(self._streams, self._ends, strict=True):
            if self._position < end:
                stream.seek(self._position - start)
                chunk = stream.read(min(len(buffer), end - self._position))
                buffer[: len(chunk)] = chunk
                self._position += len(chunk)
                return len(chunk)
            start = end
        return 0

    def close(self) -> None:
        """Closes every part."""
        for stream in self._streams:
            stream.close()
        super().close()


def join_parts(entries: list[Entry]) -> list[Entry]:
    """Returns the entries, sorted, with split parts joined, in numeric order (part2 before part10)."""
    joined: list[Entry] = []
    parts: dict[str, list[tuple[int, Entry]]] = {}
    for entry in entries:
        match = PART.match(entry.member or entry.file)
        if match:
            parts.setdefault(match["whole"], []).append((int(match["number"]), entry))
        else:
            joined.append(entry)
    for whole, numbered in sorted(parts.items()):
        ordered = [entry for _, entry in sorted(numbered, key=lambda pair: pair[0])]
        first = ordered[0]
        missing = _missing_number(sorted(number for number, _ in numbered), [each.size for each in ordered])
        size = sum(entry.size for entry in ordered)
        opener = _join(ordered) if missing is None else _missing_part(whole, missing)
        disk = tuple(dict.fromkeys(found for entry in ordered for found in entry.disk))
        file, member = (first.file, whole) if first.member else (whole, "")
        joined.append(Entry(file, member, size, opener, disk))
    return sorted(joined, key=lambda entry: (entry.file, entry.member))


def _missing_number(numbers: list[int], sizes: list[int]) -> int | None:
    """The first part that is not there. Parts count from 0 or 1, or bear the offset at which they begin."""
    if numbers == [0, *accumulate(sizes[:-1])]:
        return None
    counted = count(min(numbers[0], 1))
    return next((number for number, got in zip(counted, numbers, strict=False) if number != got), None)


def _missing_part(whole: str, missing: int) -> Open:
    def opener() -> IO[bytes]:
        raise InputError(
            tr("{whole} is not complete", whole=whole),
            details=[tr("expected all parts, missing .part{missing}", missing=missing)],
            cause=tr("The download was cut off."),
            next_step=tr("download the missing part, or run with `--on-bad-file skip` to go on without it."),
        )

    return opener


def _join(parts: list[Entry]) -> Open:
    return lambda: io.BufferedReader(JoinedParts([part.open() for part in parts]), 1 << 20)

"""Reads the parts of a split archive as one stream; `etl.ingestion.sources.archive` finds them."""

from __future__ import annotations

import io
from typing import IO


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

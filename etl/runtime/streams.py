"""Standard output and standard error that may be full or gone, without costing what a command does."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

_STANDARD = (0, 1, 2)


class Output:
    """A text stream that goes on as if nothing were wrong when it cannot be written, and remembers the error.

    Args:
        stream: standard output or standard error.
    """

    def __init__(self, stream: TextIO):
        self._stream = stream
        self.error: OSError | None = None

    @property
    def is_lost(self) -> bool:
        """Whether something was not written that somebody waits for: a reader who has left does not."""
        return self.error is not None and not isinstance(self.error, BrokenPipeError)

    def write(self, text: str) -> int:
        """Writes a text, or nothing where an earlier one could not be written."""
        if self.error is None:
            try:
                self._stream.write(text)
            except OSError as error:
                self._give_up(error)
        return len(text)

    def flush(self) -> None:
        """Writes what is buffered."""
        if self.error is None:
            try:
                self._stream.flush()
            except OSError as error:
                self._give_up(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _give_up(self, error: OSError) -> None:
        """Remembers the error, and lets what is still buffered, and what children write, go nowhere."""
        self.error = error
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
            self._stream.flush()


@contextmanager
def guard_outputs() -> Iterator[Output]:
    """Puts an `Output` in the place of standard output, which is yielded, and of standard error."""
    _open_closed()
    before = sys.stdout, sys.stderr
    stdout, stderr = (Output(stream or _nowhere()) for stream in before)
    sys.stdout, sys.stderr = stdout, stderr
    try:
        yield stdout
    finally:
        stdout.flush()
        stderr.flush()
        sys.stdout, sys.stderr = before


def is_read() -> bool:
    """Whether somebody may still read standard output; a long result can end early where nobody does."""
    return getattr(sys.stdout, "error", None) is None


def _open_closed() -> None:
    """Gives 0, 1 and 2 a file where a caller has closed them: the next to be opened would take it."""
    for number in _STANDARD:
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")  # as long as the process lasts

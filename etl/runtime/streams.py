"""Standard output and standard error that may be full or gone, without costing what a command does.

Nor does it cost anything that an encoding, such as cp949 of a Korean Windows, lacks a character: what looks
like it stands there, or its number.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

_STANDARD = (0, 1, 2)
# Names of error handlers, as `str.encode` takes them: for people, and for JSON.
READABLE, IN_JSON = "etl.readable", "etl.in_json"
# What Python sets when nobody has chosen: for standard output and standard error.
_DEFAULTS = {"strict", "backslashreplace", "surrogateescape"}
_LOOKS_LIKE = {
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2500\u2501\u2550", "-"),
    **dict.fromkeys("\u2502\u2503", "|"),
    **dict.fromkeys("\u2018\u2019", "'"),
    **dict.fromkeys("\u201c\u201d", '"'),
    **dict.fromkeys("\u00a0\u2009\u202f", " "),
    **dict.fromkeys("\u2713\u2714", "v"),
    **dict.fromkeys("\u2717\u2718\u00d7", "x"),
    **dict.fromkeys("\u2022\u00b7", "*"),
    "\u2026": "...",
    "\u2190": "<-",
    "\u2192": "->",
    "\u2248": "~",
    "\u2264": "<=",
    "\u2265": ">=",
    "\u00b1": "+-",
    "\u00b5": "u",
}


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
        with _readable(stdout), _readable(stderr):
            yield stdout
    finally:
        stdout.flush()
        stderr.flush()
        sys.stdout, sys.stderr = before


def encodable(text: str, errors: str = READABLE) -> str:
    """Returns a text with something readable for the characters that standard output cannot write.

    Args:
        text: for people; it is as wide as it will be seen.
        errors: `IN_JSON` for JSON, which keeps its values: `\\uD83D\\uDE00`.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, errors).decode(encoding)


def is_read() -> bool:
    """Whether somebody may still read standard output; a long result can end early where nobody does."""
    return getattr(sys.stdout, "error", None) is None


@contextmanager
def _readable(output: Output) -> Iterator[None]:
    """Has a stream write something readable for what it cannot encode, unless its user chose otherwise."""
    before = getattr(output, "errors", None)
    reconfigure = getattr(output, "reconfigure", None)
    is_utf8 = (getattr(output, "encoding", None) or "").lower().replace("-", "") == "utf8"
    if reconfigure is None or is_utf8 or before not in _DEFAULTS:
        yield
        return
    reconfigure(errors=READABLE)
    try:
        yield
    finally:
        output.flush()
        reconfigure(errors=before)


def _look_alike(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    shown = (_LOOKS_LIKE.get(each) or each.encode("ascii", "backslashreplace").decode() for each in missing)
    return "".join(shown), error.end


def _as_json_escapes(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass").hex("-", 2)
    return "".join(f"\\u{unit}" for unit in units.split("-")), error.end


codecs.register_error(READABLE, _look_alike)
codecs.register_error(IN_JSON, _as_json_escapes)


def _open_closed() -> None:
    """Gives 0, 1 and 2 a file where a caller has closed them: the next to be opened would take it."""
    for number in _STANDARD:
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")  # as long as the process lasts

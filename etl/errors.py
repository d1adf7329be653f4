"""The errors a user can meet, each with its exit code.

An error says what is wrong and where, what was expected and found, the likely cause, and what to do
next. A bad *row* never raises: it is rejected with a reason (`etl.ingestion.steps`).
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import Any

from etl.language.library_words import said
from etl.language.message import Message, joined, tr

# The last one stands for what a server calls its own error (S3: InternalError); not every system has it.
SERVER_FAILED = getattr(errno, "EREMOTEIO", errno.EIO)
_TRANSIENT = frozenset({errno.EIO, errno.ESTALE, errno.EAGAIN, errno.ETIMEDOUT, SERVER_FAILED})


class EtlError(Exception):
    """An error with an explanation; `str(error)` is the whole of it, in English.

    What users read is a message (`tr`), so that `etl.runtime.console` can say it in their language.

    Args:
        what: one line: what is wrong, and with what.
        details: further lines: expected and got, where; also an error, for what it says.
        cause: the likely cause, one sentence.
        next_step: what to do about it, usually a command.
    """

    exit_code = 1

    def __init__(
        self, what: str, *, details: Sequence[object] | None = None, cause: str = "", next_step: str = ""
    ):
        self.what = what
        self.details = list(map(said, details or []))
        self.cause = cause
        self.next_step = next_step
        super().__init__(self.text())

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles the error with all its fields, so that it arrives whole from another process."""
        return _rebuilt, (type(self), self.what, self.details, self.cause, self.next_step)

    def lines(self) -> list[str]:
        """The whole explanation, one fact per line; each line is a message."""
        below = [*self.details, *([self.cause] if self.cause else [])]
        lines = [self.what, *(joined("", ("  ", line)) for line in below)]
        if self.next_step:
            lines.append(tr("  Next: {step}", step=self.next_step))
        return lines

    def text(self) -> Message:
        """The same as one message."""
        return joined("\n", self.lines())


def _rebuilt(kind: type[EtlError], what: str, details: list[str], cause: str, next_step: str) -> EtlError:
    return kind(what, details=details, cause=cause, next_step=next_step)


class SettingsError(EtlError):
    """Wrong usage or settings: an unknown key, a file that is not there, options that exclude each other."""

    exit_code = 2


class FindingsError(EtlError):
    """Validation found errors, or a model learnt nothing."""

    exit_code = 3


class InputError(EtlError):
    """An input cannot be read, or is not the corpus its contract describes."""

    exit_code = 4


class LockError(EtlError):
    """Another run holds the lock."""

    exit_code = 5


class WriteError(EtlError):
    """Not enough disk, or a write failed."""

    exit_code = 6


class MemoryLimitError(EtlError):
    """Too little memory."""

    exit_code = 7


def is_transient(error: BaseException | None) -> bool:
    """Whether an error, or what led to it, may be over in a moment: those of network file systems."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _TRANSIENT:
            return True
        error = error.__cause__ or error.__context__
    return False

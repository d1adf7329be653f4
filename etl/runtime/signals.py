"""Signals that ask a command to end: SIGTERM and SIGHUP end it as Ctrl-C does, through KeyboardInterrupt.

So all that a run cleans up after Ctrl-C is cleaned up after them. Nothing heavy is imported here: this module
is loaded before everything else, so that a signal during the imports is answered, too.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

STOPPED = "error: stopped; nothing half-written was left behind"
INTERRUPTED = 130
_SHELL = 128  # shells add the number of a signal to it
# A shell and the kernel may both tell a process that its terminal has gone: that is one wish.
_SAME_WISH_SECONDS = 3.0
ENDING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)  # Windows has no SIGHUP

_received: list[tuple[int, float]] = []  # signals other than Ctrl-C, and when they came


def end_at_once() -> None:
    """Ends the process at a signal, at once: while modules are loaded there is nothing to clean up."""
    for number in _ours():
        signal.signal(number, _end_at_once)


def end_like_interrupt() -> None:
    """Raises KeyboardInterrupt in the main thread at a signal, from here on."""
    _received.clear()
    for number in _ours():
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else _interrupt)


def ignore() -> None:
    """Ignores the signals: all was done, and only the interpreter is left to end."""
    for number in _ours():
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def delayed(numbers: Iterable[int] = ENDING) -> Iterator[None]:
    """Handles signals only when the block is left, and as before it, whatever the block installs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []
    before = {number: signal.getsignal(number) for number in numbers}
    handled = {number: handler for number, handler in before.items() if callable(handler)}
    for number in handled:
        signal.signal(number, lambda number, _: received.append(number))
    try:
        yield
    finally:
        for number, handler in handled.items():
            signal.signal(number, handler)
    for number in received[:1]:
        signal.raise_signal(number)


def forget_interrupt() -> None:
    """Makes Python forget a KeyboardInterrupt that was caught; see `findings/cpython-caught-interrupt.sh`."""
    exec("")  # noqa: S102 - a string, since only its evaluation does that


def exit_code() -> int:
    """Returns the exit code of a process that was stopped: 128 and the number of the signal."""
    return _SHELL + _received[0][0] if _received else INTERRUPTED


def _ours() -> list[int]:
    """The signals that this process may answer; one that its caller has it ignore (`nohup`) stays ignored."""
    if threading.current_thread() is not threading.main_thread():
        return []
    return [number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN]


def _end_at_once(number: int, _frame: FrameType | None) -> None:
    os.write(2, f"{STOPPED}\n".encode())
    os._exit(_SHELL + number)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    now = time.monotonic()
    is_told_again = bool(_received) and now - _received[-1][1] < _SAME_WISH_SECONDS
    _received.append((number, now))
    if not is_told_again:
        raise KeyboardInterrupt

"""Signals that ask a command to end: SIGTERM and SIGHUP end it as Ctrl-C does, through KeyboardInterrupt.

So all that a run cleans up after Ctrl-C is cleaned up after them. Nothing heavy is imported here: this module
is loaded before everything else, so that a signal during the imports is answered, too.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from types import FrameType

from etl.language.message import tr, translated

STOPPED = tr("error: stopped; nothing half-written was left behind")
INTERRUPTED = 130
_SHELL = 128  # shells add the number of a signal to it
# A shell and the kernel may both tell a process that its terminal has gone: that is one wish.
_SAME_WISH_SECONDS = 3.0
_AGAIN_SECONDS = 0.01
ENDING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)  # Windows has no SIGHUP

_received: list[tuple[int, float]] = []  # signals that were answered, and when they came
_delayed: list[int] = []  # signals that came in a block of `delayed`
_answered: list[int] = []  # those that raise KeyboardInterrupt


class _Blocks(threading.local):
    """How many blocks of `delayed` a thread is in; handlers are called in the main thread."""

    number = 0


class _Delayed:
    """Signals that come in a block are handled when it is left, and as before it, whatever it installs.

    Only by the handler of `end_like_interrupt`. Others, such as that of a notebook, are called at once: to
    install another one for an instant would undo that of polars, which cannot be installed again.
    """

    def __enter__(self) -> None:
        _blocks.number += 1  # first of all and without a call, after which Python would handle a signal

    def __exit__(self, *_error: object) -> None:
        is_main = threading.current_thread() is threading.main_thread()
        if is_main:
            for number in _answered:
                if signal.getsignal(number) is not _interrupt:
                    signal.signal(number, _interrupt)
        _blocks.number -= 1
        if is_main and _delayed and not _blocks.number:
            number = _delayed[0]
            _delayed.clear()
            signal.raise_signal(number)


_blocks = _Blocks()
delayed = _Delayed()
_show_unraisable = sys.unraisablehook


def end_at_once() -> None:
    """Ends the process at a signal, at once: while modules are loaded there is nothing to clean up.

    What it then says is in the language that is in use now. It is made here, since a signal may interrupt the
    loading of the very modules and files that a translation needs. A worker process, which loads this module
    too, has nothing to say: whoever started it may end it at any time.
    """
    if _is_worker():
        return
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    said = f"{translated(STOPPED)}\n".encode(encoding, "replace")

    def end(number: int, _frame: FrameType | None) -> None:
        os.write(2, said)
        os._exit(_SHELL + number)

    for number in _ours():
        signal.signal(number, end)


def end_like_interrupt() -> None:
    """Raises KeyboardInterrupt in the main thread at a signal, from here on."""
    _received.clear()
    _answered[:] = _ours()
    for number in _answered:
        signal.signal(number, _interrupt)
    if sys.unraisablehook is not _tell_again:
        global _show_unraisable
        _show_unraisable, sys.unraisablehook = sys.unraisablehook, _tell_again


def were_received() -> bool:
    """Whether a signal has asked this process to end; an error after that may be how a library took it."""
    return bool(_received)


def ignore() -> None:
    """Ignores the signals: all was done, and only the interpreter is left to end."""
    _answered.clear()
    for number in _ours():
        signal.signal(number, signal.SIG_IGN)


def forget_interrupt() -> None:
    """Makes Python forget a KeyboardInterrupt that was caught; see `findings/cpython-caught-interrupt.sh`."""
    exec("")  # noqa: S102 - a string, since only its evaluation does that


def exit_code() -> int:
    """Returns the exit code of a process that was stopped: 128 and the number of the signal."""
    return _SHELL + _received[0][0] if _received else INTERRUPTED


def _is_worker() -> bool:
    # How `multiprocessing` starts one; it knows it itself only when the modules are loaded.
    return "--multiprocessing-fork" in sys.orig_argv


def _ours() -> list[int]:
    """The signals that this process may answer; one that its caller has it ignore (`nohup`) stays ignored."""
    if threading.current_thread() is not threading.main_thread():
        return []
    return [number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN]


def _interrupt(number: int, _frame: FrameType | None) -> None:
    if _blocks.number:
        _delayed.append(number)
        return
    now = time.monotonic()
    # Ctrl-C, pressed twice, is a wish of its own.
    is_told_again = (
        bool(_received) and number != signal.SIGINT and now - _received[-1][1] < _SAME_WISH_SECONDS
    )
    _received.append((number, now))
    if not is_told_again:
        raise KeyboardInterrupt


def _tell_again(unraisable: sys.UnraisableHookArgs) -> None:
    """Sends a signal again that came while Python collected something, which drops what a handler raises."""
    if isinstance(unraisable.exc_value, KeyboardInterrupt) and _received:
        number, _ = _received.pop()
        threading.Timer(_AGAIN_SECONDS, _send, [number]).start()
    else:
        _show_unraisable(unraisable)


def _send(number: int) -> None:
    """Sends a signal to the main thread, whose waiting it ends; one that another thread gets does not."""
    if sys.platform == "win32":
        signal.raise_signal(number)
    else:
        signal.pthread_kill(threading.main_thread().ident or 0, number)

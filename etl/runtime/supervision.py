"""Says so where a limit on memory ends a command: by then the command cannot say it itself.

Libraries in Rust and C++ abort where an allocation fails, and the kernel kills where a container has no more.
So where memory is limited the command runs in a process of its own, and this one, which needs next to
nothing, waits for it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import NoReturn

from etl.language.message import tr
from etl.runtime import console, failures

_FORWARDED = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP} if sys.platform == "linux" else set()
_DEATHS = {"SIGABRT", "SIGKILL", "SIGSEGV", "SIGBUS", "SIGILL", "SIGTRAP", "SIGSYS"}
_PR_SET_PDEATHSIG = 1  # <sys/prctl.h>


def supervise(run: Callable[[], int]) -> int:
    """Runs a command and returns its exit code; 7 where memory is limited and the command died.

    Args:
        run: the command. It has not begun: no thread of its own runs yet.
    """
    if sys.platform != "linux" or not failures.is_memory_limited() or threading.active_count() > 1:
        return run()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _FORWARDED | {signal.SIGCHLD})
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return _run_in_child(run)
    return _wait_for(child)


def _run_in_child(run: Callable[[], int]) -> int:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # it never outlives the one that waits
    try:
        return run()
    except MemoryError:  # not even for the error was there enough
        os.abort()


def _wait_for(child: int) -> int:
    """Forwards signals until the child has ended; those of a terminal reach it without."""
    while True:
        received = signal.sigwaitinfo(_FORWARDED | {signal.SIGCHLD})
        if received.si_signo != signal.SIGCHLD:
            if received.si_code <= 0:  # SI_USER and the like: sent to this process alone
                os.kill(child, received.si_signo)
            continue
        process, status = os.waitpid(child, os.WNOHANG)
        if process:
            break
    exit_code = os.waitstatus_to_exitcode(status)
    if exit_code >= 0:
        return exit_code
    name = signal.Signals(-exit_code).name
    if name not in _DEATHS:
        _end_by(-exit_code)
    error = failures.shortage(
        None, tr("the command was ended by {name}, as happens when memory cannot be had", name=name)
    )
    console.error(error)
    return error.exit_code


def _end_by(number: int) -> NoReturn:
    """Ends this process by the signal that has ended the child, so that its caller sees the same."""
    signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os.kill(os.getpid(), number)
    sys.exit(128 + number)

"""Starts and ends worker processes, which never outlive this one."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.context import SpawnContext
from multiprocessing.synchronize import RLock
from typing import TYPE_CHECKING

from etl.runtime import signals

if TYPE_CHECKING:
    from pebble import ProcessPool


class KeepLocksContext(SpawnContext):
    """Start method for workers: spawned, as a JVM does not survive a fork, and a fork would copy held locks.

    It keeps its locks as long as the pool lives: pebble drops its own before it ends the workers, and a
    worker that is just starting would then print an error because it does not find them.
    """

    def __init__(self) -> None:
        _start_tracker()  # else the first lock starts it
        self._locks: list[RLock] = []

    def RLock(self) -> RLock:  # noqa: N802 - the name that multiprocessing gave it
        """Returns a new lock of this context, and keeps a reference to it."""
        self._locks.append(super().RLock())
        return self._locks[-1]


def init_worker() -> None:
    """Initialises a worker process: it ignores what ends its parent, and ends with it.

    Ctrl-C and the end of a terminal reach all processes that were started there.
    """
    for number in set(signals.ENDING) - {signal.SIGTERM}:
        signal.signal(number, signal.SIG_IGN)
    # The default action works even while Java code runs.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def kill_pool(pool: ProcessPool) -> None:
    """Kills the workers of a pool, and waits until they have ended."""
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


@contextmanager
def block_interrupts() -> Iterator[None]:
    """Processes and threads that are started in the block never receive Ctrl-C, not even while they start.

    SIGTERM, which ends them, is not among that. What asks this process to end waits for the end of the block.
    """
    with signals.delayed:
        if not hasattr(signal, "pthread_sigmask"):
            yield
            return
        # Started in the block, it would let Ctrl-C through again: the standard library unblocks it then.
        _start_tracker()
        unseen = set(signals.ENDING) - {signal.SIGTERM}
        before = signal.pthread_sigmask(signal.SIG_BLOCK, unseen)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_tracker() -> None:
    """Starts the process of the standard library that removes what others leave, unless it runs.

    It ignores Ctrl-C and SIGTERM by itself, but would die with its terminal, and say so with a traceback.
    """
    unseen = set(signals.ENDING) - {signal.SIGINT, signal.SIGTERM}
    if not hasattr(signal, "pthread_sigmask"):
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, unseen)
    try:
        resource_tracker.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent() -> None:
    """Blocks until the parent exits, then ends this process at once, even inside Java code."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

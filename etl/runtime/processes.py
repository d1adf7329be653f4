"""Processes that work for this one: how they are started, and that they never outlive it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from multiprocessing.context import SpawnContext
from multiprocessing.synchronize import RLock
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from pebble import ProcessPool

Done = TypeVar("Done")

_LOOK_UP_SECONDS = 0.2


class Spawned(SpawnContext):
    """How workers are started: not forked, which a JVM does not support, and which would copy locks of ours.

    It keeps the locks as long as the pool lives: pebble drops its own before it ends the workers, and one
    that is about to start would print that it does not find them.
    """

    def __init__(self) -> None:
        self._locks: list[RLock] = []

    def RLock(self) -> RLock:  # noqa: N802 - the name that multiprocessing gave it
        """A lock of this context, kept."""
        self._locks.append(super().RLock())
        return self._locks[-1]


def begin_as_worker() -> None:
    """To be called first in a worker: Ctrl-C is its parent's to handle, and it ends with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Even in the midst of Java.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def end(pool: ProcessPool) -> None:
    """Kills the workers of a pool, and waits until they are gone."""
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def result(future: Future[Done]) -> Done:
    """Waits for a result, and looks up now and then.

    Polars' own signal handler restarts a wait without end, and Ctrl-C would only be noticed afterwards.
    """
    while not wait([future], timeout=_LOOK_UP_SECONDS).done:
        pass
    return future.result()


@contextmanager
def no_interrupts() -> Iterator[None]:
    """Processes and threads that are started here never see Ctrl-C, not even before they can ignore it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent() -> None:
    """Waits for the parent to die, however it does; what runs meanwhile, Java say, is not asked."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

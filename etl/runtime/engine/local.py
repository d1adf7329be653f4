"""Where the work of a run is done, and the simplest such place: this machine.

Several batches at a time, results in order, few in memory. `etl.runtime.engine.ray` is the other place.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import polars as pl

from etl.runtime.processes import result
from etl.settings import Settings

Batch = TypeVar("Batch")
Done = TypeVar("Done")

# A batch to what is made of it: frames.
Work = Callable[["pl.DataFrame"], "list[pl.DataFrame]"]
# The settings and a number of processes to work that is ready to be done.
OpenWork = Callable[[Settings, int], AbstractContextManager[Work]]
# A function and its arguments to its results, in order.
Run = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]
# The settings to what decides the result of the work, by name: each a hash or a version.
Facts = Callable[[Settings], dict[str, str]]


class Engine(Protocol):
    """Where the work is done. It decides nothing of the result."""

    @property
    def in_flight(self) -> int:
        """How many batches are worked on at a time."""

    @property
    def parts(self) -> int:
        """Into how many parts it pays to divide one large piece of work."""

    def opened(self, open_work: OpenWork, facts: Facts, settings: Settings) -> AbstractContextManager[Work]:
        """Work that several threads may ask for at a time, until the block is left."""

    @property
    def run(self) -> Run:
        """`map` of a function of a module, or a `partial` of one. All of it may travel, and so may `run`."""


@dataclass(frozen=True)
class Local:
    """This machine.

    Args:
        workers: tagging processes, and batches at a time.
    """

    workers: int
    parts: int = 1

    @property
    def in_flight(self) -> int:
        """One batch for each worker."""
        return self.workers

    def opened(self, open_work: OpenWork, facts: Facts, settings: Settings) -> AbstractContextManager[Work]:
        """The work itself: nothing is elsewhere, so no facts need be compared."""
        del facts
        return open_work(settings, self.workers)

    @property
    def run(self) -> Run:
        """One after another: polars itself uses all processors."""
        return map


def ordered_map(function: Callable[[Batch], Done], batches: Iterable[Batch], workers: int) -> Iterator[Done]:
    """`map` on threads: polars and the tagging processes do the work, so no thread holds another up.

    At most `workers + 1` batches are in memory. The order of the results is that of the batches.
    """
    pending: deque[Future[Done]] = deque()
    executor = ThreadPoolExecutor(workers)
    try:
        for batch in batches:
            pending.append(executor.submit(function, batch))
            if len(pending) > workers:
                yield result(pending.popleft())
        while pending:
            yield result(pending.popleft())
    except BaseException:
        # Ctrl-C, say: who waits for a tagger is not waited for; the taggers are stopped next.
        executor.shutdown(wait=False, cancel_futures=True)
        raise
    executor.shutdown()

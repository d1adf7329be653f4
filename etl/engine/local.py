"""Runs batches on this machine: several at a time, results in order, few in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Batch = TypeVar("Batch")
Done = TypeVar("Done")


def ordered_map(function: Callable[[Batch], Done], batches: Iterable[Batch], workers: int) -> Iterator[Done]:
    """`map` on threads: polars and the tagging processes do the work, so no thread holds another up.

    At most `workers + 1` batches are in memory. The order of the results is that of the batches.
    """
    if workers == 1:
        yield from map(function, batches)
        return
    pending: deque[Future[Done]] = deque()
    with ThreadPoolExecutor(workers) as executor:
        try:
            for batch in batches:
                pending.append(executor.submit(function, batch))
                if len(pending) > workers:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()

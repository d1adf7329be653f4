"""Runs batches on this machine: several at a time, results in order, few in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

Batch = TypeVar("Batch")
Done = TypeVar("Done")

_LOOK_UP_SECONDS = 0.2


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
                yield _result(pending.popleft())
        while pending:
            yield _result(pending.popleft())
    except BaseException:
        # Ctrl-C, say: who waits for a tagger is not waited for; the taggers are stopped next.
        executor.shutdown(wait=False, cancel_futures=True)
        raise
    executor.shutdown()


def _result(future: Future[Done]) -> Done:
    """Waits for a result, and looks up now and then.

    Polars' own signal handler restarts a wait without end, and Ctrl-C would only be noticed afterwards.
    """
    while not wait([future], timeout=_LOOK_UP_SECONDS).done:
        pass
    return future.result()

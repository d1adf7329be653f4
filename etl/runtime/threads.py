"""Runs functions on threads, and waits for them in steps that a signal cannot tear apart.

`concurrent.futures` takes its locks in Python code: KeyboardInterrupt may be raised when one was taken and
before it is noted that it must be given back, or when a thread was started and before it is in the list of
those to wait for. So a signal waits for the end of each such step; see `etl.runtime.signals.delayed`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from etl.runtime import signals

if TYPE_CHECKING:
    from pebble import ProcessPool

Item = TypeVar("Item")
Result = TypeVar("Result")

_POLL_SECONDS = 0.2
# The threads of maps that ended with an error, until somebody has waited for them.
_left: list[ThreadPoolExecutor] = []


def submit(executor: Executor, function: Callable[..., Result], /, *given: Any) -> Future[Result]:
    """Has a function called on a thread of an executor, which then knows of it whatever signal comes."""
    with signals.delayed:
        return executor.submit(function, *given)


def wait_for_result(future: Future[Result], pool: ProcessPool | None = None) -> Result:
    """Waits for a result in short steps; a signal is answered between two of them.

    Args:
        future: the result.
        pool: works on it. One that breaks just after it has taken a job never answers.

    Raises:
        BrokenProcessPool: the pool is broken.
        Exception: what was raised in the place of a result.
    """
    is_done = False
    while not is_done:
        with signals.delayed:
            is_done = bool(wait([future], timeout=_POLL_SECONDS).done)
        if not is_done and pool is not None and not pool.active:
            raise BrokenProcessPool
    return future.result()


def ordered_map(function: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """Applies a function to each item on threads; the results come in the order of the items.

    Meant for functions that release the GIL or wait for other processes. At most `workers + 1` items are in
    memory.
    """
    pending: deque[Future[Result]] = deque()
    executor = ThreadPoolExecutor(workers)
    try:
        for item in items:
            pending.append(submit(executor, function, item))
            if len(pending) > workers:
                yield wait_for_result(pending.popleft())
        while pending:
            yield wait_for_result(pending.popleft())
    except BaseException:
        # After Ctrl-C, for example: threads that wait for a tagger end once the taggers are stopped.
        with signals.delayed:
            executor.shutdown(wait=False, cancel_futures=True)
            _left.append(executor)
        raise
    with signals.delayed:
        executor.shutdown()


def wait_for_threads() -> None:
    """Waits for what maps that ended with an error still do on their threads.

    Called when the taggers are stopped, and before the folder is removed into which the threads write.
    """
    with suppress(IndexError):  # another run in this process may wait for them at the same time
        while True:
            _left.pop().shutdown()

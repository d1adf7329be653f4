"""The interface of an engine, which runs batches: `local.py` on this machine, `ray.py` on a cluster.

An engine decides where and how many at a time, never the result: the dataset has the same bytes on each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

import polars as pl

from etl.settings import Settings

Item = TypeVar("Item")
Result = TypeVar("Result")

# One batch of rows -> the frames made of it.
BatchFn = Callable[[pl.DataFrame], list[pl.DataFrame]]
# Settings and number of processes -> a batch function that is ready for use until the block is left.
BatchFnFactory = Callable[[Settings, int], AbstractContextManager[BatchFn]]
# Settings -> hash or version, by name, of everything that decides the result of a batch function.
FingerprintsFn = Callable[[Settings], dict[str, str]]
# Like `map`: a function and its arguments -> the results, in order.
MapFn = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]


class Engine(Protocol):
    """Runs batch functions and tasks."""

    @property
    def in_flight(self) -> int:
        """The number of batches that are processed at a time."""

    @property
    def n_partitions(self) -> int:
        """Into how many tasks one large computation is best divided."""

    def start_workers(
        self, open_batch_fn: BatchFnFactory, fingerprints: FingerprintsFn, settings: Settings
    ) -> AbstractContextManager[BatchFn]:
        """Starts workers; the batch function may be called from several threads until the block is left.

        Args:
            open_batch_fn: called once in each worker.
            fingerprints: must return the same in each worker as here.
            settings: passed to both.

        Raises:
            InputError: a worker has other code, packages or another tagger than this process.
            EtlError: what `open_batch_fn` raises, or the workers are lost.
        """

    def map(self, function: Callable[[Item], Result], items: Iterable[Item], /) -> Iterator[Result]:
        """Applies a function to each item, in order. Function, items and this method must be picklable."""

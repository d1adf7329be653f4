"""The engine that runs batches on this machine: threads that call polars and the tagging processes.

`etl.runtime.engine.ray` runs them on a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import polars as pl

from etl.runtime.engine.protocol import (
    Batch,
    BatchFn,
    BatchFnFactory,
    FingerprintsFn,
    Finished,
    Item,
    ReadFn,
    Result,
)
from etl.runtime.threads import ordered_map
from etl.settings import Settings


@dataclass(frozen=True)
class LocalEngine:
    """Runs everything on this machine; see `etl.runtime.engine.protocol.Engine`.

    Args:
        workers: number of tagging processes, and of batches at a time.
    """

    workers: int
    n_partitions: int = 1  # polars itself uses all processors

    @property
    def in_flight(self) -> int:
        """One batch for each worker."""
        return self.workers

    def check_folder(self, folder: Path, next_step: str) -> None:
        """Nothing to check: there is one machine."""

    def start_workers(
        self, open_batch_fn: BatchFnFactory, fingerprints: FingerprintsFn, settings: Settings
    ) -> AbstractContextManager[BatchFn]:
        """Opens the batch function in this process; nothing can differ, so no fingerprints are compared."""
        del fingerprints
        return open_batch_fn(settings, self.workers)

    def read(self, function: ReadFn[Item, Any], items: Iterable[Item], /) -> Iterator[Batch | Finished]:
        """Reads one item after another."""
        for number, item in enumerate(items):
            yield from _read_item(number, function(item))

    def map(self, function: Callable[[Item], Result], items: Iterable[Item], /) -> Iterator[Result]:
        """Applies a function to each item on a thread for each worker; see `ordered_map`."""
        return ordered_map(function, items, self.workers)


def _read_item(item: int, batches: Generator[pl.DataFrame, None, Any]) -> Iterator[Batch | Finished]:
    for number in count():
        try:
            rows = next(batches)
        except StopIteration as end:
            yield Finished(item, number, end.value)
            return
        yield Batch(item, number, rows.height, rows)

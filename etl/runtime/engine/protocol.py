"""The interface of an engine, which runs batches: `local.py` on this machine, `ray.py` on a cluster.

An engine decides where and how many at a time, never the result: the dataset has the same bytes on each.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

import polars as pl

from etl.settings import Settings

Item = TypeVar("Item")
Result = TypeVar("Result")

# One batch of rows, and what else it takes -> what is made of it.
BatchFn = Callable[..., Any]
# An item -> its rows, in batches; it returns what else there is to say of the item, such as a log.
ReadFn = Callable[[Item], Generator[pl.DataFrame, None, Result]]
# Settings and number of processes -> a batch function that is ready for use until the block is left.
BatchFnFactory = Callable[[Settings, int], AbstractContextManager[BatchFn]]
# Settings -> hash or version, by name, of everything that decides the result of a batch function.
FingerprintsFn = Callable[[Settings], dict[str, str]]
# Like `map`: a function and its arguments -> the results, in order.
MapFn = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]


class Batch(NamedTuple):
    """Rows that were read.

    Attributes:
        item: the number of the item they were read from, from 0.
        number: the number of the batch in its item, from 0.
        height: the number of rows.
        rows: the frame, or a reference to it on a cluster: an argument for a batch function, and no more.
    """

    item: int
    number: int
    height: int
    rows: Any


class Finished(NamedTuple):
    """An item of which all batches were read.

    Attributes:
        item: its number, from 0.
        n_batches: how many batches it had.
        result: what the function returned.
    """

    item: int
    n_batches: int
    result: Any


class Engine(Protocol):
    """Runs batch functions and tasks, and reads."""

    @property
    def in_flight(self) -> int:
        """The number of batches that are processed at a time."""

    @property
    def n_partitions(self) -> int:
        """Into how many tasks one large computation is best divided."""

    def check_folder(self, folder: Path, next_step: str) -> None:
        """Checks that all machines see what this one writes into a folder, and may write there.

        Args:
            folder: it must be there.
            next_step: what to do where that is not so.

        Raises:
            SettingsError: a machine does not see it.
        """

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

    def read(self, function: ReadFn[Item, Any], items: Iterable[Item], /) -> Iterator[Batch | Finished]:
        """Reads items, several at a time on a cluster; nothing is read far ahead of what is taken.

        The batches of an item come in order, those of several items in any order; after the last batch of an
        item comes its `Finished`. A function may be run twice, so it must read the same each time.

        Args:
            function: reads one item. Like the items, it must be picklable.
            items: taken from as they are needed.

        Raises:
            EtlError: what the function raises; or an item was lost with its node, each time it was tried.
        """

    def map(self, function: Callable[[Item], Result], items: Iterable[Item], /) -> Iterator[Result]:
        """Applies a function to each item, in order. Function, items and this method must be picklable.

        Not while workers are started: on a cluster they hold all processors.
        """

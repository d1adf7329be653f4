"""Runs tasks by `map_fn`, several threads in each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from etl.runtime.engine.protocol import MapFn

Item = TypeVar("Item")
Result = TypeVar("Result")


def run(
    map_fn: MapFn, threads: int, function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Result]:
    """Applies a function, most of which is compiled code without the GIL, to each item, in order.

    Args:
        map_fn: runs the tasks.
        threads: threads in each task, and items that it gets.
        function, items: both picklable.
    """
    if threads == 1:
        yield from map_fn(function, items)
    else:
        for results in map_fn(partial(_in_threads, function), _grouped(items, threads)):
            yield from results


def _grouped(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    remaining = iter(items)
    while group := list(islice(remaining, size)):
        yield group


def _in_threads(function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    if len(items) == 1:
        return [function(items[0])]
    with ThreadPoolExecutor(len(items)) as pool:
        return list(pool.map(function, items))

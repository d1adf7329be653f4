"""Tasks that read on the nodes of a Ray cluster; the rows go from there to the workers, not through here.

A task yields batches into the memory of its node, and waits while too many of them have not been taken. If
its node dies, Ray runs it again on another one; what was taken already is not yielded twice, and batches that
are gone with the node are made again.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import polars as pl

from etl.language.message import tr
from etl.runtime.engine import ray_nodes
from etl.runtime.engine.packing import pack_frame
from etl.runtime.engine.protocol import Batch, Finished, Item, ReadFn

_RETRIES = 5  # of a task whose node died, and of a batch that was lost with it
_AHEAD = 2  # batches of each item
_OBJECTS_A_BATCH = 2  # its height, and its rows


def read(function: ReadFn[Item, Any], items: Iterable[Item], readers: int) -> Iterator[Batch | Finished]:
    """Reads items on the cluster; see `etl.runtime.engine.protocol.Engine.read`.

    Args:
        function: reads one item.
        items: taken from as they are needed.
        readers: how many items are read at a time.

    Raises:
        EtlError: what the function raises; or an item was lost with its node, each time it was tried.
    """
    import ray

    start = _starter(function)
    waiting = enumerate(items)
    streams: dict[Any, _Reading] = {}
    try:
        while True:
            for number, item in islice(waiting, readers - len(streams)):
                stream = start(item)
                streams[stream] = _Reading(stream, number)
            if not streams:
                return
            ready, _ = ray.wait(list(streams), num_returns=1, fetch_local=False)
            reading = streams[ready[0]]
            step = reading.step()
            if isinstance(step, Finished):
                del streams[reading.stream]
            yield step
    finally:
        ray_nodes.cancel(streams)


@dataclass
class _Reading:
    """A task that reads one item."""

    stream: Any  # of references: the height of a batch and its rows; None and the result at the end
    item: int
    n_batches: int = 0

    def step(self) -> Batch | Finished:
        height = _get(next(self.stream))
        if height is None:
            return Finished(self.item, self.n_batches, _get(next(self.stream)))
        self.n_batches += 1
        return Batch(self.item, self.n_batches - 1, height, next(self.stream))


def _starter(function: ReadFn[Item, Any]) -> Callable[[Item], Any]:
    import ray

    # The workers hold all processors: readers share these with them, and wait whenever these are behind.
    task: Any = ray.remote(
        num_cpus=0,
        num_returns="streaming",
        max_retries=_RETRIES,
        scheduling_strategy="SPREAD",
        _generator_backpressure_num_objects=_AHEAD * _OBJECTS_A_BATCH,
    )(_read)
    shared = ray.put(function)
    return lambda item: task.remote(shared, item)


def _read(function: ReadFn[Item, Any], item: Item) -> Generator[Any, None, None]:
    """Runs on a node."""
    ray_nodes.use_one_thread()
    with ray_nodes.errors_with_node():
        batches = function(item)
        while True:
            try:
                rows: pl.DataFrame = next(batches)
            except StopIteration as end:
                yield None
                yield end.value
                return
            yield rows.height
            yield pack_frame(rows)


def _get(reference: Any) -> Any:
    what = tr("an input was lost on the Ray cluster while it was read")
    cause = tr("The nodes are being taken away, or have too little memory.")
    return ray_nodes.get_result(reference, what, cause, tries=_RETRIES + 1)

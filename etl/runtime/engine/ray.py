"""Runs batches and tasks on a Ray cluster: one that is there already, or one for this run on this machine.

Ray decides placement. `etl.runtime.engine.ray_workers` makes sure that no batch is lost when a node dies.
"""

from __future__ import annotations

import logging
import os
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etl.errors import EtlError, SettingsError
from etl.language.message import tr
from etl.runtime import signals
from etl.runtime.engine import ray_nodes, ray_readers, ray_workers
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
from etl.settings import Settings

_AHEAD = 2  # batches for each processor: the next one is transferred while one is worked on
# Items that are read at a time, at least; and how many workers one of them can feed without a tagger.
_READERS, _WORKERS_A_READER = 2, 3
_RETRIES = 3  # of a task whose node died
_ANSWER_SECONDS = 10
_DISTRIBUTION = "korean-emotion-etl"


@dataclass(frozen=True)
class RayEngine:
    """A Ray cluster to which this process is connected, made by `open_ray`; see `protocol.Engine`.

    Args:
        workers: number of actors, one for each processor that is used.
    """

    workers: int

    @property
    def in_flight(self) -> int:
        """Some batches for each worker."""
        return self.workers * _AHEAD

    @property
    def n_partitions(self) -> int:
        """One for each processor."""
        return self.workers

    def check_folder(self, folder: Path, next_step: str) -> None:
        """Looks at the folder from each node; see `ray_nodes.check_folder`."""
        ray_nodes.check_folder(folder, next_step)

    def start_workers(
        self, open_batch_fn: BatchFnFactory, fingerprints: FingerprintsFn, settings: Settings
    ) -> AbstractContextManager[BatchFn]:
        """Starts actors on the cluster; see `ray_workers.start_workers`."""
        return ray_workers.start_workers(open_batch_fn, fingerprints, settings, self.workers)

    def read(self, function: ReadFn[Item, Any], items: Iterable[Item], /) -> Iterator[Batch | Finished]:
        """Runs a task that reads for each item; see `ray_readers.read`."""
        return ray_readers.read(function, items, max(_READERS, self.workers // _WORKERS_A_READER))

    def map(self, function: Callable[[Item], Result], items: Iterable[Item], /) -> Iterator[Result]:
        """Runs a task for each item; see `run_tasks`."""
        return run_tasks(function, items, self.in_flight)


@contextmanager
def open_ray(address: str | None, workers: int | None) -> Iterator[RayEngine]:
    """Connects to a Ray cluster, or starts one on this machine; disconnects or ends it with the block.

    Args:
        address: as `ray start --head` prints it, `auto` for one that runs on this machine; None: start one.
        workers: number of processors to use; None: all of the cluster.

    Raises:
        SettingsError: Ray is not installed, or there is no cluster at the address.
        EtlError: Ray does not start on this machine.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # it would tell its makers about this machine
    try:
        import ray
    except ModuleNotFoundError as error:
        raise SettingsError(
            tr("Ray is not installed"),
            details=[tr("expected the package {package}", package=error.name)],
            next_step=tr(
                "pip install '{package}', or use `--engine local`.", package=_DISTRIBUTION + "[ray]"
            ),
        ) from error
    try:
        with signals.delayed:  # half-started, Ray leaves processes behind
            _connect(address, workers)
        yield RayEngine(workers or _count_processors())
    finally:
        ray.shutdown()


def run_tasks(function: Callable[[Item], Result], items: Iterable[Item], in_flight: int) -> Iterator[Result]:
    """Applies a function to each item on the cluster, in order; may be called from inside a task, too.

    Args:
        function, items: must be picklable.
        in_flight: number of tasks that are submitted before their results are taken.

    Raises:
        EtlError: what the function raises; or a task was lost with its node, each time it was tried.
    """
    import ray

    task: Any = ray.remote(num_cpus=1, max_retries=_RETRIES, scheduling_strategy="SPREAD")(_call)
    shared = ray.put(function)
    pending: deque[Any] = deque()
    try:
        for item in items:
            pending.append(task.remote(shared, item))
            if len(pending) >= in_flight:
                yield _get_result(pending.popleft())
        while pending:
            yield _get_result(pending.popleft())
    finally:
        ray_nodes.cancel(pending)


def _count_processors() -> int:
    import ray

    return max(1, int(sum(node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"])))


def _call(function: Callable[[Item], Result], item: Item) -> Result:
    ray_nodes.use_one_thread()
    with ray_nodes.errors_with_node():
        return function(item)


def _get_result(reference: Any) -> Any:
    what = tr("a task was lost on the Ray cluster")
    cause = tr("The nodes it ran on died, or have too little memory for a partition of the corpus.")
    return ray_nodes.get_result(reference, what, cause, tries=_RETRIES + 1)


def _connect(address: str | None, workers: int | None) -> None:
    import ray

    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        if address is None:
            ray.init("local", num_cpus=workers, include_dashboard=False, **quiet)
        else:
            _check_answers(address)
            ray.init(address, **quiet)
    except (ConnectionError, TimeoutError, socket.gaierror, ValueError) as error:
        raise SettingsError(
            tr("there is no Ray cluster at {address}", address=address),
            details=[ray_nodes.first_line(error)],
            cause=tr("It is not running, or this machine is none of its nodes."),
            next_step=tr("start one with `ray start --head`, or leave out --address."),
        ) from error
    except (RuntimeError, OSError) as error:
        raise EtlError(
            tr("Ray does not start")
            if address is None
            else tr("the Ray cluster at {address} does not answer", address=address),
            details=[ray_nodes.first_line(error)],
            next_step=tr("`ray status` says more; or use `--engine local`."),
        ) from error


def _check_answers(address: str) -> None:
    """Checks at once that something listens at the address; Ray itself would try for minutes.

    Raises:
        OSError: nothing listens there.
        SettingsError: it is not an address.
    """
    if address == "auto":
        return
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdecimal():
        raise SettingsError(
            tr("{address} is no address of a Ray cluster", address=address),
            details=[tr("expected HOST:PORT or auto")],
            next_step=tr("start one with `ray start --head`, or leave out --address."),
        )
    with socket.create_connection((host, int(port)), timeout=_ANSWER_SECONDS):
        pass

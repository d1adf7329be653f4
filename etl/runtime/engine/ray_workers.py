"""Long-lived workers on a Ray cluster, each of which opens the batch function and its tagger once.

A worker or its node may die at any moment. Then its batches go to other workers, and another one is started
wherever there is room. The result of a batch depends on the batch alone, so a batch may be run twice.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from etl.errors import EtlError, InputError
from etl.language.message import joined, plural, tr
from etl.runtime.engine import ray_nodes
from etl.runtime.engine.packing import pack_frame, pack_settings, unpack_frame, unpack_settings
from etl.runtime.engine.protocol import BatchFn, BatchFnFactory, FingerprintsFn
from etl.settings import Settings

if TYPE_CHECKING:
    from ray.exceptions import RayError

_log = logging.getLogger(__name__)

_TRIES = 5  # of a batch: a worker may die, even several times, for a reason other than the batch
_AT_A_TIME = 2  # batches that a worker has: the next one is transferred while one is worked on
_LOOK_UP_SECONDS = 0.2
_START_SECONDS = 300  # to wait for the first worker, or for another when all are lost
_END_SECONDS = 20


class _Actor:
    """Runs on a node, one for each processor that is used, and holds the batch function with its tagger."""

    def __init__(self) -> None:
        ray_nodes.use_one_thread()
        self._stack = ExitStack()
        self._batch_fn: BatchFn | None = None

    def open(
        self,
        open_batch_fn: BatchFnFactory,
        fingerprints: FingerprintsFn,
        packed_settings: bytes,
        expected: dict[str, str],
    ) -> str:
        """Opens the batch function if this node's fingerprints are as expected; returns the node's name."""
        node = ray_nodes.node_name()
        with ray_nodes.errors_with_node():
            settings = self._stack.enter_context(unpack_settings(packed_settings))
            _check_same(fingerprints(settings), expected, node)
            self._batch_fn = self._stack.enter_context(open_batch_fn(settings, 1))
        return node

    def run(self, *arguments: Any) -> Any:
        """Calls the batch function; frames arrive packed."""
        assert self._batch_fn is not None
        return self._batch_fn(*map(unpack_frame, arguments))

    def close(self) -> None:
        """Closes what the batch function holds open, such as taggers and caches."""
        self._stack.close()


@dataclass
class _Worker:
    """The handle of an actor; the name of its node is known once it is open."""

    actor: Any
    node: str = tr("that has not said its name")
    is_lost: bool = False


@contextmanager
def start_workers(
    open_batch_fn: BatchFnFactory, fingerprints: FingerprintsFn, settings: Settings, workers: int
) -> Iterator[BatchFn]:
    """Starts actors that run a batch function; they end with the block.

    Args:
        open_batch_fn: called once in each actor.
        fingerprints: must return the same on each node as here.
        settings: passed to both, together with the files that they name.
        workers: number of actors.

    Yields:
        A function that runs one batch on some actor; it may be called from several threads.

    Raises:
        InputError: a node has other code, packages or another tagger than this machine.
        EtlError: what `open_batch_fn` raises on a node; no worker starts; or a batch is given up.
    """
    arguments = (open_batch_fn, fingerprints, pack_settings(settings), fingerprints(settings))
    pool = _WorkerPool(arguments, workers)
    try:
        yield pool.run
        pool.close()
    finally:
        pool.kill()


class _WorkerPool:
    """All workers of a run; replaces those that are lost."""

    def __init__(self, arguments: tuple[Any, ...], workers: int):
        self._arguments = arguments  # of `_Actor.open`
        self._starting: dict[Any, _Worker] = {}  # by the reference to the result of `_Actor.open`
        self._open: list[_Worker] = []
        self._ready: queue.SimpleQueue[_Worker] = queue.SimpleQueue()  # each worker up to _AT_A_TIME times
        self._losses: list[str] = []
        self._lock = threading.RLock()
        self._last_seen = time.monotonic()  # when a worker was open for the last time
        self._is_stopped = threading.Event()
        self._callers = 0  # threads that wait for a batch
        self._max_losses = _TRIES * workers
        for _ in range(workers):
            self._start()

    def run(self, *arguments: Any) -> Any:
        """Runs a batch on some worker; if that worker is lost, on another one.

        Args:
            arguments: of the batch function; rows that were read on the cluster are a reference.
        """
        with self._lock:
            self._callers += 1
        try:
            return self._run(arguments)
        finally:
            with self._lock:
                self._callers -= 1

    def close(self) -> None:
        """Closes the batch functions, so that the last tagged texts are written to the cache."""
        import ray

        closing = [worker.actor.close.remote() for worker in self._open]
        ray.wait(closing, num_returns=len(closing), timeout=_END_SECONDS) if closing else None

    def kill(self) -> None:
        """Ends the actors, and waits until no thread waits for them any more."""
        import ray

        self._is_stopped.set()
        for worker in [*self._open, *self._starting.values()]:
            ray.kill(worker.actor)
        end = time.monotonic() + _END_SECONDS
        while self._callers and time.monotonic() < end:
            time.sleep(_LOOK_UP_SECONDS / 4)

    def _run(self, arguments: tuple[Any, ...]) -> Any:
        import ray
        from ray.exceptions import RayError, RayTaskError

        shared = [ray.put(pack_frame(each)) if isinstance(each, pl.DataFrame) else each for each in arguments]
        losses: list[str] = []
        while len(losses) < _TRIES:
            worker = self._take()
            try:
                made = self._wait(worker.actor.run.remote(*shared))
            except RayTaskError as error:
                raise ray_nodes.unwrap_error(error) from error
            except RayError as error:  # the actor, its node, or the result is gone
                losses.append(joined(": ", (worker.node, ray_nodes.first_line(error))))
                self._lose(worker, error)
            else:
                self._ready.put(worker)
                return made
        raise EtlError(
            tr(
                "a batch was given to {tries} workers of the Ray cluster, and none of them lived",
                tries=_TRIES,
            ),
            details=[tr("on the node {loss}", loss=loss) for loss in losses],
            cause=tr("The nodes are being taken away, or have too little memory for the tagger."),
            next_step=tr("run the command again, with fewer `--workers` if memory is short."),
        )

    def _wait(self, reference: Any) -> Any:
        import ray

        while not ray.wait([reference], timeout=_LOOK_UP_SECONDS)[0]:
            if self._is_stopped.is_set():
                raise CancelledError
        return ray.get(reference)

    def _take(self) -> _Worker:
        """Waits for a worker that has room for a batch."""
        while True:
            if self._is_stopped.is_set():
                raise CancelledError
            self._collect_started()
            with suppress(queue.Empty):
                worker = self._ready.get(timeout=_LOOK_UP_SECONDS)
                if not worker.is_lost:
                    return worker

    def _start(self) -> None:
        import ray

        # Not restarted by Ray: it would wait for the place of the old one, and keep the batches waiting.
        worker = _Worker(ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(_Actor).remote())
        self._starting[worker.actor.open.remote(*self._arguments)] = worker

    def _collect_started(self) -> None:
        """Makes the workers that have opened meanwhile available.

        Raises:
            EtlError: one cannot be opened; or there has been none for too long.
        """
        import ray
        from ray.exceptions import RayError, RayTaskError

        with self._lock:
            waiting = list(self._starting)
            done, _ = ray.wait(waiting, num_returns=len(waiting), timeout=0) if waiting else ([], [])
            for reference in done:
                worker = self._starting.pop(reference)
                try:
                    worker.node = ray.get(reference)
                except RayTaskError as error:
                    raise ray_nodes.unwrap_error(error) from error
                except RayError as error:
                    self._lose(worker, error)
                else:
                    self._open.append(worker)
                    for _ in range(_AT_A_TIME):
                        self._ready.put(worker)
            if done and not self._starting:
                nodes = len({worker.node for worker in self._open})
                workers = plural("{number:,} worker", "{number:,} workers", len(self._open))
                where = plural("{number:,} node", "{number:,} nodes", nodes)
                _log.warning(tr("{workers} on {nodes} ready", workers=workers, nodes=where))
            if self._open:
                self._last_seen = time.monotonic()
            elif time.monotonic() - self._last_seen > _START_SECONDS or len(self._losses) > _TRIES:
                raise self._no_worker_error()

    def _lose(self, worker: _Worker, error: RayError) -> None:
        import ray

        with self._lock:
            if worker.is_lost:
                return
            worker.is_lost = True
            if worker in self._open:
                self._open.remove(worker)
            self._losses.append(joined(": ", (worker.node, ray_nodes.first_line(error))))
            with suppress(ValueError):
                ray.kill(worker.actor)  # it may live, and only be out of reach
            if len(self._losses) <= self._max_losses:
                self._start()
        if not self._is_stopped.is_set():
            _log.warning(tr("a worker on the node {node} was lost; others do its work", node=worker.node))

    def _no_worker_error(self) -> EtlError:
        return EtlError(
            tr("no worker starts on the Ray cluster"),
            details=[tr("on the node {loss}", loss=loss) for loss in self._losses[-_TRIES:]]
            or [tr("waited {seconds} s for a node with a free processor", seconds=_START_SECONDS)],
            cause=tr(
                "All processors are taken, or the nodes do not have this package with its dependencies."
            ),
            next_step=tr(
                "look at the nodes with `ray status`; each needs what is installed on this machine."
            ),
        )


def _check_same(got: dict[str, str], expected: dict[str, str], node: str) -> None:
    differing = [name for name in expected if got.get(name) != expected[name]]
    if differing:
        raise InputError(
            tr("the node {node} would give other rows than this machine", node=node),
            details=[
                tr(
                    "{name}: expected {expected}, got {got}",
                    name=name,
                    expected=expected[name],
                    got=got.get(name),
                )
                for name in differing
            ],
            cause=tr("Another version of this package, of polars or of the tagger is installed there."),
            next_step=tr("install the same versions on each node: `pip install -c constraints.txt …`."),
        )

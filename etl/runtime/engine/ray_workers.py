"""Long-lived workers on a Ray cluster, each of which has opened its work, and its tagger, once for itself.

A worker or its node may die at any moment. Then its batches go to others, and another worker is started
wherever there is room. What is made of a batch depends on nothing but the batch, so it may be made twice.
"""

from __future__ import annotations

import os
import platform
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from etl.errors import EtlError, InputError
from etl.runtime.console import counted
from etl.runtime.engine.local import Facts, OpenWork, Work
from etl.runtime.engine.packing import carried, carry
from etl.settings import Settings

if TYPE_CHECKING:
    from ray.exceptions import RayError, RayTaskError

_TRIES = 5  # of a batch: it may be innocent of the death of a worker, or of several
_AT_A_TIME = 2  # batches that a worker has: the next one arrives while one is worked on
_LOOK_UP_SECONDS = 0.2
_START_SECONDS = 300  # to wait for the first worker, or for another when all are lost
_END_SECONDS = 20


class _Actor:
    """What lives on a node: one processor's worth of work."""

    def __init__(self) -> None:
        # There is an actor for each processor; each with threads for all of them would only be in the way.
        os.environ.setdefault("POLARS_MAX_THREADS", "1")
        self._stack = ExitStack()
        self._work: Work | None = None

    def open(self, open_work: OpenWork, facts: Facts, packed: bytes, expected: dict[str, str]) -> str:
        """Opens the work, after it was compared what decides its result; says which node this is."""
        node = _this_node()
        try:
            settings = self._stack.enter_context(carried(packed))
            _check_same(facts(settings), expected, node)
            self._work = self._stack.enter_context(open_work(settings, 1))
        except EtlError as error:
            error.details.append(f"on the node {node}")
            raise
        return node

    def work(self, batch: pl.DataFrame) -> list[pl.DataFrame]:
        """Does the work."""
        assert self._work is not None
        return self._work(batch)

    def close(self) -> None:
        """Ends what was opened: taggers, caches."""
        self._stack.close()


@dataclass
class _Worker:
    """An actor as it is seen from here; its node is known once it is open."""

    actor: Any
    node: str = "that has not said its name"
    is_lost: bool = False


@contextmanager
def opened(
    open_work: OpenWork, facts: Facts, settings: Settings, workers: int, say: Callable[[str], None]
) -> Iterator[Work]:
    """Work that is done by `workers` actors; any number of threads may ask for it at a time.

    Raises:
        InputError: a node has other code, packages or another tagger than this machine.
        EtlError: what `open_work` raises on a node; no worker starts; or a batch is given up.
    """
    arguments = (open_work, facts, carry(settings), facts(settings))
    troop = _Troop(arguments, workers, say)
    try:
        yield troop.work
        troop.close()
    finally:
        troop.kill()


class _Troop:
    """All workers of a run."""

    def __init__(self, arguments: tuple[Any, ...], workers: int, say: Callable[[str], None]):
        self._arguments = arguments
        self._say = say
        self._starting: dict[Any, _Worker] = {}  # by what tells that it is open
        self._open: list[_Worker] = []
        self._ready: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._deaths: list[str] = []
        self._lock = threading.RLock()
        self._last_seen = time.monotonic()
        self._is_stopped = threading.Event()
        self._asking = 0
        self._most_deaths = _TRIES * workers
        for _ in range(workers):
            self._start()

    def work(self, batch: pl.DataFrame) -> list[pl.DataFrame]:
        """Has some worker do the work; another one, if it dies."""
        with self._lock:
            self._asking += 1
        try:
            return self._work(batch)
        finally:
            with self._lock:
                self._asking -= 1

    def close(self) -> None:
        """Has the workers end what they have opened: the last texts get into the cache."""
        import ray

        closing = [worker.actor.close.remote() for worker in self._open]
        ray.wait(closing, num_returns=len(closing), timeout=_END_SECONDS) if closing else None

    def kill(self) -> None:
        """Ends the workers, and waits for the threads that wait for them."""
        import ray

        self._is_stopped.set()
        for worker in [*self._open, *self._starting.values()]:
            ray.kill(worker.actor)
        end = time.monotonic() + _END_SECONDS
        while self._asking and time.monotonic() < end:
            time.sleep(_LOOK_UP_SECONDS / 4)

    def _work(self, batch: pl.DataFrame) -> list[pl.DataFrame]:
        import ray
        from ray.exceptions import RayError, RayTaskError

        shared = ray.put(batch)
        losses: list[str] = []
        while len(losses) < _TRIES:
            worker = self._take()
            try:
                made = self._wait(worker.actor.work.remote(shared))
            except RayTaskError as error:
                raise raised_there(error) from error
            except RayError as error:  # the actor, its node, or what it has made is gone
                losses.append(f"{worker.node}: {first_line(error)}")
                self._lose(worker, error)
            else:
                self._ready.put(worker)
                return made
        raise EtlError(
            f"a batch was given to {_TRIES} workers of the Ray cluster, and none of them lived",
            details=[f"on the node {each}" for each in losses],
            cause="The nodes are being taken away, or have too little memory for the tagger.",
            next_step="run the command again, with fewer `--workers` if memory is short.",
        )

    def _wait(self, reference: Any) -> list[pl.DataFrame]:
        import ray

        while not ray.wait([reference], timeout=_LOOK_UP_SECONDS)[0]:
            if self._is_stopped.is_set():
                raise CancelledError
        made: list[pl.DataFrame] = ray.get(reference)
        return made

    def _take(self) -> _Worker:
        """A worker that has room for a batch."""
        while True:
            if self._is_stopped.is_set():
                raise CancelledError
            self._welcome()
            with suppress(queue.Empty):
                worker = self._ready.get(timeout=_LOOK_UP_SECONDS)
                if not worker.is_lost:
                    return worker

    def _start(self) -> None:
        import ray

        # Not restarted by Ray: it would wait for the place of the old one, and keep the batches waiting.
        worker = _Worker(ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(_Actor).remote())
        self._starting[worker.actor.open.remote(*self._arguments)] = worker

    def _welcome(self) -> None:
        """Looks whether workers have opened meanwhile.

        Raises:
            EtlError: one cannot be opened; or there is none, and has not been for long.
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
                    raise raised_there(error) from error
                except RayError as error:
                    self._lose(worker, error)
                else:
                    self._open.append(worker)
                    for _ in range(_AT_A_TIME):
                        self._ready.put(worker)
            if done and not self._starting:
                nodes = len({worker.node for worker in self._open})
                workers = counted(len(self._open), "worker")
                self._say(f"note: {workers} on {counted(nodes, 'node')} ready")
            if self._open:
                self._last_seen = time.monotonic()
            elif time.monotonic() - self._last_seen > _START_SECONDS or len(self._deaths) > _TRIES:
                raise self._nobody()

    def _lose(self, worker: _Worker, error: RayError) -> None:
        import ray

        with self._lock:
            if worker.is_lost:
                return
            worker.is_lost = True
            if worker in self._open:
                self._open.remove(worker)
            self._deaths.append(f"{worker.node}: {first_line(error)}")
            with suppress(ValueError):
                ray.kill(worker.actor)  # it may live, and only be out of reach
            if len(self._deaths) <= self._most_deaths:
                self._start()
        if not self._is_stopped.is_set():
            self._say(f"note: a worker on the node {worker.node} was lost; others do its work")

    def _nobody(self) -> EtlError:
        return EtlError(
            "no worker starts on the Ray cluster",
            details=[f"on the node {death}" for death in self._deaths[-_TRIES:]]
            or [f"waited {_START_SECONDS} s for a node with a free processor"],
            cause="All processors are taken, or the nodes do not have this package with its dependencies.",
            next_step="look at the nodes with `ray status`; each needs what is installed on this machine.",
        )


def raised_there(error: RayTaskError) -> BaseException:
    """What was raised on a node, without Ray's wrapping."""
    return error.cause if isinstance(error.cause, Exception) else error


def first_line(error: BaseException) -> str:
    """What an error of Ray says, in a line; its texts are long."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _this_node() -> str:

    import ray

    return f"{platform.node()} ({ray.get_runtime_context().get_node_id()[:12]})"


def _check_same(got: dict[str, str], expected: dict[str, str], node: str) -> None:
    differing = [name for name in expected if got.get(name) != expected[name]]
    if differing:
        raise InputError(
            f"the node {node} would give other rows than this machine",
            details=[f"{name}: expected {expected[name]}, got {got.get(name)}" for name in differing],
            cause="Another version of this package, of polars or of the tagger is installed there.",
            next_step="install the same versions on each node: `pip install -c constraints.txt …`.",
        )

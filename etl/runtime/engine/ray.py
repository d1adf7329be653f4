"""Runs batches and tasks on a Ray cluster: one that is there already, or one for this run on this machine.

Ray decides placement. `etl.runtime.engine.ray_workers` makes sure that no batch is lost when a node dies.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from etl.errors import EtlError, SettingsError
from etl.runtime.engine import ray_workers
from etl.runtime.engine.local import Facts, OpenWork, Run, Work
from etl.settings import Settings

Done = TypeVar("Done")

_AHEAD = 2  # batches for each processor: the next one arrives while one is worked on
_RETRIES = 3  # of a task whose node died
_ANSWER_SECONDS = 10
_DISTRIBUTION = "korean-emotion-etl"


@dataclass(frozen=True)
class Ray:
    """A cluster this process is connected to; made by `open_ray`.

    Args:
        workers: actors, one for each processor that is used.
        say: told what a person who watches should know, such as a node that was lost.
    """

    workers: int
    say: Callable[[str], None]

    @property
    def in_flight(self) -> int:
        """Some batches for each worker."""
        return self.workers * _AHEAD

    @property
    def parts(self) -> int:
        """One for each processor."""
        return self.workers

    def opened(self, open_work: OpenWork, facts: Facts, settings: Settings) -> AbstractContextManager[Work]:
        """Work that is done by actors, each of which has opened it once for itself.

        Raises:
            InputError: a node has other code, packages or another tagger than this machine.
            EtlError: what `open_work` raises there; or so many nodes died that a batch is given up.
        """
        return ray_workers.opened(open_work, facts, settings, self.workers, self.say)

    @property
    def run(self) -> Run:
        """See `run_tasks`."""
        return partial(run_tasks, in_flight=self.in_flight)


@contextmanager
def open_ray(address: str | None, workers: int | None, say: Callable[[str], None]) -> Iterator[Ray]:
    """Connects to a cluster, or starts one on this machine which ends with the block.

    Args:
        address: as `ray start --head` prints it, `auto` for one that runs on this machine; None: start one.
        workers: how many processors are used; all, if not given.
        say: told what a person who watches should know.

    Raises:
        SettingsError: Ray is not installed, or there is no cluster at the address.
        EtlError: Ray does not start on this machine.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # it would tell its makers about this machine
    try:
        import ray
    except ModuleNotFoundError as error:
        raise SettingsError(
            "Ray is not installed",
            details=[f"expected the package {error.name}"],
            next_step=f"pip install '{_DISTRIBUTION}[ray]', or use `--engine local`.",
        ) from error
    try:
        with _uninterrupted():  # half-started, Ray leaves processes behind
            _connect(address, workers)
        yield Ray(workers or _processors(), say)
    finally:
        ray.shutdown()


def run_tasks(function: Callable[[Any], Done], arguments: Iterable[Any], in_flight: int) -> Iterator[Done]:
    """`map` on the cluster, in order, at most so many at a time; also from inside a task.

    Raises:
        EtlError: what the function raises; or the nodes die on which a task is tried.
    """
    import ray

    task: Any = ray.remote(num_cpus=1, max_retries=_RETRIES)(_call)
    shared = ray.put(function)
    pending: deque[Any] = deque()
    try:
        for argument in arguments:
            pending.append(task.remote(shared, argument))
            if len(pending) >= in_flight:
                yield _result(pending.popleft())
        while pending:
            yield _result(pending.popleft())
    finally:
        for reference in pending:
            ray.cancel(reference, force=True)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C is heard when the block is left."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if heard:
        raise KeyboardInterrupt


def _processors() -> int:
    import ray

    return max(1, int(sum(node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"])))


def _call(function: Callable[[Any], Done], argument: Any) -> Done:
    return function(argument)


def _result(reference: Any) -> Any:
    import ray
    from ray.exceptions import RayError, RayTaskError

    try:
        return ray.get(reference)
    except RayTaskError as error:
        raise ray_workers.raised_there(error) from error
    except RayError as error:
        raise EtlError(
            "a task was lost on the Ray cluster",
            details=[f"tried {_RETRIES + 1} times: {ray_workers.first_line(error)}"],
            cause="The node it ran on died, or has too little memory for the keys of the whole corpus.",
            next_step="look at the nodes with `ray status`, and run the command again.",
        ) from error


def _connect(address: str | None, workers: int | None) -> None:
    import ray

    said_by_nodes: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        if address is None:
            ray.init("local", num_cpus=workers, include_dashboard=False, **said_by_nodes)
        else:
            _check_answers(address)
            ray.init(address, **said_by_nodes)
    except (ConnectionError, TimeoutError, socket.gaierror, ValueError) as error:
        raise SettingsError(
            f"there is no Ray cluster at {address}",
            details=[ray_workers.first_line(error)],
            cause="It is not running, or this machine is none of its nodes.",
            next_step="start one with `ray start --head`, or leave out --address.",
        ) from error
    except (RuntimeError, OSError) as error:
        raise EtlError(
            "Ray does not start" if address is None else f"the Ray cluster at {address} does not answer",
            details=[ray_workers.first_line(error)],
            next_step="`ray status` says more; or use `--engine local`.",
        ) from error


def _check_answers(address: str) -> None:
    """Ray itself tries for minutes.

    Raises:
        OSError: nothing listens at the address.
        ValueError: it is no address.
    """
    if address == "auto":
        return
    host, _, port = address.removeprefix("ray://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=_ANSWER_SECONDS):
        pass

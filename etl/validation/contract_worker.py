"""Checks the output contract in a process of its own, beside all other checks.

The import of Great Expectations alone takes two seconds of a core. The process begins it as soon as it is
known that a validation will follow.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from etl.dataset.read import Dataset
from etl.runtime import processes
from etl.runtime.processes import KeepLocksContext
from etl.validation.checks import output_contract
from etl.validation.view import Breach

if TYPE_CHECKING:
    from pebble import ProcessPool

# Starts `output_contract.find_breaches` of a dataset; returns how to wait for its result.
StartCheck = Callable[[Dataset], Callable[[], list[Breach]]]


def in_process(dataset: Dataset) -> Callable[[], list[Breach]]:
    """Checks the contract in this process, at once.

    Raises:
        EtlError: see `output_contract.find_breaches`.
    """
    breaches = output_contract.find_breaches(dataset)
    return lambda: breaches


@contextmanager
def reraise_with_shard(wait_for_breaches: Callable[[], list[Breach]]) -> Iterator[None]:
    """Replaces an error of the block by that of the contract's check, if it has one: it names the shard."""
    try:
        yield
    except Exception:
        wait_for_breaches()
        raise


@contextmanager
def in_subprocess() -> Iterator[StartCheck]:
    """Starts a process that imports Great Expectations; yields what makes it check a dataset.

    If this process has imported it already, it is used instead.
    """
    if "great_expectations" in sys.modules:
        yield in_process
        return
    from pebble import ProcessPool

    pool = ProcessPool(1, initializer=processes.init_worker, context=KeepLocksContext())
    try:
        with processes.block_interrupts():  # the first job starts the process
            pool.schedule(_import)
        yield partial(_start_in_pool, pool)
    finally:
        processes.kill_pool(pool)


def _start_in_pool(pool: ProcessPool, dataset: Dataset) -> Callable[[], list[Breach]]:
    """Checks in the process of the pool; if that is killed, for lack of memory perhaps, in this one."""
    from pebble import ProcessExpired

    check_here = partial(output_contract.find_breaches, dataset)
    try:
        future = pool.schedule(output_contract.find_breaches, args=[dataset])
    except RuntimeError:  # the pool is no longer active
        return check_here

    def wait() -> list[Breach]:
        try:
            return processes.wait_for_result(future)
        except (ProcessExpired, BrokenProcessPool):
            return check_here()

    return wait


def _import() -> None:
    import tqdm

    # Its own lock would be a semaphore of the system, which a process that is killed leaves behind.
    tqdm.tqdm.set_lock(threading.RLock())
    output_contract.great_expectations()

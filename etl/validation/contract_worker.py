"""The contract's checks in a process of their own, beside all others.

The import of Great Expectations alone takes two seconds of a core. Here it begins as soon as it is known that
it will be needed, and holds up nobody.
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
from etl.validation.checks.output_contract import Breach

if TYPE_CHECKING:
    from pebble import ProcessPool

# `contract_checks.find_breaches`, begun; what it returns is asked for later.
BeginToFind = Callable[[Dataset, tuple[str, ...]], Callable[[], list[Breach]]]


def here(dataset: Dataset, labels: tuple[str, ...]) -> Callable[[], list[Breach]]:
    """In this process, and now.

    Raises:
        EtlError: see `contract_checks.find_breaches`.
    """
    found = output_contract.find_breaches(dataset, labels)
    return lambda: found


@contextmanager
def explained_by(breaches: Callable[[], list[Breach]]) -> Iterator[None]:
    """Inside, what cannot be read is explained as the contract's checks do it: they name the shard."""
    try:
        yield
    except Exception:
        breaches()
        raise


@contextmanager
def imported() -> Iterator[BeginToFind]:
    """Inside, a process imports Great Expectations, and then waits for a dataset to check.

    Where this process has imported it already, it checks by itself.
    """
    if "great_expectations" in sys.modules:
        yield here
        return
    from pebble import ProcessPool

    pool = ProcessPool(1, initializer=processes.init_worker, context=KeepLocksContext())
    try:
        with processes.block_interrupts():  # the first job starts the process
            pool.schedule(_import)
        yield partial(_there, pool)
    finally:
        processes.kill_pool(pool)


def _there(pool: ProcessPool, dataset: Dataset, labels: tuple[str, ...]) -> Callable[[], list[Breach]]:
    """In the process of the pool; if something has killed it, too little memory say, in this one."""
    from pebble import ProcessExpired

    alone = partial(output_contract.find_breaches, dataset, labels)
    try:
        found = pool.schedule(output_contract.find_breaches, args=[dataset, labels])
    except RuntimeError:  # the pool is no longer active
        return alone

    def wait() -> list[Breach]:
        try:
            return processes.wait_for_result(found)
        except (ProcessExpired, BrokenProcessPool):
            return alone()

    return wait


def _import() -> None:
    import tqdm

    # Its own lock would be a semaphore of the system, which a process that is killed leaves behind.
    tqdm.tqdm.set_lock(threading.RLock())
    output_contract.great_expectations()

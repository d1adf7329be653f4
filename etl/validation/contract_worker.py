"""Checks the output contract, with Great Expectations in a process of its own, beside all other checks.

Its import alone takes two seconds of a core. The process begins it as soon as it is known that a validation
will follow, unless an earlier one has left its verdicts: then it starts only if it has to be asked again.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from etl.dataset.read import Dataset
from etl.runtime import processes
from etl.runtime.processes import KeepLocksContext
from etl.runtime.threads import wait_for_result
from etl.validation.checks import output_contract
from etl.validation.row_patterns import SplitPatterns, Verdict
from etl.validation.verdicts import key_of, load_verdicts, save_verdicts
from etl.validation.view import Breach

if TYPE_CHECKING:
    from pebble import ProcessPool

# Starts to look for breaches of a dataset; returns how to wait for them.
StartCheck = Callable[[Dataset], Callable[[], list[Breach]]]
# Has patterns judged; returns how to wait for the verdicts.
Ask = Callable[[list[SplitPatterns]], Callable[[], list[Verdict]]]


def in_process(dataset: Dataset) -> Callable[[], list[Breach]]:
    """Checks the contract in this process, at once.

    Raises:
        EtlError: see `output_contract.begin` and `output_contract.judge_patterns`.
    """
    breaches = output_contract.begin(dataset, _ask_here)()
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
def in_subprocess(verdicts: Path | None = None) -> Iterator[StartCheck]:
    """Starts a process that imports Great Expectations; yields what makes it check a dataset.

    If this process has imported it already, it is used instead.

    Args:
        verdicts: a file with what earlier checks found; then the process waits until it is needed.
    """
    with ExitStack() as stack:
        open_once = cache(partial(_open, stack))
        if verdicts is None or not load_verdicts(verdicts):
            open_once()
        yield partial(output_contract.begin, ask=partial(_ask_unless_known, open_once, verdicts))


def _ask_unless_known(
    open_ask: Callable[[], Ask], file: Path | None, asked: list[SplitPatterns]
) -> Callable[[], list[Verdict]]:
    """Asks for what no earlier check has found, and replaces the file by what this one found."""
    if file is None:
        return open_ask()(asked)
    known, keys = load_verdicts(file), [key_of(patterns) for patterns in asked]
    unknown = {key: patterns for key, patterns in zip(keys, asked, strict=True) if key not in known}
    if not unknown:
        return lambda: [known[key] for key in keys]
    wait_for_verdicts = open_ask()([*unknown.values()])

    def wait() -> list[Verdict]:
        found = known | dict(zip(unknown, wait_for_verdicts(), strict=True))
        save_verdicts(file, {key: found[key] for key in keys})
        return [found[key] for key in keys]

    return wait


def _ask_here(asked: list[SplitPatterns]) -> Callable[[], list[Verdict]]:
    verdicts = output_contract.judge_patterns(asked)
    return lambda: verdicts


def _open(stack: ExitStack) -> Ask:
    """Starts the process, which ends with the stack, unless this one has the library already."""
    if "great_expectations" in sys.modules:
        return _ask_here
    from pebble import ProcessPool

    pool = ProcessPool(1, initializer=processes.init_worker, context=KeepLocksContext())
    stack.callback(processes.kill_pool, pool)
    with processes.block_interrupts():  # the first job starts the process
        pool.schedule(_import)
    return partial(_ask_pool, pool)


def _ask_pool(pool: ProcessPool, asked: list[SplitPatterns]) -> Callable[[], list[Verdict]]:
    """Asks in the process of the pool; if that is killed, for lack of memory perhaps, in this one."""
    from pebble import ProcessExpired

    judge_here = partial(output_contract.judge_patterns, asked)
    try:
        future = pool.schedule(output_contract.judge_patterns, args=[asked])
    except RuntimeError:  # the pool is no longer active
        return judge_here

    def wait() -> list[Verdict]:
        try:
            return wait_for_result(future, pool)
        except (ProcessExpired, BrokenProcessPool):
            return judge_here()

    return wait


def _import() -> None:
    import tqdm

    # Its own lock would be a semaphore of the system, which a process that is killed leaves behind.
    tqdm.tqdm.set_lock(threading.RLock())
    output_contract.great_expectations()

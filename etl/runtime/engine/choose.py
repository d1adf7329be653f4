"""The engine by its name: `local` or `ray`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from etl.errors import SettingsError
from etl.runtime.engine.local import Engine, Local
from etl.runtime.engine.ray import open_ray


@contextmanager
def open_engine(
    name: str, address: str | None, workers: int | None, say: Callable[[str], None]
) -> Iterator[Engine]:
    """Where the work is done until the block is left.

    Args:
        name: `local` or `ray`.
        address: of a Ray cluster; None: one is started on this machine for as long.
        workers: how many processors are used; all, if not given.
        say: told what a person who watches should know.

    Raises:
        SettingsError: there is an address but nothing to connect to; or see `open_ray`.
    """
    if name == "ray":
        with open_ray(address, workers, say) as engine:
            yield engine
    elif address is not None:
        raise SettingsError(
            "an address is given, but the engine is local",
            details=[f"got {address}"],
            next_step="add `--engine ray`, or leave out the address.",
        )
    else:
        yield Local(workers or os.cpu_count() or 1)

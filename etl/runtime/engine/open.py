"""Opens an engine by its name, as the option `--engine` gives it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from etl.errors import SettingsError
from etl.language.message import tr
from etl.runtime.engine.local import LocalEngine
from etl.runtime.engine.protocol import Engine
from etl.runtime.engine.ray import open_ray


@contextmanager
def open_engine(name: str, address: str | None, workers: int | None) -> Iterator[Engine]:
    """Opens the engine `name`; it is closed when the block is left.

    Args:
        name: `local` or `ray`.
        address: of a running Ray cluster; None: one is started on this machine, and ended with the block.
        workers: number of processors to use; None: all of them.

    Raises:
        SettingsError: there is an address but the engine is local; or see `open_ray`.
    """
    if name == "ray":
        with open_ray(address, workers) as engine:
            yield engine
    elif address is not None:
        raise SettingsError(
            tr("an address is given, but the engine is local"),
            details=[tr("got {address}", address=address)],
            next_step=tr("add `--engine ray`, or leave out the address."),
        )
    else:
        yield LocalEngine(workers or os.cpu_count() or 1)

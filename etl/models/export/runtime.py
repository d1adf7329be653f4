"""The interface of an export format: functions that write, quantise, run and describe a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from etl.errors import SettingsError
from etl.language.message import tr
from etl.models.silence import silence
from etl.runtime.signals import delayed

if TYPE_CHECKING:
    # Ids (rows, max_len) to probabilities (rows, labels).
    Run = Callable[[npt.NDArray[np.int32]], npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Runtime:
    """A format, and the runtime that its files are checked with.

    `convert` writes a module that takes ids (batch, max_len), or a linear model, to a path. `quantise` writes
    the int8 variant of a file to another path; None where there is none. `load` returns a function that runs
    a file on a number of threads. `describe` returns operators and versions, for `metadata.json`.
    """

    name: str
    file: str
    shape: tuple[int | str, str]  # of the input; a second size that is not `max_len` may be any number
    packages: tuple[str, ...]  # modules of the extra
    extra: str
    install: str  # the command
    convert: Callable[[Any, int, Path], None]
    quantise: Callable[[Path, Path], None] | None
    load: Callable[[Path, int], Run]
    describe: Callable[[Path], dict[str, object]]


def check_installed(runtime: Runtime) -> None:
    """Checks that the packages of a format are installed.

    Raises:
        SettingsError: they are not; the extra to install is named.
    """
    for package in runtime.packages:
        try:
            # A signal within the import of a library in C is an ImportError there.
            with silence(), delayed:
                import_module(package)
        except ImportError as error:
            raise SettingsError(
                tr(
                    "an export to {runtime} needs the extra [{extra}]",
                    runtime=runtime.name,
                    extra=runtime.extra,
                ),
                details=[error],
                next_step=runtime.install,
            ) from error

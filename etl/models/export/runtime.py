"""What a format of export has to bring: how to write a file, how to run it, and what it was made with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from etl.errors import SettingsError
from etl.models.silence import silenced

if TYPE_CHECKING:
    from torch import nn

    # Ids (rows, max_len) to probabilities (rows, labels).
    Run = Callable[[npt.NDArray[np.int32]], npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Runtime:
    """One format, and the runtime that its files are checked with.

    `convert` writes a module that takes ids (batch, max_len) to a path; `quantise` writes the int8 variant of
    a file beside it, and is None where there is none; `load` gives a function that runs a file on some
    threads; `facts` says what is in a file, versions included.
    """

    name: str
    file: str
    shape: tuple[int | str, str]  # of the input
    packages: tuple[str, ...]  # modules that the extra brings
    extra: str
    install: str  # the command
    convert: Callable[[nn.Module, int, Path], None]
    quantise: Callable[[Path, Path], None] | None
    load: Callable[[Path, int], Run]
    facts: Callable[[Path], dict[str, object]]


def require(runtime: Runtime) -> None:
    """Checks that the packages of a format are there.

    Raises:
        SettingsError: they are not; the extra to install is named.
    """

    for package in runtime.packages:
        try:
            with silenced():
                import_module(package)
        except ImportError as error:
            raise SettingsError(
                f"an export to {runtime.name} needs the extra [{runtime.extra}]",
                details=[str(error)],
                next_step=runtime.install,
            ) from error

"""TorchScript, for programs that load a model with libtorch, without Python.

torch maintains this format and no longer extends it: new programs should use ONNX.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from etl.models.export.runtime import Runtime
from etl.models.silence import silence

if TYPE_CHECKING:
    from torch import nn

    from etl.models.export.runtime import Run


def _convert(module: nn.Module, max_len: int, path: Path) -> None:
    """Writes `module`, for any number of rows of `max_len` ids."""
    import torch

    example = torch.ones((2, max_len), dtype=torch.int32)
    with silence(), torch.no_grad():
        traced = torch.jit.trace(module, (example,))
        content = io.BytesIO()  # torch aborts the process where it cannot write a file
        torch.jit.save(traced, content)
    path.write_bytes(content.getvalue())


def _load(path: Path, threads: int) -> Run:
    """Returns a function that runs the file."""
    import torch

    with silence():
        module = torch.jit.load(path, map_location="cpu")

    def run(ids: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            with torch.inference_mode():
                probabilities: npt.NDArray[np.float32] = module(torch.from_numpy(ids)).numpy()
        finally:
            torch.set_num_threads(before)
        return probabilities

    return run


def _describe(path: Path) -> dict[str, object]:  # noqa: ARG001
    """Returns the version of torch."""
    import torch

    return {"versions": {"torch": str(torch.__version__)}}


RUNTIME = Runtime(
    name="TorchScript",
    file="model.pt",
    shape=("batch", "max_len"),
    packages=("torch",),
    extra="train",
    install="pip install 'korean-emotion-etl[train]'",
    convert=_convert,
    quantise=None,
    load=_load,
    describe=_describe,
)

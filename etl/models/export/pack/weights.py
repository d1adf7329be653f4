"""The weights of a model, for a pack: 32-bit floats, or 8 bits with a scale for each row.

A network's have torch's names behind `weights.`. A linear model has `idf` (ids,), `bias` (labels,) and
`weights`, here (labels, ids). Of an array in 8 bits, `scales.` and its name has what each of its rows is
multiplied by, float32; vectors are never rounded.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from etl.models.card import BaselineCard
from etl.models.checkpoint import Checkpoint
from etl.models.export.pack.container import Tensors
from etl.models.linear.model import LinearModel

_LARGEST = 127


def pack_weights(checkpoint: Checkpoint, *, is_int8: bool) -> tuple[dict[str, Any], Tensors]:
    """Returns the part `model` of a config, which has its sizes, and the weights.

    Args:
        checkpoint: a linear model or a network of `etl train-baseline`.
        is_int8: whether matrices are rounded to 8 bits.
    """
    tensors: Tensors = {}
    for name, array in _read_weights(checkpoint).items():
        if is_int8 and array.ndim > 1:
            tensors[f"weights.{name}"], tensors[f"scales.{name}"] = _round(array)
        else:
            tensors[f"weights.{name}"] = array.astype(np.float32)
    return _describe(checkpoint), tensors


def _round(array: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    rows = array.reshape(len(array), -1)
    scales = np.maximum(abs(rows).max(axis=1), np.finfo(np.float32).tiny) / _LARGEST
    return np.rint(array / scales.reshape(-1, *[1] * (array.ndim - 1))).astype(np.int8), scales

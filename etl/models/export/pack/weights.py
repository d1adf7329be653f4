"""The weights of a model, for a pack: 32-bit floats, or 8 bits with a scale for each row.

A network's have torch's names behind `weights.`. A linear model has `idf` (ids,), `bias` (labels,) and
`weights`, here (labels, ids). Of an array in 8 bits, `scales.` and its name has what each of its rows is
multiplied by, float32; vectors are never rounded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from etl.models.baseline.shapes import CNN_WIDTHS, TRANSFORMER_HEADS, TRANSFORMER_LAYERS
from etl.models.card import BASELINE_WEIGHTS, BaselineCard, LinearCard
from etl.models.export.pack.container import Tensors

_LARGEST = 127


def pack_weights(folder: Path, card: BaselineCard | LinearCard, *, is_int8: bool) -> Tensors:
    """Returns the weights of a model of `etl train-baseline`, whose files have been checked.

    Args:
        folder: the model.
        card: of it.
        is_int8: whether matrices are rounded to 8 bits.
    """
    from safetensors.numpy import load_file

    arrays = load_file(folder / BASELINE_WEIGHTS)
    if isinstance(card, LinearCard):
        arrays["weights"] = arrays["weights"].T
    tensors: Tensors = {}
    for name, array in arrays.items():
        if is_int8 and array.ndim > 1:
            tensors[f"weights.{name}"], tensors[f"scales.{name}"] = _round(array)
        else:
            tensors[f"weights.{name}"] = array
    return tensors


def describe_model(card: BaselineCard | LinearCard) -> dict[str, Any]:
    """Returns the part `model` of a config: what kind it is, and its sizes."""
    if isinstance(card, LinearCard):
        return {"kind": "linear"}
    own = card.settings
    sizes = {"kind": own.model, "embedding": own.embedding, "hidden": own.hidden}
    if own.model == "cnn":
        return {**sizes, "widths": CNN_WIDTHS}
    if own.model == "transformer":
        return {**sizes, "heads": TRANSFORMER_HEADS, "layers": TRANSFORMER_LAYERS}
    return sizes


def _round(array: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    rows = array.reshape(len(array), -1)
    scales = np.maximum(abs(rows).max(axis=1), np.finfo(np.float32).tiny) / _LARGEST
    return np.rint(array / scales.reshape(-1, *[1] * (array.ndim - 1))).astype(np.int8), scales

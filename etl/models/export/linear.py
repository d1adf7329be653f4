"""ONNX of a linear model, node by node: ids of features in, probabilities out; it needs no exporter."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from etl.models.export import onnx
from etl.models.export.runtime import Runtime
from etl.models.linear.model import LinearModel

STEPS = (
    "clean the sentence and cut it into tokens as preparation.json says",
    "take its tokens, and its pairs of neighbouring tokens; and of each word of the cleaned sentence, cut at "
    "spaces and with a space before and after it, all pieces of one to four characters",
    "replace each that stands in features.json by 2 + its place in `tokens` followed by `characters`, each "
    "once, and leave the others out",
    "fill up with padding_id",
)


def _convert(model: LinearModel, max_len: int, path: Path, *, is_multi: bool) -> None:  # noqa: ARG001
    """Writes a model, for any number of rows of any number of ids; `is_multi`: of sets of labels."""
    from onnx import TensorProto, helper, numpy_helper, save

    constants = {
        **vars(model),
        "tiny": np.array(np.finfo(np.float32).tiny, dtype=np.float32),
        "second": np.array([1], dtype=np.int64),
    }
    nodes = [
        helper.make_node("Gather", ["idf", "ids"], ["found"]),  # (batch, features)
        helper.make_node("ReduceSumSquare", ["found", "second"], ["squares"], keepdims=1),
        helper.make_node("Sqrt", ["squares"], ["lengths"]),
        helper.make_node("Max", ["lengths", "tiny"], ["norms"]),  # a row without features is divided by it
        helper.make_node("Div", ["found", "norms"], ["values"]),
        helper.make_node("Unsqueeze", ["values", "second"], ["vectors"]),  # (batch, 1, features)
        helper.make_node("Gather", ["weights", "ids"], ["taken"]),  # (batch, features, labels)
        helper.make_node("MatMul", ["vectors", "taken"], ["products"]),
        helper.make_node("Squeeze", ["products", "second"], ["margins"]),
        helper.make_node("Add", ["margins", "bias"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["probabilities"])
        if is_multi
        else helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    given = helper.make_tensor_value_info("ids", TensorProto.INT32, ["batch", "features"])
    wanted = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", len(model.bias)])
    graph = helper.make_graph(
        nodes,
        "linear",
        [given],
        [wanted],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opset = helper.make_opsetid("", onnx.OPSET)
    save(helper.make_model(graph, opset_imports=[opset], ir_version=onnx.IR_VERSION), path)


def _describe(path: Path) -> dict[str, Any]:
    return onnx.describe(path, ("onnx", "onnxruntime"))


def make_runtime(*, is_multi: bool) -> Runtime:
    """Returns how a linear model is exported; `is_multi`: one of sets of labels."""
    return replace(
        onnx.RUNTIME,
        shape=("batch", "features"),
        packages=("onnx", "onnxruntime"),
        convert=partial(_convert, is_multi=is_multi),
        quantise=None,
        describe=_describe,
    )

"""ONNX, by torch's exporter; onnxruntime runs and quantises the file."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from etl.models.export.runtime import Runtime
from etl.models.silence import silence

if TYPE_CHECKING:
    from onnx import GraphProto
    from torch import nn

    from etl.models.export.runtime import Run

OPSET, IR_VERSION = 20, 9  # onnxruntime 1.18 reads both
# The operators with weights. Convolutions stay as they are: onnxruntime has no int8 kernel for their weights
# on a CPU.
INT8_OPERATORS = ["Gather", "Gemm", "LSTM", "MatMul"]


def convert(module: nn.Module, max_len: int, path: Path, *, is_open: bool = False) -> None:
    """Writes `module`, for any number of rows of `max_len` ids.

    Args:
        module: takes ids (batch, time).
        max_len: the ids of a row, 3 or more if `is_open`.
        path: where.
        is_open: take rows of 2 to `max_len` ids.
    """
    import torch

    # Two rows: the exporter takes a batch of one for a fixed size.
    example = torch.ones((2, max_len), dtype=torch.int32)
    with silence():
        sizes = {0: torch.export.Dim("batch")}
        if is_open:
            sizes[1] = torch.export.Dim("time", max=max_len)
        program = torch.onnx.export(
            module,
            (example,),
            input_names=["ids"],
            output_names=["probabilities"],
            dynamic_shapes={"ids": sizes},
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    _remove_origins(model.graph)
    path.write_bytes(model.SerializeToString())


def _remove_origins(graph: GraphProto) -> None:
    """Removes the source lines, with their paths on this machine, that torch records at each node."""
    for part in (*graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    graph.ClearField("metadata_props")
    for node in graph.node:
        for attribute in node.attribute:
            # Reading a field that is not set would set it.
            for inner in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                _remove_origins(inner)


def quantise(source: Path, target: Path) -> None:
    """Writes the dynamic-range int8 variant: 8-bit activations, quantised at run time, and weights of 7 bits.

    x86 processors without VNNI add products of bytes in 16 bits. With weights of 8 bits the sum overflows and
    is cut off, and the file gives other answers there than on other processors.
    """
    from onnxruntime.quantization import QuantType, quant_pre_process, quantize_dynamic

    folded = target.with_name(f"folded-{target.name}")
    with silence():
        # The graph reorders the gates of recurrent layers from the order of torch to that of ONNX. Done once
        # here, their weights are constants, and only constants are quantised.
        quant_pre_process(source, folded, skip_symbolic_shape=True)
        quantize_dynamic(
            folded,
            target,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=INT8_OPERATORS,
            reduce_range=True,
        )
    folded.unlink()


def _load(path: Path, threads: int) -> Run:
    """Returns a function that runs the file."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def run(ids: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        probabilities: npt.NDArray[np.float32]
        [probabilities] = session.run(["probabilities"], {"ids": ids})
        return probabilities

    return run


def describe(
    path: Path, packages: Sequence[str] = ("onnx", "onnxruntime", "onnxscript", "torch")
) -> dict[str, object]:
    """Returns the operators of a file, and the versions of the packages that made it."""
    import onnx

    model = onnx.load(path)
    used = {(node.domain, node.op_type) for node in model.graph.node}
    return {
        "opset": {
            opset.domain or "ai.onnx": opset.version
            for opset in model.opset_import
            if opset.domain in {domain for domain, _ in used}
        },
        "operators": sorted(f"{domain or 'ai.onnx'}.{operator}" for domain, operator in used),
        "versions": {name: str(import_module(name).__version__) for name in packages},
    }


RUNTIME = Runtime(
    name="ONNX",
    file="model.onnx",
    shape=("batch", "max_len"),
    packages=("onnx", "onnxscript", "onnxruntime"),
    extra="onnx",
    install="pip install 'korean-emotion-etl[onnx]'",
    convert=convert,
    quantise=quantise,
    load=_load,
    describe=describe,
)

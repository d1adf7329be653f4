"""ONNX, by torch's exporter; run, and made int8, with onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from etl.models.export.runtime import Runtime
from etl.models.silence import silenced

if TYPE_CHECKING:
    from onnx import GraphProto
    from torch import nn

    from etl.models.export.runtime import Run

OPSET = 20
# What is made int8: the operators that hold the weights. Convolutions stay as they are, since onnxruntime has
# no int8 kernel for their weights on a CPU.
INT8_OPERATORS = ["Gather", "Gemm", "LSTM", "MatMul"]


def convert(module: nn.Module, max_len: int, path: Path) -> None:
    """Writes `module`, for any number of rows of `max_len` ids."""
    import torch

    # Two rows: a batch of one would be taken for a fixed size.
    example = torch.ones((2, max_len), dtype=torch.int32)
    with silenced():
        program = torch.onnx.export(
            module,
            (example,),
            input_names=["ids"],
            output_names=["probabilities"],
            dynamic_shapes={"ids": {0: torch.export.Dim("batch")}},
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    _forget_origins(model.graph)
    path.write_bytes(model.SerializeToString())


def _forget_origins(graph: GraphProto) -> None:
    """Takes out the lines of source code, with their paths on this machine, that torch notes at each node."""
    for part in (*graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    graph.ClearField("metadata_props")
    for node in graph.node:
        for attribute in node.attribute:
            # To look at a field that is not set would set it.
            for inner in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                _forget_origins(inner)


def quantise(source: Path, target: Path) -> None:
    """Writes the int8 variant: weights are int8, activations are made int8 as they come."""
    from onnxruntime.quantization import QuantType, quant_pre_process, quantize_dynamic

    folded = target.with_name(f"folded-{target.name}")
    with silenced():
        # The weights of recurrent layers stand in the order of torch's gates: put in that of ONNX once, here,
        # they are constants, and only constants are made int8.
        quant_pre_process(source, folded, skip_symbolic_shape=True)
        quantize_dynamic(folded, target, weight_type=QuantType.QInt8, op_types_to_quantize=INT8_OPERATORS)
    folded.unlink()


def load(path: Path, threads: int) -> Run:
    """Gives a function that runs the file."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def run(ids: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        probabilities: npt.NDArray[np.float32]
        [probabilities] = session.run(["probabilities"], {"ids": ids})
        return probabilities

    return run


def facts(path: Path) -> dict[str, object]:
    """Operators and versions."""
    import onnx
    import onnxruntime
    import onnxscript
    import torch

    model = onnx.load(path)
    used = {(node.domain, node.op_type) for node in model.graph.node}
    return {
        "opset": {
            each.domain or "ai.onnx": each.version
            for each in model.opset_import
            if each.domain in {domain for domain, _ in used}
        },
        "operators": sorted(f"{domain or 'ai.onnx'}.{operator}" for domain, operator in used),
        "versions": {
            module.__name__: str(module.__version__) for module in (onnx, onnxruntime, onnxscript, torch)
        },
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
    load=load,
    facts=facts,
)

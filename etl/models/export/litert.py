"""LiteRT, formerly TensorFlow Lite, by litert-torch; run with ai-edge-litert.

One sentence of a fixed length at a time: the accelerators of phones take no other shapes.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from etl.errors import FindingsError
from etl.language.message import tr
from etl.models.export.runtime import Runtime
from etl.models.silence import silence

if TYPE_CHECKING:
    from torch import nn

    from etl.models.export.runtime import Run


def _convert(module: nn.Module, max_len: int, path: Path) -> None:
    """Writes `module`, for one row of `max_len` ids.

    Raises:
        FindingsError: it needs an operator that is not built into the runtime.
    """
    import torch

    example = torch.ones((1, max_len), dtype=torch.int32)
    with silence():
        import litert_torch

        from etl.models.export.graph import NamedOutput

        litert_torch.convert(NamedOutput(module).eval(), sample_kwargs={"ids": example}).export(str(path))
    check_operators(path)


def _quantise(source: Path, target: Path) -> None:
    """Writes the dynamic-range int8 variant: int8 weights, activations quantised at run time."""
    with silence():
        from ai_edge_quantizer import quantizer, recipe

        work = quantizer.Quantizer(str(source))
        work.load_quantization_recipe(recipe.dynamic_wi8_afp32())
        work.quantize().export_model(str(target))
    check_operators(target)


def check_operators(path: Path) -> None:
    """Refuses a file with an operator that a phone's runtime does not have.

    Raises:
        FindingsError: the operators are named.
    """
    strange = [name for name in list_operators(path) if name.startswith("CUSTOM ")]
    if strange:
        raise FindingsError(
            tr("the LiteRT file needs operators that are not built into the runtime; nothing was written"),
            details=[tr("expected built-in operators only, got {operators}", operators=", ".join(strange))],
            cause=tr("The model does something that the converter has no built-in operators for."),
            next_step=tr("export to ONNX, or train another --model"),
        )


def list_operators(path: Path) -> list[str]:
    """Lists the operators of a file, sorted: the names of built-in ones, `CUSTOM name` for others."""
    from ai_edge_litert import schema_py_generated as schema

    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(path.read_bytes(), 0))
    used = set()
    for operator in model.operatorCodes:
        # Codes above 127 stand in the newer of two fields.
        code = max(operator.builtinCode, operator.deprecatedBuiltinCode)
        is_custom = code == schema.BuiltinOperator.CUSTOM
        used.add(f"CUSTOM {(operator.customCode or b'').decode()}" if is_custom else names[code])
    return sorted(used)


def _load(path: Path, threads: int) -> Run:
    """Returns a function that runs the file, one sentence after another."""
    from ai_edge_litert.interpreter import Interpreter

    with silence():
        interpreter = Interpreter(model_path=str(path), num_threads=threads)
        interpreter.allocate_tensors()
        classify = interpreter.get_signature_runner()

    def run(ids: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        return np.concatenate([classify(ids=row[None, :])["probabilities"] for row in ids])

    return run


def _describe(path: Path) -> dict[str, object]:
    """Returns the operators of a file, and the versions of the packages that made it."""
    packages = ("ai-edge-litert", "ai-edge-quantizer", "litert-torch", "torch")
    return {"operators": list_operators(path), "versions": {name: version(name) for name in packages}}


RUNTIME = Runtime(
    name="LiteRT",
    file="model.tflite",
    shape=(1, "max_len"),
    packages=("litert_torch", "ai_edge_litert.interpreter", "ai_edge_quantizer"),
    extra="litert",
    # The converter's own requirements contradict those of great-expectations; docs/export.md says how.
    install="pip install 'korean-emotion-etl[litert]' && pip install --no-deps litert-torch litert-converter",
    convert=_convert,
    quantise=_quantise,
    load=_load,
    describe=_describe,
)

"""Functions over arrays that numba compiles once: later runs load the machine code alone, without numba.

Importing numba, and making it ready, takes longer than anything else that a tagger needs to begin. So what
it has compiled is kept as an object file in the cache folder, and llvmlite, which is small, links it. The
file's name says for which sources, versions and processor it was made.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from etl.runtime.paths import cache_folder
from etl.runtime.scratch import scratch_path

_NUMBER = "int64"
# Kept as long as the process: what they have linked is called.
_engines: list[Any] = []


@dataclass(frozen=True)
class Code:
    """A compiled function.

    Args:
        module: where it stands; imported only to be compiled.
        function: its name there.
        parameters: for each a number, `int64`; an array, as numba writes it, such as `uint16[:, :]`, or where
            nothing but its elements is wanted `uint16*`; or a tuple of such.
        sources: other modules that are compiled with it.
    """

    module: str
    function: str
    parameters: tuple[Any, ...]
    sources: tuple[str, ...] = ()


def load(code: Code) -> Callable[..., int]:
    """Returns the function: it takes arrays and numbers as its parameters say, and returns a number, or 0.

    Arrays must be contiguous, of the type that is said, and as large as the function expects: it does not
    look. It runs without the lock of Python.
    """
    return _callable(code, *_compiled(code))


def _compiled(code: Code) -> tuple[str, bytes]:
    """The name and the machine code of a function, from the cache or compiled now."""
    path = cache_folder() / "compiled" / f"{code.module}.{code.function}-{_key(code)}.o"
    if (kept := _read(path)) is not None:
        return kept
    symbol, machine_code = _compile(code)
    with contextlib.suppress(OSError):  # else the next run compiles again
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch_path(path) as beside:
            beside.write_bytes(b"\n".join([symbol.encode(), _digest(machine_code), machine_code]))
            beside.replace(path)
    return symbol, machine_code


def _read(path: Path) -> tuple[str, bytes] | None:
    """What was kept, if it is there and whole."""
    try:
        symbol, digest, machine_code = path.read_bytes().split(b"\n", maxsplit=2)
    except (OSError, ValueError):
        return None
    return (symbol.decode(), machine_code) if _digest(machine_code) == digest else None


def _digest(machine_code: bytes) -> bytes:
    return hashlib.sha256(machine_code).hexdigest().encode()


def _key(code: Code) -> str:
    """What the machine code depends on."""
    known = hashlib.sha256(repr((code, *_machine(), version("numba"), version("llvmlite"))).encode())
    for module in (code.module, *code.sources, "etl.tagging.native.kernel"):
        known.update(_source(module))
    return known.hexdigest()[:16]


def _source(module: str) -> bytes:
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(module)
    return Path(spec.origin).read_bytes()


@cache
def _machine() -> tuple[str, str]:
    """The processor, by name and by what it can."""
    from llvmlite import binding

    return binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()


def _compile(code: Code) -> tuple[str, bytes]:
    import numba

    def typed(parameter: Any) -> Any:
        if isinstance(parameter, tuple):
            return numba.types.Tuple([typed(each) for each in parameter])
        name, dimensions = _parsed(parameter)
        element = numba.from_dtype(np.dtype(name))
        if parameter == _NUMBER:
            return element
        return numba.types.Array(element, dimensions, "C") if dimensions else numba.types.CPointer(element)

    function = getattr(import_module(code.module), code.function)
    parameters = tuple(typed(each) for each in code.parameters)
    function.compile(parameters)
    result = function.overloads[parameters]
    # What numba's own cache keeps, too.
    return result.fndesc.llvm_func_name, result.library._get_compiled_object()


def _callable(code: Code, symbol: str, machine_code: bytes) -> Callable[..., int]:
    leaves = list(_flat(code.parameters))
    address = _link(symbol, machine_code)
    # numba's convention: room for the result, room for an exception, then the parameters; tuples are flat.
    types = [kind for leaf in leaves for kind in _types(leaf)]
    plain = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *types)(address)

    def call(*arguments: Any) -> int:
        given = list(_flat(arguments))
        result, exception = ctypes.c_int64(), ctypes.c_void_p()
        passed = [part for leaf, each in zip(leaves, given, strict=True) for part in _passed(leaf, each)]
        status = plain(ctypes.addressof(result), ctypes.addressof(exception), *passed)
        if status > 0:
            raise RuntimeError(f"{code.module}.{code.function} failed with status {status}")
        return result.value

    return call


def _parsed(leaf: str) -> tuple[str, int]:
    """The type of a number or of elements, and how many dimensions an array has; 0 if it is none."""
    name, _, rest = leaf.partition("[")
    return name.removesuffix("*"), rest.count(":")


def _types(leaf: str) -> list[Any]:
    """What numba hands over for a parameter: of an array owner, object, sizes, data, shape and strides."""
    if leaf == _NUMBER:
        return [ctypes.c_int64]
    _, dimensions = _parsed(leaf)
    if not dimensions:
        return [ctypes.c_void_p]
    head = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p]
    return [*head, *[ctypes.c_int64] * (2 * dimensions)]


def _passed(leaf: str, argument: Any) -> list[int | None]:
    """Describes an argument as `_types` says; nobody owns an array, as nothing is counted."""
    if leaf == _NUMBER:
        return [int(argument)]
    name, dimensions = _parsed(leaf)
    if argument.dtype != np.dtype(name) or not argument.flags.c_contiguous:
        raise TypeError(f"expected a contiguous array of {name}, got {argument.dtype}")
    if not dimensions:
        return [argument.ctypes.data]
    if argument.ndim != dimensions:
        raise TypeError(f"expected {dimensions} dimensions, got {argument.ndim}")
    return [
        *(None, None, argument.size, argument.itemsize, argument.ctypes.data),
        *(*argument.shape, *argument.strides),
    ]


def _flat(nested: Any) -> Any:
    for each in nested:
        if isinstance(each, tuple):
            yield from _flat(each)
        else:
            yield each


def _link(symbol: str, machine_code: bytes) -> int:
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    machine = binding.Target.from_triple(binding.get_process_triple()).create_target_machine()
    engine = binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
    engine.add_object_file(binding.ObjectFileRef.from_data(machine_code))
    engine.finalize_object()
    _engines.append(engine)
    address: int = engine.get_function_address(symbol)
    if not address:
        raise RuntimeError(f"{symbol} is not in its own machine code")
    return address

"""A pack: one file that any language can read in a page of code.

It is a safetensors file, gzipped: eight bytes that say how long the header is (little endian), the header in
JSON, which has type, shape and place of each array, and the arrays one after another
(https://github.com/huggingface/safetensors#format). The array `config`, of bytes, is JSON; the others are
what it speaks of. The same content gives the same bytes.
"""

from __future__ import annotations

import gzip
import json
from typing import Any

import numpy as np
import numpy.typing as npt

Tensors = dict[str, npt.NDArray[Any]]

CONFIG = "config"
_LEVEL = 9


def write_pack(config: dict[str, Any], tensors: Tensors) -> bytes:
    """Returns the content of a pack.

    Args:
        config: what JSON can hold.
        tensors: arrays by name, none of them called `config`.
    """
    from safetensors.numpy import save

    spelt = json.dumps(config, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    arrays = {CONFIG: np.frombuffer(spelt, np.uint8), **tensors}
    content = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    return gzip.compress(content, _LEVEL, mtime=0)


def read_pack(content: bytes) -> tuple[dict[str, Any], Tensors]:
    """Returns config and arrays of a pack.

    Raises:
        ValueError: it is damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(gzip.decompress(content))
        return json.loads(tensors.pop(CONFIG).tobytes()), tensors
    except (OSError, EOFError, KeyError, SafetensorError) as error:
        raise ValueError(f"not a pack: {error}") from error

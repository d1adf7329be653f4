"""The options of an export: formats, and how many sentences a file is compared on."""

from __future__ import annotations

from typing import Literal

Format = Literal["onnx", "litert", "torchscript", "web", "android"]
ROWS = 1000
# Fewer sentences are no proof that a file is right, unless the split has no more.
MIN_ROWS = 500

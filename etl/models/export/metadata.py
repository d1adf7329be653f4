"""`metadata.json`: all that a program needs to know beside the exported file, and what was measured."""

from __future__ import annotations

import platform
import statistics
import time
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import numpy.typing as npt

from etl.models.export.parity import Loss, Parity

if TYPE_CHECKING:
    from etl.models.export.runtime import Run

FILE = "metadata.json"
FORMAT = 1
TIMED, WARM_UP, THREADS = 200, 10, 1


class Tensor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An input or output of the file; a size that is a word may be any number."""

    name: str
    type: str
    shape: tuple[int | str, ...]
    meaning: str


class Latency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long one sentence takes on the machine that exported, one at a time."""

    median_ms: float
    sentences: int
    threads: int
    processor: str


class Origin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file was made of; the hashes are sha256."""

    architecture: str
    weights_sha256: str
    manifest_sha256: str


class Preprocessing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What turns a sentence into ids; the files lie beside this one, the hashes are sha256."""

    steps: tuple[str, ...]
    vocabulary_file: str
    vocabulary_size: int
    vocabulary_sha256: str
    preparation_file: str
    preparation_sha256: str
    padding_id: int
    unknown_id: int


class Metadata(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of `metadata.json`."""

    format: int
    runtime: str
    file: str
    bytes: int
    sha256: str
    is_int8: bool
    labels: list[str]
    max_len: int
    input: Tensor
    output: Tensor
    preprocessing: Preprocessing
    model: Origin
    parity: Parity  # of the float32 file
    int8: Loss | None
    latency: Latency
    built_with: dict[str, object]


def to_bytes(metadata: Metadata) -> bytes:
    """The content of `metadata.json`."""
    return msgspec.json.format(msgspec.json.encode(metadata)) + b"\n"


def time_one(run: Run, ids: npt.NDArray[np.int32]) -> Latency:
    """The median time of one sentence, after some that do not count.

    Args:
        run: a file loaded on `THREADS` threads.
        ids: (rows, max_len), real sentences.
    """

    for row in ids[:WARM_UP]:
        run(row[None, :])
    taken = []
    for row in ids[:TIMED]:
        start = time.perf_counter()
        run(row[None, :])
        taken.append(time.perf_counter() - start)
    return Latency(round(statistics.median(taken) * 1000, 4), len(taken), THREADS, platform.machine())

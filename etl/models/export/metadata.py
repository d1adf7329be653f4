"""`metadata.json`: everything a program needs to use an exported file, and what was measured of it."""

from __future__ import annotations

import platform
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import numpy.typing as npt

from etl.errors import InputError
from etl.language.message import tr
from etl.models.export.parity import Loss, Parity
from etl.runtime.json_text import decode_json
from etl.user_files.plain import plain_file

if TYPE_CHECKING:
    from etl.models.export.runtime import Run

FILE = "metadata.json"
INPUT = "ids"  # of files that do not take text
FORMAT = 1
TIMED, WARM_UP, THREADS = 200, 10, 1


class Tensor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An input or output of the file; a size that is a word may be any number."""

    name: str
    type: str
    shape: tuple[int | str, ...]
    meaning: str


class Latency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The time of one sentence on the machine that exported, one at a time."""

    median_ms: float
    sentences: int
    threads: int
    processor: str


class Origin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The model and the dataset of the file; the hashes are sha256."""

    architecture: str
    weights_sha256: str
    manifest_sha256: str


class Preprocessing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The steps from a sentence to ids; the files lie beside this one, the hashes are sha256."""

    steps: tuple[str, ...]
    vocabulary_file: str
    vocabulary_size: int
    vocabulary_sha256: str
    preparation_file: str
    preparation_sha256: str
    padding_id: int
    unknown_id: int


class Vectors(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The conformance vectors beside this file, one a line; the hash is sha256."""

    file: str
    count: int
    sha256: str
    tolerance: float  # of a probability, on another machine or in another program


class Metadata(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of `metadata.json`."""

    format: int
    runtime: str
    file: str
    bytes: int
    sha256: str
    is_int8: bool
    labels: list[str]
    max_len: int | None  # None: any number of ids
    input: Tensor
    output: Tensor
    preprocessing: Preprocessing
    model: Origin
    parity: Parity  # of the float32 file
    int8: Loss | None
    latency: Latency
    built_with: dict[str, object]
    # A row has each label whose probability is at least its own; absent where a row has one label.
    thresholds: list[float] | msgspec.UnsetType = msgspec.UNSET
    # Absent in an export of a version of this tool that wrote none.
    vectors: Vectors | msgspec.UnsetType = msgspec.UNSET
    files: dict[str, str] | msgspec.UnsetType = msgspec.UNSET  # other files that are run, with their sha256


def to_bytes(metadata: Metadata) -> bytes:
    """Returns the content of `metadata.json`."""
    return msgspec.json.format(msgspec.json.encode(metadata)) + b"\n"


def read(folder: Path) -> Metadata:
    """Reads the `metadata.json` of an export.

    Raises:
        InputError: it is not there, damaged, or of another version of this tool.
    """
    path = folder / FILE
    again = tr("export the model again with `etl export MODEL --format FORMAT --out {folder}`", folder=folder)
    try:
        metadata = decode_json(plain_file(path).read_bytes(), Metadata)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(
            tr("{folder} is not an export", folder=folder),
            details=[tr("expected a folder with {file}", file=FILE)],
            next_step=tr("name the folder that `etl export` wrote, such as MODEL/export/onnx"),
        ) from error
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(
            tr("{path} cannot be read", path=path),
            details=[error],
            cause=tr("The file was edited or damaged, or another version of this tool wrote it."),
            next_step=again,
        ) from error
    if metadata.format != FORMAT:
        raise InputError(
            tr("{path} was written by another version of this tool", path=path),
            details=[tr("expected format {expected}, got {got}", expected=FORMAT, got=metadata.format)],
            next_step=again,
        )
    return metadata


def measure_latency(run: Run, ids: npt.NDArray[np.int32]) -> Latency:
    """Measures the median time of one sentence, after a warm-up.

    Args:
        run: a file loaded on `THREADS` threads.
        ids: (rows, max_len), of real sentences.
    """
    for row in ids[:WARM_UP]:
        run(row[None, :])
    seconds = []
    for row in ids[:TIMED]:
        start = time.perf_counter()
        run(row[None, :])
        seconds.append(time.perf_counter() - start)
    return Latency(round(statistics.median(seconds) * 1000, 4), len(seconds), THREADS, platform.machine())

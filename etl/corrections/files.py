"""Files of corrections as a run reads them: their decisions, and a hash whatever the order of lines."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from etl.corrections.decision import to_frame
from etl.corrections.read import read_file


@dataclass(frozen=True)
class CorrectionFiles:
    """Files of corrections.

    Attributes:
        decisions: of all files, see `etl.corrections.decision.to_frame`.
        hashes: pairs of the name of a file and the hash of its decisions, sorted.
    """

    decisions: pl.DataFrame
    hashes: tuple[tuple[str, str], ...]


def read_corrections(files: Sequence[str]) -> CorrectionFiles:
    """Reads files of corrections.

    Args:
        files: their paths; see `etl.corrections.read.read_decisions`.

    Raises:
        InputError: a file cannot be read, or a line is no decision.
    """
    frames = [to_frame(read_file(Path(file))) for file in files]
    hashes = [
        (Path(file).name, _hash_lines(frame["line"])) for file, frame in zip(files, frames, strict=True)
    ]
    return CorrectionFiles(pl.concat([to_frame([]), *frames]), tuple(sorted(hashes)))


def _hash_lines(lines: pl.Series) -> str:
    """Returns the sha256 of lines, sorted, each once."""
    return hashlib.sha256(b"\n".join(lines.unique().sort())).hexdigest()

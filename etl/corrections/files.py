"""Files of corrections as a run reads them: their decisions, and a hash whatever the order of lines."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from etl.corrections.decision import Decision, sort_decisions, to_line
from etl.corrections.read import read_file


@dataclass(frozen=True)
class CorrectionFiles:
    """Files of corrections.

    Attributes:
        decisions: of all files.
        hashes: pairs of the name of a file and the hash of its decisions, sorted.
    """

    decisions: list[Decision]
    hashes: tuple[tuple[str, str], ...]


def read_corrections(files: Sequence[str]) -> CorrectionFiles:
    """Reads files of corrections.

    Args:
        files: their paths; see `etl.corrections.read.read_decisions`.

    Raises:
        InputError: a file cannot be read, or a line is no decision.
    """
    read = [(Path(file).name, read_file(Path(file))) for file in files]
    return CorrectionFiles(
        [each for _, decisions in read for each in decisions],
        tuple(sorted((name, hash_decisions(decisions)) for name, decisions in read)),
    )


def hash_decisions(decisions: Iterable[Decision]) -> str:
    """Returns the sha256 of decisions, each as a line and once, in their order by time."""
    return hashlib.sha256(b"".join(to_line(each) + b"\n" for each in sort_decisions(decisions))).hexdigest()

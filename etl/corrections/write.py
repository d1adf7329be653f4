"""Writes a file of decisions as a whole: JSON lines, or CSV with the same columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from etl.corrections.decision import Decision, to_line
from etl.corrections.read import CSV
from etl.runtime.files import write_atomic
from etl.settings import PathLike


def write_decisions(path: PathLike, decisions: Iterable[Decision]) -> None:
    """Writes decisions, complete or not at all; a file that is there is replaced.

    Args:
        path: JSON lines; CSV in UTF-8 with a byte order mark, which spreadsheets expect, if it is called so.
        decisions: in the order of the lines.

    Raises:
        WriteError: it cannot be written.
    """
    file = Path(path)
    if file.suffix.lower() == CSV:
        write_atomic(file, _to_csv(decisions).encode("utf-8-sig"))
    else:
        write_atomic(file, b"".join(to_line(each) + b"\n" for each in decisions))


def _to_csv(decisions: Iterable[Decision]) -> str:
    cells = io.StringIO()
    writer = csv.DictWriter(cells, Decision.__struct_fields__, lineterminator="\r\n")
    writer.writeheader()
    for each in decisions:
        fields: dict[str, Any] = msgspec.json.decode(to_line(each))
        if isinstance(fields.get("label"), list):
            fields["label"] = msgspec.json.encode(fields["label"]).decode()
        writer.writerow(fields)
    return cells.getvalue()

"""A CSV for a spreadsheet: a line a row, with empty cells for the label, the decision and the reason.

It opens in a Korean Excel (UTF-8 with a byte order mark), and no cell is run as a formula.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import polars as pl

from etl.corrections.decision import Decision, problem_of
from etl.corrections.exchange.task import Answer, Task, bad_file, to_decision
from etl.corrections.read import open_cells
from etl.language.message import tr
from etl.runtime.json_text import decode_json
from etl.text.encoding import decode_text
from etl.text.spreadsheet import guard_cells, unguard

COLUMNS = (
    *("id", "source", "text", "given_label", "label", "decision", "by", "at", "why"),
    *("taxonomy", "text_hash"),
)
_NEEDED = ("id", "text", "label")
_EXPECTED = tr(
    "CSV with the columns {needed}, and any of {others}",
    needed=", ".join(_NEEDED),
    others=", ".join(COLUMNS),
)


def export(tasks: Sequence[Task], decisions: Mapping[str, Sequence[Decision]]) -> bytes:
    """Returns the file: a line for each row and decision; see `etl.corrections.exchange.label_studio`."""
    undecided: Sequence[Decision | None] = (None,)
    lines = [_line(task, decision) for task in tasks for decision in (decisions.get(task.id) or undecided)]
    frame = pl.DataFrame(lines, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
    return guard_cells(frame).write_csv(line_terminator="\r\n").encode("utf-8-sig")


def _line(task: Task, decision: Decision | None) -> tuple[str | None, ...]:
    row = (task.id, task.source, task.text, task.label)
    ending = (task.taxonomy, task.text_hash)
    if decision is None:
        return (*row, None, None, None, None, None, *ending)
    labels = decision.labels
    label = msgspec.json.encode(labels).decode() if len(labels) > 1 else "".join(labels)
    at = str(msgspec.to_builtins(decision.at))
    return (*row, label, decision.decision, decision.by, at, decision.why, *ending)


def read(path: Path, content: bytes, by: str = "", at: str = "") -> Iterator[Decision]:
    """Yields the decisions of a file; a line without a label and a decision is none.

    Args:
        path: its name, for errors.
        content: UTF-8, or as Excel saves it.
        by, at: of lines that do not say it.

    Raises:
        InputError: a column is missing, or a line cannot be used.
    """
    rows = open_cells(decode_text(content, str(path))[0])
    try:
        missing = [name for name in _NEEDED if name not in (rows.fieldnames or ())]
        if missing:
            found = ", ".join(rows.fieldnames or ()) or tr("none")
            raise bad_file(
                path,
                tr("there is no column {name}; the columns are: {found}", name=missing[0], found=found),
                _EXPECTED,
            )
        for row in rows:
            cells = {name: unguard(cell or "") for name, cell in row.items() if isinstance(name, str)}
            decision = _decision(cells, by, at)
            if decision is not None:
                yield decision
    except (ValueError, csv.Error) as error:
        raise bad_file(
            path,
            tr("line {number:,}: {problem}", number=rows.reader.line_num, problem=problem_of(error)),
            _EXPECTED,
        ) from error


def _decision(cells: Mapping[str, str], by: str, at: str) -> Decision | None:
    def cell(name: str) -> str:
        return cells.get(name, "").strip()

    task = Task(
        id=cells["id"],
        source=cell("source"),
        text=cells["text"],
        label=cell("given_label") or None,
        taxonomy=cell("taxonomy"),
        text_hash=cell("text_hash"),
    )
    label = cell("label")
    labels = decode_json(label, list[str]) if label.startswith("[") else [label]
    answer = Answer(cell("by") or by, cell("at") or at, labels, cell("decision"), cell("why"))
    return to_decision(task, answer)

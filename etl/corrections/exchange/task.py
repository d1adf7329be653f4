"""A row that people are asked about in another tool, and how their answer becomes a decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from etl.corrections.decision import Decision
from etl.corrections.text_hashes import text_hash
from etl.errors import InputError
from etl.language.message import tr


@dataclass(frozen=True)
class Task:
    """A row as it was shown.

    Args:
        id, source, text: of the row.
        label: what it was labelled with; None: nothing.
        taxonomy: the name of the labels.
        text_hash: of the text, before a tool changed how it is written; empty: that of `text`.
    """

    id: str
    source: str
    text: str
    label: str | None
    taxonomy: str
    text_hash: str = ""


@dataclass(frozen=True)
class Answer:
    """What a person said of a row.

    Args:
        by, at, why: as in a decision.
        labels: those that were chosen.
        decision: that was chosen; empty: it follows from the labels.
    """

    by: str
    at: datetime | str
    labels: Sequence[str] = ()
    decision: str = ""
    why: str = ""


def to_decision(task: Task, answer: Answer) -> Decision | None:
    """Returns the decision of a person on a row; None where neither a label nor a decision was chosen.

    A label that the row had is kept, another one replaces it.

    Raises:
        ValueError: a part is missing, or is none that a decision can have.
    """
    labels = tuple(sorted({label for label in answer.labels if label}))
    kind = answer.decision
    if not kind and labels:
        kind = "keep" if labels == (task.label,) else "relabel"
    if not kind:
        return None
    has_label = kind in {"relabel", "keep"}
    fields = {
        "id": task.id,
        "text_hash": task.text_hash or text_hash(task.text),
        "decision": kind,
        "label": (labels[0] if len(labels) == 1 else labels or None) if has_label else None,
        "taxonomy": task.taxonomy if has_label else "",
        "by": answer.by or "?",
        "at": answer.at,
        "why": answer.why,
    }
    decision = msgspec.convert(fields, Decision)  # a ValidationError is a ValueError
    if not answer.by:
        raise ValueError(tr("nobody is named who decided so; a CSV without `by` needs `--by NAME`"))
    return decision


def bad_file(path: Path, problem: str, expected: str) -> InputError:
    """Returns the error for a file that is not what was said."""
    return InputError(
        tr("{path} holds no decisions that can be read", path=path),
        details=[problem, tr("expected {expected}", expected=expected)],
        next_step=tr(
            "write tasks with `etl corrections export`; docs/review.md shows what each format holds."
        ),
    )

"""Columns as Argilla writes them for Hugging Face `datasets`, in Parquet or JSON lines.

    id, status, text, metadata as columns (source, given_label, taxonomy, text_hash), and for each question
    (`label`, `decision`, `why`):
    QUESTION.responses, QUESTION.responses.users, QUESTION.responses.status    lists, an item a person
    label.suggestion, label.suggestion.agent, label.suggestion.score          the label that the row has

A response has no time of its own there, so `decided_at` has a list of them, and `updated_at` of the record
counts where it is missing. Responses that are not `submitted` are none.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from etl.corrections.decision import Decision, problem_of
from etl.corrections.exchange.task import Answer, Task, bad_file, to_decision
from etl.language.message import tr

_QUESTIONS = ("label", "decision", "why")
_EXPECTED = tr("Parquet or JSON lines with the columns id, text, label.responses and label.responses.users")
_MAGIC = b"PAR1"
_SUBMITTED = "submitted"
_TEXT, _TEXTS = pl.String, pl.List(pl.String)
_SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("id", "status", "text", "source", "given_label", "taxonomy", "text_hash"), _TEXT),
    "label.suggestion": _TEXT,
    "label.suggestion.agent": _TEXT,
    "label.suggestion.score": pl.Float64,
    "label.responses": pl.List(_TEXTS),
    "label.responses.users": _TEXTS,
    "label.responses.status": _TEXTS,
    **{
        f"{question}.responses{part}": _TEXTS
        for question in ("decision", "why")
        for part in ("", ".users", ".status")
    },
    "decided_at": _TEXTS,
}


def export(tasks: Sequence[Task], decisions: Mapping[str, Sequence[Decision]], *, is_parquet: bool) -> bytes:
    """Returns the file: a row for each task; see `etl.corrections.exchange.label_studio`."""
    frame = pl.DataFrame(
        [_row(task, decisions.get(task.id, ())) for task in tasks], schema=_SCHEMA, orient="row"
    )
    # Where no row has several labels, a response is one label, as in Argilla's LabelQuestion.
    responses = pl.col("label.responses")
    if not frame.select(responses.list.eval(pl.element().list.len() > 1).list.any().any()).item():
        frame = frame.with_columns(responses.list.eval(pl.element().list.first()))
    if not is_parquet:
        return frame.write_ndjson().encode()
    content = io.BytesIO()
    frame.write_parquet(content)
    return content.getvalue()


def _row(task: Task, decisions: Sequence[Decision]) -> tuple[Any, ...]:
    users = [each.by for each in decisions]
    submitted = [_SUBMITTED] * len(users)
    people = (users, submitted) if users else (None, None)

    def responses(said: list[Any]) -> list[Any] | None:
        return said or None

    return (
        *(task.id, "completed" if decisions else "pending", task.text, task.source, task.label),
        *(task.taxonomy, task.text_hash, task.label, "dataset" if task.label else None, None),
        responses([list(each.labels) for each in decisions]),
        *people,
        responses([each.decision for each in decisions]),
        *people,
        responses([each.why for each in decisions]),
        *people,
        responses([str(msgspec.to_builtins(each.at)) for each in decisions]),
    )


def read(path: Path, content: bytes, at: str = "") -> Iterator[Decision]:
    """Yields the decisions of a file.

    Args:
        path: its name, for errors.
        content: Parquet, or JSON lines.
        at: of rows that do not say when.

    Raises:
        InputError: it is no such file, or a row cannot be used.
    """
    try:
        frame = pl.read_parquet(content) if content.startswith(_MAGIC) else pl.read_ndjson(content)
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise bad_file(path, str(error).partition("\n")[0], _EXPECTED) from error
    for name in ("id", "text", "label.responses", "label.responses.users"):
        if name not in frame.columns:
            raise bad_file(path, tr("there is no column {name}", name=name), _EXPECTED)
    for number, row in enumerate(frame.iter_rows(named=True), start=1):
        try:
            yield from _decisions(row, at)
        except (ValueError, TypeError) as error:
            raise bad_file(
                path, tr("row {number:,}: {problem}", number=number, problem=problem_of(error)), _EXPECTED
            ) from error


def _decisions(row: Mapping[str, Any], at: str) -> Iterator[Decision]:
    words = {name: str(row.get(name) or "") for name in ("source", "taxonomy", "text_hash")}
    given = row.get("given_label") or row.get("label.suggestion")
    task = Task(id=row["id"], text=row["text"], label=given if isinstance(given, str) else None, **words)
    said = {question: _by_user(row, question) for question in _QUESTIONS}
    users = list(dict.fromkeys(user for answers in said.values() for user in answers))
    times = dict(zip(row.get("label.responses.users") or [], row.get("decided_at") or [], strict=False))
    for user in users:
        labels = said["label"].get(user) or []
        answer = Answer(
            by=user,
            at=times.get(user) or _time(row.get("updated_at")) or at,
            labels=[labels] if isinstance(labels, str) else labels,
            decision=said["decision"].get(user) or "",
            why=said["why"].get(user) or "",
        )
        decision = to_decision(task, answer)
        if decision is not None:
            yield decision


def _by_user(row: Mapping[str, Any], question: str) -> dict[str, Any]:
    """Returns what each person submitted as the answer to a question."""
    answers = row.get(f"{question}.responses") or []
    users = row.get(f"{question}.responses.users") or []
    statuses = row.get(f"{question}.responses.status") or [_SUBMITTED] * len(users)
    return {
        user: answer
        for user, answer, status in zip(users, answers, statuses, strict=True)
        if status == _SUBMITTED
    }


def _time(value: Any) -> str:
    """Returns a time as a decision has it; Argilla's are in UTC and do not say so."""
    if isinstance(value, str) and value:
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        return ""
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()

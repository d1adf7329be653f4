"""Label Studio's JSON: tasks with the row in `data`, and one annotation for each decision of a person.

    [{"data": {"row_id": …, "text": …, "text_hash": …, "source": …, "given_label": …, "taxonomy": …},
      "predictions": [{"model_version": "dataset", "result": [the label that the row has]}],
      "annotations": [{"created_at": …, "result": [
         {"from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": ["joy"]}},
         {"from_name": "decision", …}, {"from_name": "why", "type": "textarea", "value": {"text": […]}}]}]}]

The names are those of `interface`, which a project takes as its labelling interface. Of an export of another
project the one control of choices is the label. https://labelstud.io/guide/task_format
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import msgspec

from etl.corrections.decision import Decision, problem_of
from etl.corrections.exchange.task import Answer, Task, bad_file, to_decision
from etl.language.message import tr
from etl.runtime.json_text import decode_json

_EXPECTED = tr("Label Studio's JSON (not JSON-MIN), of tasks with `row_id` and `text`")
_DECISIONS = ("relabel", "keep", "drop", "not_a_conflict", "note")


class _Result(msgspec.Struct):
    from_name: str = ""
    type: str = ""
    value: dict[str, Any] = {}


class _Annotation(msgspec.Struct):
    result: list[_Result] = []
    was_cancelled: bool = False
    created_at: str | None = None
    updated_at: str | None = None
    completed_by: int | str | dict[str, Any] | None = None


class _Task(msgspec.Struct):
    data: dict[str, Any]
    annotations: list[_Annotation] = []


def export(tasks: Sequence[Task], decisions: Mapping[str, Sequence[Decision]]) -> bytes:
    """Returns the file to import into a project.

    Args:
        tasks: the rows.
        decisions: what was decided on them, by id.
    """
    documents = [
        {
            "data": {
                "row_id": task.id,
                "text": task.text,
                "text_hash": task.text_hash,
                "source": task.source,
                "given_label": task.label,
                "taxonomy": task.taxonomy,
            },
            "predictions": [{"model_version": "dataset", "result": [_choices("label", [task.label])]}]
            if task.label
            else [],
            "annotations": [_annotation(decision) for decision in decisions.get(task.id, ())],
        }
        for task in tasks
    ]
    return msgspec.json.format(msgspec.json.encode(documents), indent=1) + b"\n"


def interface(labels: Sequence[str], *, is_set: bool) -> str:
    """Returns the labelling interface of a project, in Label Studio's XML.

    Args:
        labels: to choose from.
        is_set: whether a row may have several.
    """

    def control(name: str, values: Sequence[str], choice: str) -> str:
        items = "".join(f"\n    <Choice value={quoteattr(value)}/>" for value in values)
        return f'  <Choices name="{name}" toName="text" choice="{choice}">{items}\n  </Choices>\n'

    return (
        '<View>\n  <Text name="text" value="$text"/>\n'
        + control("label", labels, "multiple" if is_set else "single-radio")
        + control("decision", _DECISIONS, "single-radio")
        + '  <TextArea name="why" toName="text" maxSubmissions="1"/>\n'
        '  <TextArea name="by" toName="text" maxSubmissions="1"/>\n</View>\n'
    )


def read(path: Path, content: bytes) -> Iterator[Decision]:
    """Yields the decisions of an export; annotations that were skipped are none.

    Raises:
        InputError: it is no such export, or a task lacks its row.
    """
    try:
        tasks = decode_json(content, list[_Task])
    except msgspec.DecodeError as error:
        raise bad_file(path, str(error), _EXPECTED) from error
    for number, found in enumerate(tasks, start=1):
        try:
            task = _task(found.data)
            for annotation in found.annotations:
                if not annotation.was_cancelled:
                    decision = to_decision(task, _answer(annotation))
                    if decision is not None:
                        yield decision
        except ValueError as error:
            raise bad_file(
                path, tr("task {number:,}: {problem}", number=number, problem=problem_of(error)), _EXPECTED
            ) from error


def _task(data: dict[str, Any]) -> Task:
    for name in ("row_id", "text"):
        if not isinstance(data.get(name), str):
            raise ValueError(tr("`data` has no `{name}`", name=name))
    words = {name: str(data.get(name) or "") for name in ("source", "taxonomy", "text_hash")}
    return Task(id=data["row_id"], text=data["text"], label=data.get("given_label"), **words)


def _answer(annotation: _Annotation) -> Answer:
    said: dict[str, list[str]] = {}
    for result in annotation.result:
        values = result.value.get("choices") or result.value.get("text") or []
        said[result.from_name] = [values] if isinstance(values, str) else [str(each) for each in values]
    labels = said.get("label")
    if labels is None:
        others = [
            each for each in annotation.result if each.type == "choices" and each.from_name != "decision"
        ]
        labels = said[others[0].from_name] if len(others) == 1 else []
    return Answer(
        by="".join(said.get("by", [])) or _person(annotation.completed_by),
        at=annotation.updated_at or annotation.created_at or "",
        labels=labels,
        decision="".join(said.get("decision", [])),
        why="\n".join(said.get("why", [])),
    )


def _person(completed_by: int | str | dict[str, Any] | None) -> str:
    if isinstance(completed_by, dict):
        return str(completed_by.get("email") or completed_by.get("id") or "")
    return "" if completed_by is None else f"Label Studio {completed_by}"


def _annotation(decision: Decision) -> dict[str, Any]:
    results = [_choices("label", list(decision.labels))] if decision.labels else []
    results.append(_choices("decision", [decision.decision]))
    results += [_text(name, said) for name, said in (("why", decision.why), ("by", decision.by)) if said]
    return {"created_at": _time(decision.at), "updated_at": _time(decision.at), "result": results}


def _time(at: datetime) -> str:
    return str(msgspec.to_builtins(at))


def _choices(name: str, values: Sequence[str | None]) -> dict[str, Any]:
    return {"from_name": name, "to_name": "text", "type": "choices", "value": {"choices": values}}


def _text(name: str, said: str) -> dict[str, Any]:
    return {"from_name": name, "to_name": "text", "type": "textarea", "value": {"text": [said]}}

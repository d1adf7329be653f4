"""Decisions go to other tools and come back as they were; what those tools write is read."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args
from xml.etree import ElementTree as ET

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.small_tables import kept_rows, write_lines

import etl
from etl.corrections import Decision, append_decision, read_decisions, text_hash
from etl.corrections.exchange import columns, label_studio, spreadsheet
from etl.corrections.exchange.task import Task
from etl.dataset.read import Dataset
from etl.errors import InputError, SettingsError
from etl.ingestion.correction_exchange import Format, export_rows, import_decisions
from etl.settings import Settings, Table, Tag

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
FORMATS = get_args(Format)
ENDINGS = {"label-studio": ".json", "csv": ".csv", "columns": ".parquet"}
SETTINGS = Settings(
    tag=Tag(tagger="whitespace"), table=Table(text_column="text", label_column="label", group_column="group")
)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("exchange")
    rows = [*kept_rows(0, 8), {"text": "라벨이 없는 문장도 사람이 본다", "label": "", "group": "g"}]
    return etl.ingest(write_lines(folder / "table.jsonl", rows), folder / "dataset", SETTINGS)


@pytest.fixture(scope="module")
def decisions(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("decisions") / "corrections.jsonl"
    rows = dataset.scan().sort("id").collect().to_dicts()
    kinds = ["relabel", "relabel", "drop", "keep", "not_a_conflict", "note"]
    for number, (row, kind) in enumerate(zip([rows[0], *rows], kinds, strict=False)):
        is_label = kind == "relabel"
        decision = Decision(
            id=row["id"],
            text_hash=text_hash(row["text"]),
            decision=kind,
            label="혐오" if is_label else None,
            taxonomy="ko7" if kind in {"relabel", "keep"} else "",
            by=("kim@example.org", "lee")[number % 2],
            at=NOON + timedelta(minutes=number),
            why='=이유, "따옴표"\n두 줄' if is_label else "",
        )
        append_decision(path, decision)
    return path


@pytest.mark.parametrize("form", FORMATS)
def test_decisions_come_back_as_they_were(
    dataset: Dataset, decisions: Path, tmp_path: Path, form: Format
) -> None:
    file, back = tmp_path / f"tasks{ENDINGS[form]}", tmp_path / "back.jsonl"
    done = export_rows(dataset, file, form, corrections=[decisions])
    assert (done.rows, done.decisions) == (9, 6)
    assert import_decisions(file, back, form).new == 6
    assert sorted(map(str, read_decisions([back]))) == sorted(map(str, read_decisions([decisions])))
    assert import_decisions(file, back, form).new == 0
    assert import_decisions(file, decisions, form).new == 0


def test_columns_may_be_json_lines(dataset: Dataset, decisions: Path, tmp_path: Path) -> None:
    export_rows(dataset, tmp_path / "tasks.jsonl", "columns", corrections=[decisions])
    assert import_decisions(tmp_path / "tasks.jsonl", tmp_path / "back.jsonl", "columns").new == 6


def test_only_chosen_rows_are_written(dataset: Dataset, tmp_path: Path) -> None:
    rows = dataset.scan().sort("id").collect()
    rows.head(2).select("id", "text").write_csv(tmp_path / "rows.csv")
    done = export_rows(dataset, tmp_path / "tasks.json", "label-studio", rows=tmp_path / "rows.csv")
    assert done.rows == 2
    assert export_rows(dataset, tmp_path / "some.csv", "csv", limit=3).rows == 3
    with pytest.raises(InputError, match=r"(?s)no row of .* is chosen.*its sources are table.*`--source`"):
        export_rows(dataset, tmp_path / "none.csv", "csv", source="kote")
    assert not (tmp_path / "none.csv").exists()


def test_a_project_of_label_studio_has_the_labels_of_the_dataset(dataset: Dataset, tmp_path: Path) -> None:
    export_rows(dataset, tmp_path / "tasks.json", "label-studio")
    view = ET.parse(tmp_path / "tasks.xml").getroot()
    [labels] = [each for each in view.iter("Choices") if each.get("name") == "label"]
    assert [choice.get("value") for choice in labels] == dataset.labels
    [text] = view.iter("Text")
    assert {each.get("toName") for each in view if each is not text} == {text.get("name")}
    tasks = json.loads((tmp_path / "tasks.json").read_bytes())
    assert all(text.get("value").removeprefix("$") in task["data"] for task in tasks)


def annotation(label: str, **changes: Any) -> dict[str, Any]:
    """As Label Studio writes it; made-up values."""
    result = {
        "id": "a1B2c3",
        "from_name": "mood",
        "to_name": "text",
        "type": "choices",
        "origin": "manual",
        "value": {"choices": [label]},
    }
    return {
        "id": 41,
        "completed_by": 3,
        "result": [result],
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": "2026-11-29T12:00:00.123456Z",
        "updated_at": "2026-11-29T12:05:00.654321Z",
        "lead_time": 3.2,
    } | changes


def test_an_annotation_of_another_project_is_a_label() -> None:
    data = {"row_id": "chatbot:7", "text": "오늘은 참 힘든 하루였다", "given_label": "슬픔"}
    annotations = [
        annotation("분노"),
        annotation("슬픔", completed_by={"id": 5, "email": "lee@example.org"}),
        annotation("분노", was_cancelled=True),
        annotation("분노", result=[]),
    ]
    tasks = [{"id": 1, "data": data, "annotations": annotations, "predictions": [], "project": 9}]
    replaced, kept = label_studio.read(Path("export.json"), json.dumps(tasks).encode())
    assert (replaced.decision, replaced.label, replaced.by) == ("relabel", "분노", "Label Studio 3")
    assert (kept.decision, kept.label, kept.by) == ("keep", "슬픔", "lee@example.org")
    assert replaced.text_hash == text_hash(str(data["text"]))
    assert replaced.at == datetime(2026, 11, 29, 12, 5, 0, 654321, tzinfo=UTC)


def test_responses_that_argilla_writes_are_read() -> None:
    frame = pl.DataFrame(
        {
            "id": ["chatbot:7", "chatbot:8"],
            "status": ["completed", "pending"],
            "updated_at": ["2026-11-29T12:05:00", None],
            "_server_id": ["1", "2"],
            "text": ["오늘은 참 힘든 하루였다", "내일은 나아지겠지"],
            "label.responses": [["분노", "슬픔", "기쁨"], None],
            "label.responses.users": [["u1", "u2", "u3"], None],
            "label.responses.status": [["submitted", "submitted", "discarded"], None],
            "label.suggestion": ["슬픔", None],
        }
    )
    for content in (frame.write_ndjson().encode(), _parquet(frame)):
        replaced, kept = columns.read(Path("export"), content)
        assert (replaced.decision, replaced.label, replaced.by) == ("relabel", "분노", "u1")
        assert (kept.decision, kept.by, kept.at) == ("keep", "u2", NOON + timedelta(minutes=5))


def _parquet(frame: pl.DataFrame) -> bytes:
    content = io.BytesIO()
    frame.write_parquet(content)
    return content.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp949"])
def test_a_spreadsheet_that_a_person_filled_in_is_read(encoding: str) -> None:
    lines = (
        "id,text,given_label,label\r\na:1,좋은 날,슬픔,기쁨\r\na:2,나쁜 날,슬픔,\r\na:3,그런 날,기쁨,기쁨\r\n"
    )
    replaced, kept = spreadsheet.read(Path("a.csv"), lines.encode(encoding), "kim", "2026-11-29T12:00:00Z")
    assert (replaced.id, replaced.decision, replaced.label, replaced.by) == ("a:1", "relabel", "기쁨", "kim")
    assert (kept.id, kept.decision) == ("a:3", "keep")


@pytest.mark.parametrize(
    ("form", "content", "problem"),
    [
        ("label-studio", b'[{"id": 1, "text": "flat", "label": "joy"}]', "data"),
        ("label-studio", b'[{"data": {"text": "x"}, "annotations": []}]', "task 1: `data` has no `row_id`"),
        ("label-studio", b"[{", "truncated"),
        ("csv", b"id,text\na:1,x\n", "no column label"),
        ("csv", b"id,text,label\na:1,x,joy\n", "line 2: "),
        ("csv", b"id,text,label,decision\na:1,x,,delete\n", "line 2: .*delete"),
        ("columns", b'{"id": "a:1", "text": "x"}\n', r"no column label\.responses"),
        ("columns", b"PAR1 and no more", "."),
        ("columns", b"nothing of this kind", "."),
    ],
)
def test_a_file_that_is_none_of_them_is_named(
    tmp_path: Path, form: Format, content: bytes, problem: str
) -> None:
    (tmp_path / "export").write_bytes(content)
    with pytest.raises(InputError, match=f"(?s)export holds no decisions.*{problem}"):
        import_decisions(tmp_path / "export", tmp_path / "corrections.jsonl", form)
    assert not (tmp_path / "corrections.jsonl").exists()


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(texts, texts, texts, st.booleans())
def test_what_people_write_survives_every_format(text: str, label: str, why: str, is_set: bool) -> None:
    task = Task("table:1", "table", text, "슬픔", "ko7", text_hash(text))
    labels = (label, "기쁨", "분노") if is_set else label
    decision = Decision(
        id=task.id,
        text_hash=task.text_hash,
        decision="relabel",
        label=labels,
        taxonomy="ko7",
        by="kim",
        at=NOON,
        why=why,
    )
    made = {task.id: [decision]}
    back = [
        *label_studio.read(Path("a"), label_studio.export([task], made)),
        *columns.read(Path("a"), columns.export([task], made, is_parquet=True)),
        *columns.read(Path("a"), columns.export([task], made, is_parquet=False)),
    ]
    assert [(each.labels, each.why, each.text_hash) for each in back] == [
        (decision.labels, why, decision.text_hash)
    ] * 3


def test_a_spreadsheet_may_cut_its_cells_with_semicolons_or_tabs(tmp_path: Path, dataset: Dataset) -> None:
    export_rows(dataset, tmp_path / "rows.csv", "csv", limit=2)
    rows = pl.read_csv(tmp_path / "rows.csv", infer_schema=False)
    filled = rows.with_columns(label=pl.lit("혐오"))
    for name, delimiter in (("semicolons", ";"), ("tabs", "\t")):
        filled.write_csv(tmp_path / f"{name}.csv", separator=delimiter, include_bom=True)
        done = import_decisions(
            tmp_path / f"{name}.csv", tmp_path / f"{name}.jsonl", "csv", by="kim", at=NOON.isoformat()
        )
        assert (done.read, done.new) == (2, 2)


def test_a_spreadsheet_without_times_is_imported_once(tmp_path: Path, dataset: Dataset) -> None:
    export_rows(dataset, tmp_path / "rows.csv", "csv", limit=1)
    (row_id, text) = dataset.scan().select("id", "text").first().collect().row(0)
    rows = pl.read_csv(tmp_path / "rows.csv", infer_schema=False).with_columns(label=pl.lit("혐오"))
    rows.write_csv(tmp_path / "rows.csv")
    out = tmp_path / "corrections.jsonl"
    import_decisions(tmp_path / "rows.csv", out, "csv", by="kim", at=NOON.isoformat())
    later = NOON + timedelta(hours=1)
    since = Decision(id=row_id, text_hash=text_hash(text), decision="drop", by="kim", at=later)
    append_decision(out, since)
    again = (later + timedelta(hours=1)).isoformat()
    assert import_decisions(tmp_path / "rows.csv", out, "csv", by="kim", at=again).new == 0
    assert read_decisions([out])[-1] == since


def test_an_import_says_that_nobody_is_named_and_that_a_time_is_none(
    tmp_path: Path, dataset: Dataset
) -> None:
    export_rows(dataset, tmp_path / "rows.csv", "csv", limit=1)
    rows = pl.read_csv(tmp_path / "rows.csv", infer_schema=False).with_columns(label=pl.lit("혐오"))
    rows.write_csv(tmp_path / "rows.csv")
    with pytest.raises(InputError, match="nobody is named"):
        import_decisions(tmp_path / "rows.csv", tmp_path / "c.jsonl", "csv", at=NOON.isoformat())
    with pytest.raises(SettingsError, match="'yesterday' is no time"):
        import_decisions(tmp_path / "rows.csv", tmp_path / "c.jsonl", "csv", by="kim", at="yesterday")

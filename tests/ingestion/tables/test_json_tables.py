"""JSON of every form in which people keep tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.reading import read_all

from etl.errors import InputError
from etl.ingestion.tables.reader import open_file_as_tables, raw_file_in_memory

TABLE = {"text_column": "문장", "label_column": "감정"}
ROWS = [{"문장": "비가 그쳤다", "감정": "기쁨"}, {"문장": "우산을 잃었다", "감정": "슬픔"}]
COLUMNS = {name: [row[name] for row in ROWS] for name in ROWS[0]}
DOCUMENTS = {
    "array": ROWS,
    "one key": {"data": ROWS},
    "one key among others": {"version": 1, "about": {"by": "연구실"}, "rows": ROWS, "tags": ["a", "b"]},
    "a key within a key": {"result": {"items": ROWS, "count": 2}},
    "columns": COLUMNS,
    "columns of pandas": {
        name: {str(i): cell for i, cell in enumerate(cells)} for name, cells in COLUMNS.items()
    },
    "columns within a key": {"data": COLUMNS},
    "columns of pandas within a key": {
        "data": {name: {str(i): cell for i, cell in enumerate(cells)} for name, cells in COLUMNS.items()}
    },
    "an object a row": {f"r{i}": row for i, row in enumerate(ROWS)},
    "split": {"columns": [*COLUMNS], "index": [0, 1], "data": [[*row.values()] for row in ROWS]},
    "arrays": [[*COLUMNS], *([*row.values()] for row in ROWS)],
}


def write(path: Path, document: Any, **how: Any) -> Path:
    path.write_text(json.dumps(document, ensure_ascii=False, **how), encoding="utf-8")
    return path


def read(path: Path, **table: Any) -> list[tuple[Any, ...]]:
    rows, _ = read_all(path, table=TABLE | table)
    return [(row["raw_text"], row["raw_label"]) for row in rows]


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("form", DOCUMENTS)
def test_a_table_in_any_form_gives_its_rows(form: str, indent: int | None, tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", DOCUMENTS[form], indent=indent)
    rows, log = read_all(path, table=TABLE)
    assert [(row["raw_text"], row["raw_label"]) for row in rows] == [
        (row["문장"], row["감정"]) for row in ROWS
    ]
    assert [(row["member"], row["position"]) for row in rows] == [("", 0), ("", 1)]
    assert log.warnings == []


@pytest.mark.parametrize("between", ["", " ", ",\n", "\n\n"])
@pytest.mark.parametrize("indent", [None, 1])
def test_objects_one_after_another_are_rows(between: str, indent: int | None, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(between.join(json.dumps(row, indent=indent) for row in ROWS), encoding="utf-8")
    assert read(path) == [(row["문장"], row["감정"]) for row in ROWS]


def test_arrays_without_a_header_have_columns_by_number(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", [["비가 그쳤다", "기쁨"], ["우산을 잃었다", "슬픔"]])
    assert read(path, text_column="1", label_column="2", header=False) == [
        (row["문장"], row["감정"]) for row in ROWS
    ]


@pytest.mark.parametrize("how", ["a.json", "a.jsonl"])
def test_nan_and_infinity_are_nothing(how: str, tmp_path: Path) -> None:
    rows = [ROWS[0] | {"점수": float("inf")}, ROWS[1] | {"감정": float("nan")}]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    content = f"[{','.join(lines)}]" if how == "a.json" else "\n".join(lines)
    (tmp_path / how).write_text(content, encoding="utf-8")
    assert read(tmp_path / how) == [("비가 그쳤다", "기쁨"), ("우산을 잃었다", None)]


def test_all_arrays_with_the_columns_are_read_and_others_named_with_their_rows(tmp_path: Path) -> None:
    document = {"train": ROWS, "more": {"test": ROWS[:1]}, "authors": [{"name": "아무개"}]}
    rows, log = read_all(write(tmp_path / "a.json", document), table=TABLE)
    assert [(row["member"], row["position"]) for row in rows] == [
        ("train", 0),
        ("train", 1),
        ("more.test", 0),
    ]
    assert log.warnings == [
        "a.json → authors is left aside: it has other columns: 1 row with the columns name"
    ]


def test_keys_within_keys_are_named_by_their_path(tmp_path: Path) -> None:
    document = [{"input": {"form": row["문장"]}, "output": {"label": row["감정"]}} for row in ROWS]
    path = write(tmp_path / "a.json", document)
    expected = [(row["문장"], row["감정"]) for row in ROWS]
    assert read(path, text_column="input.form", label_column="output.label") == expected


def test_a_key_that_is_spelt_like_a_path_goes_before_the_path(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [{"a": {"b": "길"}, "a.b": "열쇠", "감정": "기쁨"}, {"a": {"b": "길"}, "감정": "슬픔"}]
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    assert read(path, text_column="a.b") == [("열쇠", "기쁨"), ("길", "슬픔")]


def test_a_path_that_leads_nowhere_is_a_column_that_is_not_there(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", [{"input": {"form": "비"}, "감정": "슬픔"}])
    with pytest.raises(InputError, match=r"no column 'input\.text'"):
        read(path, text_column="input.text")


def test_a_list_is_a_label_but_no_sentence(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.json",
        [{"문장": "비", "감정": ["슬픔", "불안"]}, {"문장": ["비", "눈"], "감정": "슬픔"}],
    )
    rows, _ = read_all(path, table=TABLE)
    assert [(row["raw_label"], row["reason"]) for row in rows] == [
        ('["슬픔","불안"]', None),
        (None, "bad_row"),
    ]


def test_a_document_without_the_columns_is_an_error_that_says_what_it_holds(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", {"a": [{"x": 1}], "b": [{"y": 1}, {"y": 2}]})
    with pytest.raises(InputError, match="no table with the columns") as refused:
        read(path)
    assert "b: 2 rows with the columns y" in str(refused.value)


def test_a_row_of_another_length_is_a_bad_row_of_its_own(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", [["문장", "감정"], ["비", "슬픔"], ["눈"], ["해", "기쁨"]])
    rows, _ = read_all(path, table=TABLE)
    assert [(row["raw_text"], row["reason"]) for row in rows] == [
        ("비", None),
        (None, "bad_row"),
        ("해", None),
    ]


PLAIN = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=4))
VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["text", "a", "b"]), inner, max_size=3)
    ),
    max_leaves=20,
)


@given(document=st.dictionaries(st.sampled_from(["text", "label", "data", "x.y"]), VALUES, max_size=4))
def test_any_document_is_rows_or_an_explained_error(document: dict[str, Any]) -> None:
    raw = raw_file_in_memory(json.dumps(document).encode(), "a.json")
    try:
        with open_file_as_tables(raw, next_step="no", is_header=lambda names: "text" in names) as tables:
            assert all(frame.height for table in tables for frame in table.frames(["text"]))
    except InputError as error:
        assert error.next_step

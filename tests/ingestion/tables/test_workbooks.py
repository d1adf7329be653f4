"""Workbooks: every sheet that has the columns, headers below titles, merged cells, and what a cell shows."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from support.reading import read_all
from support.workbooks import write_workbook

from etl.documents.read import read_document
from etl.errors import InputError
from etl.ingestion.sentence_files import read_sentences
from etl.ingestion.tables.merged_cells import Area, fill
from etl.validation.external.dataset import Columns, open_as_dataset

TABLE = {"text_column": "문장", "label_column": "감정"}
HEADER = ["문장", "감정"]
FIRST = [HEADER, ["비가 그쳐서 기쁘다", "기쁨"], ["우산을 잃었다", "슬픔"]]
SECOND = [HEADER, ["버스를 놓쳤다", "분노"]]
NOTES = [["만든 사람", "연구실"], ["만든 날", "봄"]]
OLD = Path(__file__).parents[2] / "data" / "table" / "survey.xls"


def read(path: Path, **table: Any) -> list[tuple[Any, ...]]:
    rows, _ = read_all(path, table=TABLE | table)
    return [(row["raw_text"], row["raw_label"]) for row in rows]


def test_all_sheets_with_the_columns_are_read_and_the_member_is_the_sheet(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", {"봄": FIRST, "메모": NOTES, "가을": SECOND, "빈 것": []})
    rows, log = read_all(path, table=TABLE)
    assert [(row["member"], row["position"], row["raw_text"]) for row in rows] == [
        ("봄", 2, FIRST[1][0]),
        ("봄", 3, FIRST[2][0]),
        ("가을", 2, SECOND[1][0]),
    ]
    assert log.inputs[0]["rows"] == 3


def test_a_sheet_left_aside_is_a_warning_that_names_it_and_its_rows(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", {"봄": FIRST, "메모": NOTES})
    _, log = read_all(path, table=TABLE)
    [warning] = log.warnings
    assert (
        warning
        == "a.xlsx → 메모 is left aside: it has other columns: 2 rows with the columns 만든 사람, 연구실"
    )
    assert [(entry["file"], entry["member"]) for entry in log.left_aside] == [("a.xlsx", "메모")]


def test_rows_of_a_workbook_with_one_filled_sheet_have_no_member(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", {"Sheet1": FIRST, "Sheet2": []})
    rows, log = read_all(path, table=TABLE)
    assert [(row["member"], row["position"]) for row in rows] == [("", 2), ("", 3)]
    assert log.warnings == []


def test_the_sheet_of_a_workbook_in_an_archive_stands_below_its_member(tmp_path: Path) -> None:
    book = write_workbook(tmp_path / "b.xlsx", {"봄": FIRST, "가을": SECOND})
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(book, "raw/b.xlsx")
    rows, _ = read_all(tmp_path / "a.zip", table=TABLE)
    assert [row["member"] for row in rows] == ["raw/b.xlsx/봄", "raw/b.xlsx/봄", "raw/b.xlsx/가을"]


def test_a_workbook_without_the_columns_is_an_error_that_lists_those_of_each_sheet(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", {"봄": FIRST, "메모": NOTES})
    with pytest.raises(InputError) as refused:
        read(path, label_column="라벨")
    assert "no table with the columns 문장, 라벨" in str(refused.value)
    assert "봄: 3 rows with the columns 문장, 감정" in str(refused.value)


def test_a_header_below_a_title_is_found_and_what_stands_above_is_said(tmp_path: Path) -> None:
    title = [[None, None], ["2024년 조사", None], [None, None]]
    path = write_workbook(tmp_path / "a.xlsx", {"봄": [*title, *FIRST]}, merged={"봄": ["A2:B2"]})
    rows, log = read_all(path, table=TABLE)
    assert [(row["position"], row["raw_label"]) for row in rows] == [(5, "기쁨"), (6, "슬픔")]
    assert log.warnings == ["a.xlsx: not read above its header: 1 row"]


@pytest.mark.parametrize("label", ["감정", "대분류"])
def test_a_header_whose_cells_are_merged_over_two_rows_is_one_header(label: str, tmp_path: Path) -> None:
    header = [["문장", "감정", None], [None, "대분류", "소분류"]]
    rows = [["비가 온다", "슬픔", "우울한"]]
    path = write_workbook(tmp_path / "a.xlsx", {"봄": header + rows}, merged={"봄": ["A1:A2", "B1:C1"]})
    assert read(path, label_column=label) == [("비가 온다", "슬픔")]


def test_merged_cells_are_filled_down_and_blank_ones_stay_blank(tmp_path: Path) -> None:
    rows = [HEADER, ["하나", "기쁨"], ["둘", None], ["셋", None], ["넷", "슬픔"], ["다섯", None]]
    path = write_workbook(tmp_path / "a.xlsx", {"봄": rows}, merged={"봄": ["B2:B4"]})
    assert [label for _, label in read(path)] == ["기쁨", "기쁨", "기쁨", "슬픔", None]


def test_an_area_merged_over_rows_and_columns_shows_its_value_in_each_cell(tmp_path: Path) -> None:
    header = ["대화", "문장", "감정", "둘째 감정"]
    rows = [header, ["d1", "하나", "기쁨", None], [None, "둘", None, None], ["d2", "셋", "슬픔", "분노"]]
    path = write_workbook(tmp_path / "a.xlsx", {"봄": rows}, merged={"봄": ["A2:A3", "C2:D3"]})
    read_rows, _ = read_all(path, table=TABLE | {"label_column": "둘째 감정", "group_column": "대화"})
    assert [(row["group"], row["raw_label"]) for row in read_rows] == [
        ("d1", "기쁨"),
        ("d1", "기쁨"),
        ("d2", "분노"),
    ]


def test_areas_that_overlap_or_reach_beyond_the_sheet_do_no_harm() -> None:
    cells = pl.DataFrame({"c0": ["a", None, "b"], "c1": [None, "x", "y"]})
    areas = [
        Area(1, 0, 2, 0),
        Area(2, 0, 9, 0),
        Area(3, 1, 1_000_000, 7),
        Area(7, 0, 8, 0),
        Area(1, -2, 2, -1),
    ]
    assert fill(cells, areas).to_dict(as_series=False) == {"c0": ["a", "a", "b"], "c1": [None, "x", "y"]}


def test_a_hidden_sheet_with_the_columns_is_read_and_said_to_be_hidden(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", {"봄": FIRST, "가을": SECOND}, hidden=["가을"])
    rows, log = read_all(path, table=TABLE)
    assert len(rows) == 3
    assert log.warnings == ["a.xlsx → 가을 is read, although it is hidden in the workbook"]


def test_numbers_are_written_without_a_fraction_they_do_not_have_and_errors_are_blank(tmp_path: Path) -> None:
    values = [2, 2.0, 2.5, 0.1 + 0.2, True, "#N/A", dt.date(2024, 1, 2), "007"]
    path = write_workbook(tmp_path / "a.xlsx", {"봄": [HEADER, *[["문장", value] for value in values]]})
    shown = ["2", "2", "2.5", "0.3", "true", None, "2024-01-02 00:00:00", "007"]
    assert [label for _, label in read(path)] == shown


def test_without_a_header_the_columns_are_called_by_number(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", {"봄": FIRST[1:]})
    assert read(path, text_column="1", label_column="2", header=False) == [tuple(row) for row in FIRST[1:]]


def test_charts_are_no_sheets(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    workbook = openpyxl.Workbook()
    for row in FIRST:
        workbook.active.append(row)
    workbook.create_chartsheet("그림")
    workbook.save(tmp_path / "a.xlsx")
    assert len(read(tmp_path / "a.xlsx")) == 2
    assert capfd.readouterr().err == ""


def test_an_old_workbook_is_read_with_its_sheets_title_and_merged_cells() -> None:
    rows, log = read_all(OLD, table=TABLE)
    assert [(row["member"], row["position"], row["raw_label"]) for row in rows] == [
        ("자료", position, label)
        for position, label in zip(range(4, 10), ["기쁨"] * 3 + ["슬픔"] * 3, strict=True)
    ]
    assert [entry["member"] for entry in log.left_aside] == ["메모"]


def test_validate_tokens_and_predict_read_all_sheets(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", {"메모": NOTES, "봄": FIRST, "가을": [["조사"], *SECOND]})
    sentences = [FIRST[1][0], FIRST[2][0], SECOND[1][0]]
    assert read_sentences(path, 10) == sentences
    assert [passage.text for passage in read_document(path, path.name)] == sentences
    with open_as_dataset(path, Columns()) as (dataset, _):
        rows = dataset.scan().select("id", "member", "raw_text").collect()
    assert rows.rows() == [
        ("a.xlsx/봄:2", "봄", sentences[0]),
        ("a.xlsx/봄:3", "봄", sentences[1]),
        ("a.xlsx/가을:3", "가을", sentences[2]),
    ]


def test_a_sheet_of_a_few_cells_far_apart_is_refused(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", {"봄": FIRST})
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content.replace(b'r="B3"', b'r="AAA43000"'))
    with pytest.raises(InputError, match="far too large once unpacked"):
        read(path)

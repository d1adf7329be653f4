"""How delimited texts are cut: delimiters that are found or said, quotes, tables without a header."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.reading import read_all

from etl.errors import InputError, SettingsError
from etl.ingestion.tables.dialect import DELIMITERS, Cut, find_cut, parse_dialect

TABLE = {"text_column": "문장", "label_column": "감정"}
CELLS = st.text(st.sampled_from('가나 ,;|"\n.'), max_size=12)


def read(path: Path, content: str | bytes, **table: Any) -> list[tuple[Any, ...]]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    rows, _ = read_all(path, table=TABLE | table)
    return [(row["raw_text"], row["raw_label"]) for row in rows]


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("문장|감정\n오늘, 비가 온다, 정말|슬픔\n좋다|기쁨", "|"),
        ("오늘, 비가 온다|슬픔\n내일, 맑다|기쁨", "|"),
        ("문장 | 감정\n그래, 좋아 | 기쁨\n싫다 | 분노", "|"),
        ("문장;감정\n그래, 좋아;기쁨\n싫어, 정말, 싫어;분노", ";"),
        ('문장;감정\n"두 줄에\n걸친; 글";기쁨\n셋;슬픔', ";"),
        ("문장\t감정\n그래, 좋아\t기쁨\n싫어; 가\t분노", "\t"),
        ('문장,감정\n"a|b|c",기쁨\n"d|e|f",슬픔', ","),
        ("제목;;\n문장;감정;비고\n좋다, 정말;기쁨;", ";"),
        ("문장\n오늘, 비가 온다\n좋다", ","),
        ("", ","),
    ],
)
def test_the_delimiter_is_the_one_that_cuts_the_lines_alike(text: str, delimiter: str) -> None:
    assert find_cut(text).delimiter == delimiter


def test_quotes_behind_a_space_enclose_a_field(tmp_path: Path) -> None:
    content = '"문장", "감정"\n"맑다, 정말", "기쁨"\n"흐리다", "슬픔"\n'
    assert read(tmp_path / "a.csv", content) == [("맑다, 정말", "기쁨"), ("흐리다", "슬픔")]


@given(
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=3, max_size=8),
    delimiter=st.sampled_from(DELIMITERS),
)
def test_what_the_csv_writer_wrote_is_cut_as_it_was_written_once_the_delimiter_is_known(
    rows: list[tuple[str, ...]], delimiter: str
) -> None:
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    cut = find_cut(written.getvalue(), delimiter)
    assert cut == Cut(delimiter, is_quoted=True)
    assert cut.records(written.getvalue()) == [list(row) for row in rows]


def test_a_quote_that_is_never_closed_is_text_and_swallows_no_rows(tmp_path: Path) -> None:
    lines = '문장\t감정\n"좋다\t기쁨\n그는 "아니"라고 했다\t슬픔\n"싫다\t분노\n'
    assert read(tmp_path / "a.tsv", lines) == [
        ('"좋다', "기쁨"),
        ('그는 "아니"라고 했다', "슬픔"),
        ('"싫다', "분노"),
    ]


@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.tsv"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_unicode_text_of_excel_and_all_else_is_read_under_any_of_the_names(
    name: str, encoding: str, tmp_path: Path
) -> None:
    lines = "문장\t감정\r\n그래, 좋아\t기쁨\r\n"
    assert read(tmp_path / name, lines.encode(encoding)) == [("그래, 좋아", "기쁨")]


def test_a_header_below_a_title_is_found_and_what_stands_above_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("조사,,\n\n문장,감정,비고\n좋다,기쁨,\n", encoding="utf-8")
    rows, log = read_all(tmp_path / "a.csv", table=TABLE)
    assert [(row["position"], row["raw_text"]) for row in rows] == [(4, "좋다")]
    assert log.warnings == ["a.csv: not read above its header: 1 row"]


def test_delimiters_at_the_end_of_a_line_make_no_bad_row(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("문장,감정\n좋다,기쁨,,\n싫다,분노,x\n", encoding="utf-8")
    rows, _ = read_all(tmp_path / "a.csv", table=TABLE)
    assert [(row["raw_text"], row["reason"]) for row in rows] == [("좋다", None), (None, "bad_row")]


def test_without_a_header_the_columns_are_called_by_number(tmp_path: Path) -> None:
    numbered = {"text_column": "2", "label_column": "1", "header": False}
    assert read(tmp_path / "a.txt", "5\t정말 좋다\n1\t별로\n", **numbered) == [
        ("정말 좋다", "5"),
        ("별로", "1"),
    ]


def test_a_number_beyond_the_last_column_is_an_error_that_lists_the_numbers(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no column '3'") as refused:
        read(tmp_path / "a.txt", "좋다|기쁨\n", text_column="1", label_column="3", header=False)
    assert "its columns are 1, 2" in str(refused.value)


def test_the_delimiter_that_is_said_is_taken(tmp_path: Path) -> None:
    lines = "문장:감정\n좋다:기쁨\n"
    assert read(tmp_path / "a.csv", lines, delimiter=":") == [("좋다", "기쁨")]


@pytest.mark.parametrize(
    ("said", "meant"), [("tab", "\t"), ("\\t", "\t"), ("TAB", "\t"), ("|", "|"), (None, None)]
)
def test_a_tab_can_be_spelt(said: str | None, meant: str | None) -> None:
    assert parse_dialect(said).delimiter == meant


@pytest.mark.parametrize("said", ["", "||", '"', "\n"])
def test_what_is_no_delimiter_is_refused(said: str) -> None:
    with pytest.raises(SettingsError, match="is no delimiter"):
        parse_dialect(said)

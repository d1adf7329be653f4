"""Quotes that are never closed, and lines and cells beyond all measure: each costs its own row, no other."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.reading import read_all
from support.small_datasets import text_of_length

from etl.ingestion.sources.raw import HashingStream, OpenFile
from etl.ingestion.tables.dialect import Cut
from etl.ingestion.tables.reader import raw_file_in_memory
from etl.ingestion.tables.records import OPEN_QUOTE, RecordCutter, read_lines
from etl.settings import MAX_RAW_CHARS

TABLE = {"text_column": "문장", "label_column": "감정"}
MOODS = ("기쁨", "슬픔", "분노")


def cut(content: str, width: int = 3, delimiter: str = ",") -> tuple[list[list[str]], RecordCutter]:
    """All records, and what cut them."""
    raw = raw_file_in_memory(content.encode(), "a.csv")
    with raw.open() as stream:
        cutter = RecordCutter(Cut(delimiter), width)
        blocks = cutter.records(read_lines(OpenFile(raw, HashingStream(stream)), "utf-8"))
        return [record for block in blocks for _, record in block], cutter


def read(folder: Path, content: str) -> tuple[list[tuple[Any, ...]], list[str]]:
    """Position, text and reason of each row, and the warnings of ingest."""
    (folder / "a.csv").write_text(content, encoding="utf-8", newline="")
    rows, log = read_all(folder / "a.csv", table=TABLE)
    return [(row["position"], row["raw_text"], row["reason"]) for row in rows], log.warnings


words = st.text(st.sampled_from("가나다 ,;\"'\n\r\tab.?"), max_size=12)


@given(
    st.lists(st.tuples(words, words, st.sampled_from(MOODS)), max_size=12), st.sampled_from(["\n", "\r\n"])
)
@example([("한\n두\n세\n네\n다섯 줄", "", "기쁨")], "\n")
def test_all_that_a_writer_of_csv_wrote_is_read_as_it_was_written(
    rows: list[tuple[str, ...]], line_end: str
) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator=line_end, quoting=csv.QUOTE_ALL).writerows(rows)
    found, cutter = cut(written.getvalue())
    assert found == [list(row) for row in rows]
    assert not cutter.problems


sentences = st.text(st.sampled_from("가나다라마 .?!"), min_size=1, max_size=12)


@given(st.lists(st.tuples(sentences, st.booleans()), min_size=3, max_size=60), st.data())
def test_an_open_quote_costs_one_row_wherever_it_stands(
    texts: list[tuple[str, bool]], data: st.DataObject
) -> None:
    rows = [[str(at), text, MOODS[at % 3]] for at, (text, _) in enumerate(texts)]
    lines = [
        f'{at},"{text}",{mood}\n' if is_quoted else f"{at},{text},{mood}\n"
        for (at, text, mood), (_, is_quoted) in zip(rows, texts, strict=True)
    ]
    broken = data.draw(st.integers(0, len(rows) - 2))
    at, text, mood = rows[broken]
    lines[broken] = f'{at},"{text},{mood}\n'
    found, cutter = cut("".join(lines))
    assert cutter.open_quotes == [broken + 1]
    assert cutter.problems == {broken + 1: OPEN_QUOTE}
    assert found[:broken] + found[broken + 1 :] == rows[:broken] + rows[broken + 1 :]


def test_an_open_quote_in_a_large_file_costs_one_row_and_is_a_warning_with_its_line(tmp_path: Path) -> None:
    lines = [f"{at},문장 {at},{MOODS[at % 3]}\n" for at in range(60_000)]
    lines[7] = '7,"열린 문장,기쁨\n'
    lines[30_000] = '30000,"또 하나,기쁨\n'
    rows, warnings = read(tmp_path, "번호,문장,감정\n" + "".join(lines))
    assert len(rows) == 60_000
    assert [row for row in rows if row[2]] == [(9, None, "bad_row"), (30_002, None, "bad_row")]
    assert warnings == [
        f"a.csv: {OPEN_QUOTE}; such a line is a bad_row, and those after it are read: line 9, 30,002"
    ]


def test_a_cell_over_many_lines_is_a_row_and_a_finding(tmp_path: Path) -> None:
    verse = "산에는, 꽃 피네\n꽃이 피네\n갈 봄, 여름 없이\n꽃이 피네"
    rows, warnings = read(tmp_path, f'문장,감정\n"{verse}",기쁨\n좋다,기쁨\n')
    assert rows == [(2, verse, None), (3, "좋다", None)]
    assert warnings == ["a.csv: a record goes over more than 3 lines (is a quotation mark open?): 2 to 5"]


def test_two_quotes_that_enclose_rows_by_chance_swallow_none() -> None:
    lines = ['1,"열린 문장,기쁨\n', *(f"{at},문장,슬픔\n" for at in range(2, 6)), '6,닫힌 문장",분노\n']
    found, cutter = cut("".join(lines))
    assert cutter.problems == {1: OPEN_QUOTE}
    assert [record[0] for record in found[1:]] == ["2", "3", "4", "5", "6"]


@pytest.mark.parametrize(
    "cell", [text_of_length(140_000), f'"{text_of_length(140_000)}, 참 좋다"', '"두 줄로 쓴\n글"']
)
def test_a_long_cell_is_one_rejected_row(cell: str, tmp_path: Path) -> None:
    rows, _ = read(tmp_path, f"문장,감정\n좋다,기쁨\n{cell},슬픔\n싫다,분노\n")
    assert [row[1] for row in rows[::2]] == ["좋다", "싫다"]
    assert len(rows) == 3


LONG = MAX_RAW_CHARS + 500_000


@pytest.mark.parametrize(
    "text", ["a" * LONG, '"' + "a" * LONG + '"', '"' + "한 줄, 또, 또\n" * (LONG // 10) + '"']
)
def test_a_cell_beyond_all_measure_is_one_reject_that_is_too_long(text: str, tmp_path: Path) -> None:
    rows, _ = read(tmp_path, f"문장,감정\n좋다,기쁨\n{text},슬픔\n싫다,분노\n")
    assert rows == [(2, "좋다", None), (3, None, "text_too_long"), (4, "싫다", None)]


@given(st.text(st.sampled_from('가,"\n\rx'), max_size=80), st.integers(1, 3), st.integers(1, 9))
def test_each_line_is_in_one_record_however_the_text_is_divided(
    content: str, width: int, chunk_bytes: int
) -> None:
    whole, _ = cut(content, width)
    chunked = _cut_in_chunks(content, width, chunk_bytes)
    assert chunked == whole
    kept = "".join("".join(record) for record in whole)
    assert kept.count("가") == content.count("가")


def _cut_in_chunks(content: str, width: int, chunk_bytes: int) -> list[list[str]]:
    stream = io.StringIO(content, newline="")
    lines = stream.readlines()
    blocks = [lines[at : at + chunk_bytes] for at in range(0, len(lines), chunk_bytes)]
    return [record for block in RecordCutter(Cut(","), width).records(blocks) for _, record in block]


def test_the_lines_before_a_byte_of_another_encoding_are_read() -> None:
    content = "가나,1\n다라,2\n".encode() + b"\xb0\xa1,3\n"
    raw = raw_file_in_memory(content, "a.csv")
    found: list[str] = []
    with raw.open() as stream, pytest.raises(UnicodeDecodeError):
        for lines in read_lines(OpenFile(raw, HashingStream(stream)), "utf-8"):
            found += lines
    assert found == ["가나,1\n", "다라,2\n"]

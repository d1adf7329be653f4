"""`etl ingest` and `etl predict` read one table as the same: texts, rejects, reasons, places, the error."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.raw_files import parquet, xlsx
from support.reading import read_all

from etl.documents.read import read_document
from etl.errors import InputError
from etl.ingestion.pipeline import TEXT, Tools, run_steps, sentences
from etl.settings import Settings

Row = tuple[str | None, str | None]
HEADER = ["text", "label"]
REFUSED = "the file is refused"
# A text, why it is no row, and where it stands.
Answer = list[tuple[str, str | None, int]]

cells = st.text(st.sampled_from("가나다 ㅋ!a1,;|\"'\0\u3164\u2028\ufeff"), max_size=8)
texts = st.one_of(st.sampled_from(["비가 와서 우울했다", "정말, 좋다", "두 줄에\n걸친 글"]), cells)
rows_of_strings = st.lists(st.tuples(texts, st.sampled_from(["기쁨", "슬픔"])), min_size=1, max_size=5)
odd_values = st.none() | st.integers(-5, 10**20) | st.booleans() | st.lists(st.integers(), max_size=2)
records = st.lists(
    st.fixed_dictionaries(
        {"label": st.just("기쁨")}, optional={"text": texts | odd_values, "memo": odd_values}
    ),
    min_size=1,
    max_size=5,
)


def ingested(path: Path) -> Answer | str:
    """What ingest makes of the texts."""
    try:
        rows, log = read_all(path, table={"text_column": "text", "label_column": "label"})
    except InputError:
        return REFUSED
    shift = int(rows[0]["position"] == 0)  # elements of an array are counted from 0
    assert not [warning for warning in log.warnings if "left aside" in warning]
    return prepared(
        [(row["raw_text"], row["reason"]) for row in rows], [row["position"] + shift for row in rows]
    )


def predicted(path: Path) -> Answer | str:
    """What predict makes of them."""
    try:
        passages = list(read_document(path, path.name, keep_markup=True, text_column="text"))
    except InputError:
        return REFUSED
    return prepared(
        [(None if each.reason else each.text, each.reason) for each in passages],
        [each.position for each in passages],
    )


def prepared(rows: list[Row], positions: list[int]) -> Answer:
    """Cleaned texts; of what is no row, nothing."""
    cleaned = run_steps(
        sentences(pl.Series([text for text, _ in rows], dtype=pl.String)), Tools(Settings()), TEXT
    )
    reasons = [reason or found for (_, reason), found in zip(rows, cleaned["reason"], strict=True)]
    return list(zip(cleaned["text"], reasons, positions, strict=True))


def assert_read_alike(path: Path, content: bytes) -> Answer | str:
    path.write_bytes(content)
    answer = ingested(path)
    assert predicted(path) == answer
    return answer


def delimited(rows: list[tuple[Any, ...]], delimiter: str, ending: str) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=ending)
    writer.writerows([HEADER, *rows])
    return out.getvalue()


@given(
    rows=rows_of_strings,
    form=st.sampled_from([(".csv", ","), (".csv", ";"), (".tsv", "\t"), (".txt", "|")]),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp949"]),
    broken=st.sampled_from(["", "칸이 모자란 줄\n", '"열린 따옴표,기쁨\n좋다,기쁨\n', "하나,둘,셋\n"]),
)
def test_delimited_texts(
    tmp_path: Path,
    rows: list[tuple[str, str]],
    form: tuple[str, str],
    ending: str,
    encoding: str,
    broken: str,
) -> None:
    suffix, delimiter = form
    text = delimited(rows, delimiter, ending) + broken.replace(",", delimiter).replace("\n", ending)
    assert_read_alike(tmp_path / f"a{suffix}", text.encode(encoding, "ignore"))


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949", "iso2022_kr"])
@pytest.mark.parametrize(("suffix", "delimiter"), [(".csv", ","), (".tsv", "\t")])
def test_no_encoding_or_end_of_lines_changes_what_is_read(
    tmp_path: Path, suffix: str, delimiter: str, encoding: str, ending: str
) -> None:
    rows = [("비가 온다", "슬픔"), ("해가\0 난다", "기쁨"), (" ", "기쁨")]
    content = delimited(rows, delimiter, ending).encode(encoding)
    answer = assert_read_alike(tmp_path / f"a{suffix}", content)
    assert answer == [("비가 온다", None, 2), ("해가 난다", None, 3), ("", "empty_text", 4)]


@given(
    rows=records,
    form=st.sampled_from([".jsonl", ".json", ".ndjson"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp949"]),
    broken=st.sampled_from(
        ["", '{"text": "잘린 글', "[1]", "null", '{"text": "a", "text": "b"}', '{"text": NaN}']
    ),
    indent=st.sampled_from([None, 1]),
)
def test_json(
    tmp_path: Path, rows: list[dict[str, Any]], form: str, encoding: str, broken: str, indent: int | None
) -> None:
    rows = [{"text": "첫 줄", "label": "기쁨"}, *rows]
    if form == ".json":
        text = json.dumps(rows, ensure_ascii=False, indent=indent)
    else:
        text = "\n".join([*(json.dumps(row, ensure_ascii=False) for row in rows), broken])
    assert_read_alike(tmp_path / f"a{form}", text.encode(encoding, "ignore"))


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.parquet", lambda rows: parquet([dict(zip(HEADER, row, strict=True)) for row in rows])),
        ("a.xlsx", lambda rows: xlsx([HEADER, *map(list, rows)])),
    ],
)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(["좋다", " ", "두\n줄"]) | st.none(), st.just("기쁨")), min_size=1
    )
)
def test_tables_that_are_no_text(
    tmp_path: Path, name: str, write: Callable[[list[Row]], bytes], rows: list[Row]
) -> None:
    assert_read_alike(tmp_path / name, write([("첫 줄", "기쁨"), *rows]))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "text,label\n좋다,기쁨\n".encode() + b"\xff\xfe,x\n"),
        ("a.csv", "text,label\n좋다,기쁨\n".encode("utf-16")[:-1]),
        ("a.jsonl", '{"text": "좋다", "label": "기쁨"}\n'.encode() + b'{"text": "\xff", "label": "a"}\n'),
        ("a.jsonl", b'{"text": "\\ud800", "label": "a"}\n{"text": "b", "label": "a"}\n'),
        ("a.jsonl", b'{\n "data": [\n  {"text": "a", "label": "b"},\n  {"text": "c", "label": "b"}\n ]\n}\n'),
        ("a.csv", b"text,label,text\na,b,c\n"),
        ("a.csv", "text,label\n\ufeff좋다,기쁨\n".encode()),
        ("a.csv", b'text,label\n"%b",b\n' % (b"a" * 1_000_001)),
    ],
)
def test_damaged_ones(tmp_path: Path, name: str, content: bytes) -> None:
    assert_read_alike(tmp_path / name, content)

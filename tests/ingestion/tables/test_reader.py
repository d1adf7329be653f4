"""One reader for all tables: each format, in each encoding, gives the same rows to all who read tables."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from support.raw_files import xlsx
from support.reading import read_all

from etl.documents.read import read_document
from etl.errors import InputError
from etl.ingestion.sentence_files import read_sentences
from etl.ingestion.tables.header import find_column
from etl.ingestion.tables.reader import open_file_as_table, raw_file_at, raw_file_in_memory

ROWS = [
    {"no": "1", "text": "오늘 정말 기쁘다", "label": "기쁨"},
    {"no": "2", "text": 'She said "뭐라고, 진짜?"', "label": "놀람"},
    {"no": "3", "text": "두 줄에\n걸친 글", "label": "슬픔"},
]
TABLE = {"text_column": "text", "label_column": "label"}
NEXT_STEP = "save it again"


def delimited(delimiter: str) -> str:
    written = io.StringIO()
    writer = csv.DictWriter(written, list(ROWS[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(ROWS)
    return written.getvalue()


def json_lines() -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)


def arrow(*, is_stream: bool) -> bytes:
    table = pa.Table.from_pylist(ROWS)
    sink = io.BytesIO()
    opened = pa.ipc.new_stream if is_stream else pa.ipc.new_file
    with opened(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def parquet(frame: pl.DataFrame) -> bytes:
    sink = io.BytesIO()
    frame.write_parquet(sink)
    return sink.getvalue()


FILES: dict[str, Callable[[], bytes]] = {
    "comma.csv": lambda: delimited(",").encode(),
    "bom.csv": lambda: delimited(",").encode("utf-8-sig"),
    "cp949.csv": lambda: delimited(",").encode("cp949"),
    "utf16.csv": lambda: delimited(",").encode("utf-16"),
    "iso2022.csv": lambda: delimited(",").encode("iso2022_kr"),
    "semicolon.csv": lambda: delimited(";").encode(),
    "tab.tsv": lambda: delimited("\t").encode(),
    "packed.csv.gz": lambda: gzip.compress(delimited(",").encode()),
    "lines.jsonl": lambda: json_lines().encode(),
    "cp949.ndjson": lambda: json_lines().encode("cp949"),
    "utf16.jsonl": lambda: json_lines().encode("utf-16"),
    "lines.json": lambda: json_lines().encode(),
    "array.json": lambda: json.dumps(ROWS, ensure_ascii=False, indent=2).encode(),
    "utf16.json": lambda: json.dumps(ROWS, ensure_ascii=False).encode("utf-16"),
    "book.xlsx": lambda: xlsx([list(ROWS[0]), *(list(row.values()) for row in ROWS)]),
    "columns.parquet": lambda: parquet(pl.DataFrame(ROWS)),
    "file.arrow": lambda: arrow(is_stream=False),
    "stream.arrow": lambda: arrow(is_stream=True),
    "pandas.feather": lambda: arrow(is_stream=False),
}
every_format = pytest.mark.parametrize("name", FILES)


@pytest.fixture
def path(name: str, tmp_path: Path) -> Path:
    path = tmp_path / name
    path.write_bytes(FILES[name]())
    return path


def rows_of(path: Path, columns: list[str], **how: Any) -> list[dict[str, Any]]:
    with open_file_as_table(raw_file_at(path, path.name), next_step=NEXT_STEP) as table:
        return [row for frame in table.frames(columns, **how) for row in frame.to_dicts()]


@every_format
def test_the_reader_gives_the_columns_that_are_wanted_as_text(path: Path) -> None:
    rows = rows_of(path, ["label", "text"])
    assert [(row["label"], row["text"]) for row in rows] == [(row["label"], row["text"]) for row in ROWS]
    assert {*rows[0]} == {"position", "label", "text", "detail", "bad_record"}
    assert all(row["detail"] is None and row["bad_record"] is None for row in rows)


@every_format
def test_ingest_reads_it(path: Path) -> None:
    rows, log = read_all(path, table=TABLE)
    assert [(row["raw_text"], row["raw_label"]) for row in rows] == [
        (row["text"], row["label"]) for row in ROWS
    ]
    assert all(row["reason"] is None for row in rows)
    assert log.inputs[0]["rows"] == len(ROWS)


@every_format
def test_predict_reads_it(path: Path) -> None:
    passages = list(read_document(path, path.name))
    assert [passage.text for passage in passages] == [row["text"] for row in ROWS]
    assert {passage.kind for passage in passages} == {"post"}
    assert [passage.document for passage in passages] == [1, 2, 3]


@every_format
def test_tokens_reads_it(path: Path) -> None:
    assert read_sentences(path, 2) == [row["text"] for row in ROWS[:2]]


def test_tokens_reads_a_csv_without_a_text_column_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("기쁘다,정말\n\n슬프다,정말\n", encoding="utf-8")
    assert read_sentences(path, 20) == ["기쁘다,정말", "슬프다,정말"]


def test_tokens_names_the_columns_of_a_workbook_without_a_text_column(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(xlsx([["날짜", "금액"], ["월요일", 3]]))
    with pytest.raises(InputError, match="does not say which column holds the sentences") as refused:
        read_sentences(path, 20)
    assert "날짜, 금액" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "content", "position", "bad_record"),
    [
        ("a.csv", "text,label\n좋다,기쁨\n하나,둘,셋\n", 3, "하나,둘,셋"),
        ("a.jsonl", '{"text": "좋다", "label": "기쁨"}\n{"text": \n', 2, '{"text": '),
        ("a.json", '[{"text": "좋다", "label": "기쁨"},\n{"text": [1]}]', 1, '{"text":[1]}'),
    ],
)
def test_a_bad_record_is_marked_and_kept(
    name: str, content: str, position: int, bad_record: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    good, bad = rows_of(tmp_path / name, ["text", "label"])
    assert (good["text"], good["detail"]) == ("좋다", None)
    assert (bad["text"], bad["label"], bad["position"]) == (None, None, position)
    assert bad["detail"]
    assert bad["bad_record"] == bad_record


def test_objects_can_be_null_instead_of_bad(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": 3, "user": {"id": 1}}\n{"text": "셋", "user": 7}\n', encoding="utf-8")
    rows = rows_of(path, ["text", "user"], optional=["user"])
    assert [(row["text"], row["user"], row["detail"]) for row in rows] == [
        ("3", None, None),
        ("셋", "7", None),
    ]


def test_columns_with_types_become_text_and_not_a_number_is_null(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"text": [b"a", "가".encode()], "label": [1, 2], "share": [0.5, float("nan")], "is_ok": [True, None]}
    )
    path = tmp_path / "a.parquet"
    path.write_bytes(parquet(frame))
    rows = rows_of(path, frame.columns)
    assert [[row[name] for name in frame.columns] for row in rows] == [
        ["a", "1", "0.5", "true"],
        ["가", "2", None, None],
    ]


@pytest.mark.parametrize("values", [[["하", "나"]], [b"\xff\xfe"]])
def test_lists_and_bytes_are_no_text(values: list[Any], tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(parquet(pl.DataFrame({"text": values})))
    with pytest.raises(InputError, match="has no plain values in column 'text'"):
        rows_of(path, ["text"])


def test_a_file_of_another_format_is_refused_with_the_formats_there_are() -> None:
    raw = raw_file_in_memory(b"\x89PNG", "picture.png")
    with (
        pytest.raises(InputError, match=r"picture\.png is not a supported table format") as refused,
        open_file_as_table(raw, next_step=NEXT_STEP),
    ):
        raise AssertionError("it was opened")
    assert (
        "expected .parquet, .arrow, .feather, .jsonl, .csv, .tsv, .json, .xlsx, .xlsm, .xls, .txt, got .png"
        in str(refused.value)
    )


def test_ingest_leaves_json_that_is_no_table_aside(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(FILES["comma.csv"]())
    (tmp_path / "settings.json").write_text('{\n  "text": "글",\n  "label": "라벨"\n}\n', encoding="utf-8")
    (tmp_path / "dataset_info.json").write_text('[{"text": "글"}]', encoding="utf-8")
    rows, log = read_all(tmp_path, table=TABLE)
    assert len(rows) == len(ROWS)
    assert {entry["file"] for entry in log.left_aside} == {"settings.json", "dataset_info.json"}


def test_a_column_is_found_by_its_usual_names_in_their_order() -> None:
    columns = ["Label", "user_name", "Full Text", "content", "CONTENT"]
    assert find_column(columns, ["text", "fulltext", "content"]) == "Full Text"
    assert find_column(columns, ["content"]) == "content"
    assert find_column(columns, ["message"]) is None


def test_the_numbers_of_class_labels_are_their_names_unless_the_taxonomy_maps_the_numbers(
    tmp_path: Path,
) -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["기쁨", "슬픔"])}
    )
    path, numbers = tmp_path / "a.parquet", tmp_path / "numbers.yaml"
    rows = [{"text": "좋다", "label": 1}, {"text": "모르겠다", "label": -1}]
    datasets.Dataset.from_list(rows, features=features).to_parquet(path)
    numbers.write_text(
        "name: two\ntargets: [기쁨, 슬픔]\nmaps: {table: {0: 기쁨, 1: 슬픔}}\n", encoding="utf-8"
    )
    assert [row["label"] for row in rows_of(path, ["label"])] == ["슬픔", None]
    assert [row["raw_label"] for row in read_all(path, table=TABLE)[0]] == ["슬픔", None]
    by_number, _ = read_all(path, table=TABLE, taxonomy=str(numbers))
    assert [row["raw_label"] for row in by_number] == ["1", "-1"]

"""Parquet, Arrow, and folders that the library `datasets` has saved."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import zipfile
from pathlib import Path

import polars as pl
import pytest
from support.reading import read_all

from etl.ingestion.tables.reader import open_file_as_tables, raw_file_at

TABLE = {"text_column": "text", "label_column": "label"}
NAMES = ["기쁨", "슬픔"]


def test_a_saved_dataset_is_read_with_the_names_of_its_classes_and_its_splits(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=NAMES)}
    )
    made = {
        split: datasets.Dataset.from_dict({"text": [f"{split} 문장"], "label": [label]}, features=features)
        for split, label in (("train", 0), ("test", 1))
    }
    datasets.DatasetDict(made).save_to_disk(tmp_path / "saved")
    read, log = read_all(tmp_path / "saved", table=TABLE)
    assert [(row["raw_text"], row["raw_label"], row["split"]) for row in read] == [
        ("test 문장", "슬픔", "test"),
        ("train 문장", "기쁨", "train"),
    ]
    assert {entry["file"].rpartition("/")[2] for entry in log.left_aside} == {
        *("state.json", "dataset_info.json", "dataset_dict.json")
    }


def test_lists_of_labels_are_read_as_json_with_the_names_of_their_classes(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.List(datasets.ClassLabel(names=NAMES))}
    )
    rows = {"text": ["하나", "둘", "셋", "넷"], "label": [[1, 0], [], None, [0]]}
    datasets.Dataset.from_dict(rows, features=features).to_parquet(tmp_path / "a.parquet")
    read, _ = read_all(tmp_path / "a.parquet", table=TABLE)
    assert [row["raw_label"] for row in read] == ['["슬픔", "기쁨"]', "[]", None, '["기쁨"]']


def test_lists_of_strings_are_read_as_json_too(tmp_path: Path) -> None:
    pl.DataFrame({"text": ["하나"], "label": [["기쁨", "놀람"]]}).write_parquet(tmp_path / "a.parquet")
    read, _ = read_all(tmp_path / "a.parquet", table=TABLE)
    assert [row["raw_label"] for row in read] == ['["기쁨", "놀람"]']


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow"])
def test_fields_of_records_are_named_by_their_path(name: str, tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"input": [{"form": "하나"}, None], "output": [{"a": {"b": "기쁨"}}] * 2, "input.id": ["1", "2"]}
    )
    frame.write_parquet(tmp_path / name) if name == "a.parquet" else frame.write_ipc(tmp_path / name)
    read, _ = read_all(
        tmp_path / name,
        table={"text_column": "input.form", "label_column": "output.a.b", "group_column": "input.id"},
    )
    assert [(row["raw_text"], row["raw_label"], row["group"]) for row in read] == [
        ("하나", "기쁨", "1"),
        (None, "기쁨", "2"),
    ]


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow"])
def test_values_of_every_plain_type_are_written_as_polars_writes_them(name: str, tmp_path: Path) -> None:
    day = dt.datetime(2024, 1, 2, 3, 4, 5, 600_000, dt.UTC).replace(tzinfo=None)
    columns = {
        "text": pl.Series(["하나", None]),
        "bool": pl.Series([True, False]),
        "int": pl.Series([-1, 2], dtype=pl.Int8),
        "float": pl.Series([1.5, float("nan")]),
        "decimal": pl.Series(["1.50", "2.25"]).cast(pl.Decimal(10, 2)),
        "date": pl.Series([day.date(), None]),
        "time": pl.Series([day.time(), None]),
        "datetime": pl.Series([day, None]),
        "zoned": pl.Series([day, None]).dt.replace_time_zone("Asia/Seoul"),
        "categorical": pl.Series(["a", "b"], dtype=pl.Categorical),
        "nothing": pl.Series([None, None], dtype=pl.Null),
    }
    frame = pl.DataFrame(columns)
    frame.write_parquet(tmp_path / name) if name == "a.parquet" else frame.write_ipc(tmp_path / name)
    raw = raw_file_at(tmp_path / name, name)
    with open_file_as_tables(raw, next_step="") as (table,):
        (read,) = table.frames(table.columns)
    expected = frame.with_columns(pl.col("float").fill_nan(None)).cast(pl.String)
    assert read.select(frame.columns).equals(expected)


@pytest.mark.parametrize("name", ["a.arrow.gz", "a.zip"])
def test_a_large_table_in_an_archive_is_read_piece_by_piece(name: str, tmp_path: Path) -> None:
    texts = [f"문장 {at} " + "그래서 " * 160 for at in range(45_000)]  # more than is held in memory
    frame = pl.DataFrame({"text": texts, "label": [NAMES[at % 2] for at in range(len(texts))]})
    inner = name.removesuffix(".gz").replace(".zip", ".parquet")
    content = io.BytesIO()
    frame.write_ipc(content) if inner == "a.arrow" else frame.write_parquet(
        content, compression="uncompressed"
    )
    if name == "a.zip":
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr(inner, content.getvalue())
    else:
        (tmp_path / name).write_bytes(gzip.compress(content.getvalue(), compresslevel=0))
    read, _ = read_all(tmp_path / name, table=TABLE)
    assert [row["raw_text"] for row in read] == texts
    assert [row["position"] for row in read] == [*range(1, len(texts) + 1)]

"""Parquet, Arrow, and folders that the library `datasets` has saved."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from support.reading import read_all

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

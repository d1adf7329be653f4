"""A near-duplicate names the row that it resembles."""

import json
from pathlib import Path

import polars as pl
import pytest

import etl
from etl.dataset.rejects import read_rejects
from etl.settings import Settings, Table, Tag

SENTENCE = "어제 저녁에 친구와 함께 강가를 따라 오래 걸었더니 마음이 한결 가벼워졌다"
ROWS = [
    ("train", f"{SENTENCE} 정말", "a"),
    ("test", "시험을 잘 보았다는 말을 듣고 모두가 기뻐했다", "b"),
    ("test", SENTENCE, "key, with: a blank"),
    ("validation", SENTENCE, "d"),
    ("train", f"{SENTENCE} 그랬다", "e"),
    ("validation", f"{SENTENCE} 그랬다고", "f"),
]


@pytest.fixture(params=[1, 3])
def dataset(request: pytest.FixtureRequest, tmp_path: Path) -> etl.Dataset:
    lines = [
        json.dumps({"id": key, "text": text, "label": "기쁨", "split": split}, ensure_ascii=False)
        for split, text, key in ROWS
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines), encoding="utf-8")
    table = Table(text_column="text", label_column="label", split_column="split", id_column="id")
    settings = Settings(tag=Tag(tagger="whitespace"), table=table)
    return etl.ingest(tmp_path / "rows.jsonl", tmp_path / "dataset", settings, workers=request.param)


def test_the_reject_of_a_near_duplicate_stands_beside_the_row_that_it_resembles(dataset: etl.Dataset) -> None:
    rows = read_rejects(dataset).collect()
    assert rows.select("id", "reason", "counterpart", "counterpart_label", "counterpart_split").rows() == [
        ("table:a", "leak_near", "table:key, with: a blank", "기쁨", "test"),
        ("table:e", "leak_near", "table:f", "기쁨", "validation"),
    ]
    first = rows["detail"][0]
    assert first.startswith("a text in test is nearly the same: similarity 0.")
    assert first.endswith(" to table:key, with: a blank")


def test_only_the_detail_of_near_duplicates_names_a_row(dataset: etl.Dataset) -> None:
    assert dataset.scan().collect().height == len(ROWS) - 2
    assert dataset.scan_rejects().filter(pl.col("detail").str.contains(" to table:")).collect().height == 2

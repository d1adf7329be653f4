"""A near-duplicate names the row that it resembles."""

import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

import etl
from etl.corrections import Decision, append_decision, text_hash
from etl.dataset.rejects import read_rejects
from etl.settings import Corrections, Settings, Table, Tag

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
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


def test_a_row_that_got_its_label_later_is_compared_with_what_earlier_runs_have_seen(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    files = {
        "first": [("train", f"{SENTENCE} 정말", "그저그럼")],
        "second": [("train", SENTENCE, "그저그럼")],
    }
    files["tests"] = [("test", f"{SENTENCE} 그랬다", "기쁨")]
    for name, rows in files.items():
        lines = [
            json.dumps({"id": name, "text": text, "label": label, "split": split}, ensure_ascii=False)
            for split, text, label in rows
        ]
        (raw / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    table = Table(text_column="text", label_column="label", split_column="split", id_column="id")
    decisions = tmp_path / "corrections.jsonl"
    chosen = Settings(
        tag=Tag(tagger="whitespace"), table=table, corrections=Corrections((str(decisions),), "majority")
    )
    for number, row in enumerate(["first", "second"], start=1):
        text = files[row][0][1]
        made = Decision(
            id=f"table:{row}", text_hash=text_hash(text), decision="relabel", label="기쁨", by="kim", at=NOON
        )
        append_decision(decisions, made)
        dataset = etl.ingest(raw, tmp_path / "dataset", chosen, near_index=tmp_path / "index")
        rejects = read_rejects(dataset).filter(pl.col("reason") == "leak_near").collect()
        assert rejects["id"].to_list() == [f"table:{each}" for each in ["first", "second"][:number]]
        assert rejects["counterpart"].to_list() == ["table:tests"] * number

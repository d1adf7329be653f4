"""The reasons of rejected rows in the user's language."""

from pathlib import Path

import polars as pl
from support.small_tables import kept_rows, write_lines

import etl
from etl.language.message import Message, translated
from etl.schema.details import said

# In train, a row that repeats another, contradicts it, or differs from it in its punctuation alone.
TEXT = "오늘은 날씨가 좋아서 기분이 아주 좋았다"
ROWS = [
    *kept_rows(0, 40),
    *({"text": TEXT, "label": "기쁨", "group": f"a{number}"} for number in range(6)),
    *({"text": f"{TEXT} 정말로", "label": label, "group": label} for label in ("기쁨", "슬픔", "분노")),
    {"text": "모르는 레이블이 붙은 문장", "label": "심심"},
    {"text": "레이블이 없는 문장", "label": ""},
    {"text": "아주 긴 문장이다 " * 200, "label": "기쁨"},
]


def test_every_detail_that_ingest_writes_is_known(tmp_path: Path) -> None:
    table = write_lines(tmp_path / "table.jsonl", ROWS)
    dataset = etl.ingest(
        table, tmp_path / "dataset", text_column="text", label_column="label", tagger="whitespace"
    )
    rejects = dataset.scan_rejects().filter(pl.col("detail") != "").select("reason", "detail").collect()
    assert rejects["reason"].n_unique() >= 4
    for reason, detail in rejects.iter_rows():
        assert isinstance(said(detail), Message), (reason, detail)
        assert said(detail) == detail
        assert translated(said(detail), "ko") != detail

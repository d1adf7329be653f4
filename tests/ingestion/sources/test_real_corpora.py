"""The readers on real, openly licensed data beside the repository; skipped where it is absent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import polars as pl

from etl.ingestion.ingest import discover
from etl.ingestion.sources.units import read_units
from etl.settings import Settings


def read_frame(path: Path) -> pl.DataFrame:
    found, log = discover([path], Settings())
    rows = pl.concat(read_units(found, Settings(), log))
    assert sum(entry["rows"] for entry in log.inputs) == rows.height
    assert log.warnings == log.skipped == []
    return rows


def test_kote_is_read_whole_and_all_of_it_is_validation(shared_data: Callable[[str], Path]) -> None:
    rows = read_frame(shared_data("kote"))
    assert rows.height == 5000
    assert set(rows["source"]) == {"kote"}
    assert set(rows["split"]) == {"validation"}
    assert rows["reason"].null_count() == rows.height
    assert rows["id"].n_unique() == rows.height
    labels = rows["raw_label"].str.split(",")
    assert labels.list.len().sum() == 39_360
    assert labels.explode().cast(pl.Int64).is_between(0, 43).all()


def test_chatbot_is_read_whole_with_its_one_odd_label(shared_data: Callable[[str], Path]) -> None:
    rows = read_frame(shared_data("chatbot"))
    assert rows.height == 11_823
    assert Counter(rows["raw_label"]) == {"0": 5290, "1": 3570, "2": 2962, "2   ": 1}
    assert rows["reason"].null_count() == rows.height
    assert rows.height - rows["raw_text"].n_unique() == 161
    # The last record has no line break, the first is below the header.
    assert (rows["position"].min(), rows["position"].max()) == (2, 11_824)


def test_nsmc_is_read_whole_without_a_bad_row(shared_data: Callable[[str], Path]) -> None:
    rows = read_frame(shared_data("nsmc"))
    assert rows.height == 300_000
    assert rows["reason"].null_count() == rows.height
    assert rows["position"].to_list() == list(range(1, 300_001))
    assert set(rows["raw_label"]) == {f"rating:{rating}" for rating in range(1, 11)}
    assert rows["group"].str.starts_with("movie").all()
    assert (rows["raw_text"].str.strip_chars() == "").any()
    assert rows["raw_text"].str.contains("\t").any()

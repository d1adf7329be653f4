"""The sample of the audit, and what is concluded from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from support.review_pages import review_page
from support.run_etl import etl, succeeded
from support.small_datasets import clean_rows, make_reject, make_row, write_dataset

from etl.dataset.read import open_dataset
from etl.review.audit import draw_sample, summarise, wilson
from etl.review.rows import Rows, read_rows


def rows_of(folder: Path, rows: list[dict[str, object]]) -> Rows:
    rejects = [make_reject(900, "duplicate")]
    return read_rows(open_dataset(write_dataset(folder, rows, rejects)))


@given(st.integers(0, 500).flatmap(lambda judged: st.tuples(st.integers(0, judged), st.just(judged))))
def test_the_interval_is_that_of_wilson(counts: tuple[int, int]) -> None:
    wrong, judged = counts
    if not judged:
        assert wilson(wrong, judged) == (0.0, 1.0)
        return
    expected = binomtest(wrong, judged).proportion_ci(0.95, method="wilson")
    assert wilson(wrong, judged) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert 0 <= wilson(wrong, judged)[0] <= wrong / judged <= wilson(wrong, judged)[1] <= 1


def test_a_row_that_is_added_or_removed_moves_no_other(tmp_path: Path) -> None:
    rows = clean_rows(60, 10, 10)
    whole = rows_of(tmp_path / "whole", rows)
    sample = set(whole.frame["id"].gather(draw_sample(whole, 20, 0)))
    assert len(sample) == 20
    left = next(row for row in rows if row["id"] not in sample)
    fewer = rows_of(tmp_path / "fewer", [row for row in rows if row is not left])
    assert set(fewer.frame["id"].gather(draw_sample(fewer, 20, 0))) == sample
    assert set(whole.frame["id"].gather(draw_sample(whole, 20, 1))) != sample


def test_only_rows_that_are_kept_and_labelled_are_drawn(tmp_path: Path) -> None:
    rows = rows_of(tmp_path / "d", [*clean_rows(5, 1, 1), make_row(50, label=None)])
    assert sorted(rows.frame["id"].gather(draw_sample(rows, 100, 0))) == [f"table:{at}" for at in range(7)]


def test_people_who_disagree_are_counted_apart(tmp_path: Path) -> None:
    rows = rows_of(
        tmp_path / "d", [make_row(at, label="기쁨", source="a" if at < 3 else "b") for at in range(5)]
    )
    judgements = {0: [True], 1: [False], 2: [True, False], 3: [True, True, False]}
    shares = summarise(rows, draw_sample(rows, 5, 0), judgements)
    told = {
        (share.kind, share.name): (share.rows, share.judged, share.wrong, share.disputed) for share in shares
    }
    assert told == {
        ("all", ""): (5, 3, 2, 1),
        ("source", "a"): (3, 2, 1, 1),
        ("source", "b"): (2, 1, 1, 0),
        ("label", "기쁨"): (5, 3, 2, 1),
    }


def test_the_page_and_the_command_say_the_same(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", clean_rows(30, 5, 5))
    with review_page(dataset, tmp_path / "c.jsonl", sample_size=10) as page:
        for number in range(4):
            row = page.find("audit")["row"]
            other = "슬픔" if row["label"] != "슬픔" else "분노"
            page.decide("audit", row["row"], *(("relabel", other) if number == 0 else ("keep",)))
        on_page = json.loads(page.send("api/audit")[1])
    options = ["--corrections", tmp_path / "c.jsonl", "--audit", "10", "--summary"]
    told = json.loads(succeeded(etl("review", dataset, *options, "--json")).stdout)
    assert told == on_page
    assert (told[0]["rows"], told[0]["judged"], told[0]["wrong"]) == (10, 4, 1)
    assert told[0]["least"] < 0.25 < told[0]["most"]
    assert "25.0%" in succeeded(etl("view", dataset, *options)).stdout


def test_the_set_that_a_row_has_is_right_and_another_one_is_wrong(tmp_path: Path) -> None:
    votes = [{"label": "기쁨", "weight": 0.6}, {"label": "슬픔", "weight": 0.4}]
    rows = [make_row(at, label="기쁨", label_votes=votes) for at in range(3)]
    settings = {"labels": "multi", "dedupe": {"short_eojeols": 3, "short_chars": 10}}
    dataset = write_dataset(tmp_path / "sets", [*rows, make_row(9, label="분노")], settings=settings)
    with review_page(dataset, tmp_path / "c.jsonl") as page:
        page.decide("all", 0, "relabel", "슬픔", "기쁨")
        page.decide("all", 1, "relabel", "기쁨")
        page.decide("all", 3, "relabel", "분노")
        page.review.queues.wait("audit")
        (whole, *_) = json.loads(page.send("api/audit")[1])
        assert (whole["judged"], whole["wrong"]) == (3, 1)
        assert page.find("all", state="all", filter={"label": "슬픔"})["of"] == 3
        assert page.find("all", state="all")["row"]["votes"] == "기쁨 60 %, 슬픔 40 %"

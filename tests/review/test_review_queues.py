"""Which rows stand in which queue, and which of them a filter lets through."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.review_pages import Page, review_page
from support.small_datasets import clean_rows, make_reject, make_row, write_dataset

from etl.errors import InputError
from etl.validation.run import validate

SAME = "오늘은 정말 좋은 날이다"
LATIN = "OK 그럼 내일 봐 (진짜?)"


def made_rows() -> list[dict[str, Any]]:
    rows = clean_rows(40, 8, 8)
    rows[0] |= {"text": SAME, "raw_text": SAME, "label": "기쁨"}
    rows[1] |= {"text": f"{SAME}!", "raw_text": f"{SAME}!!!", "label": "슬픔"}
    rows[2] |= {"text": LATIN, "raw_text": LATIN, "source": "chats"}
    near = "어제 저녁에 우리 모두 함께 먹은 음식은 정말이지 너무나도 맛있었다"
    rows[3] |= {"text": near, "raw_text": near}
    rows[44] |= {"text": f"{near}고", "raw_text": f"{near}고", "split": "validation"}
    for turn, row in enumerate(rows[10:20], start=1):
        row |= {"group": "talk", "turn": 11 - turn}
    return [*rows, make_row(60, label=None, raw_label=None, split="unlabelled")]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rejects = [
        make_reject(70, "unknown_label", raw_label="심심"),
        make_reject(71, "unknown_label", raw_label="심심"),
        make_reject(72, "unknown_label", raw_label="그냥"),
        make_reject(73, "empty_text", text=None, raw_text="  "),
        make_reject(74, "conflicting_labels", text=SAME, raw_text=SAME) | {"label": "분노"},
    ]
    folder = tmp_path_factory.mktemp("queues") / "dataset"
    return write_dataset(folder, made_rows(), rejects)


@pytest.fixture(scope="module")
def page(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with review_page(dataset, tmp_path_factory.mktemp("decided") / "c.jsonl") as served:
        yield served


def ids(page: Page, queue: str, **wanted: Any) -> list[str]:
    """The ids of a queue, as one goes through it row by row."""
    found = page.find(queue, state="all", **wanted)
    told = []
    while found["row"] is not None:
        told.append(found["row"]["id"])
        found = page.find(queue, state="all", rank=found["rank"], step=1, **wanted)
    return told


def test_conflicts_are_the_same_text_with_several_labels_rejected_ones_too(page: Page) -> None:
    shown = page.find("conflicts")
    assert shown["of"] == 3
    texts = {each["id"]: each["label"] for each in [shown["row"], *shown["row"]["members"]]}
    assert texts == {"table:0": "기쁨", "table:1": "슬픔", "table:74": "분노"}


def test_unknown_labels_come_value_by_value_the_most_frequent_first(page: Page) -> None:
    assert ids(page, "unknown_labels") == ["table:70", "table:72"]
    assert page.find("unknown_labels")["row"]["scope"] == 2


def test_rejects_and_unlabelled_rows_have_queues(page: Page) -> None:
    assert ids(page, "rejects") == ["table:74", "table:73", "table:70", "table:71", "table:72"]
    assert ids(page, "to_label") == ["table:60"]


def test_near_duplicates_are_shown_side_by_side(page: Page) -> None:
    shown = page.find("near")
    assert {shown["row"]["id"], *(each["id"] for each in shown["row"]["members"])} == {"table:3", "table:44"}
    assert 0.7 < shown["row"]["facts"]["similarity"] < 1


def test_evidence_of_validate_makes_the_same_queue(page: Page, dataset: Path, tmp_path: Path) -> None:
    validate(dataset, out=tmp_path / "report", evidence=tmp_path / "evidence")
    with review_page(dataset, tmp_path / "c.jsonl", evidence=tmp_path / "evidence") as other:
        assert ids(other, "near") == ids(page, "near")
        assert other.find("suspects")["state"] == "missing"
    with (
        pytest.raises(InputError, match="no evidence"),
        review_page(dataset, tmp_path / "c.jsonl", evidence=tmp_path / "report"),
    ):
        pass


def test_a_queue_that_cannot_be_made_says_why(page: Page) -> None:
    assert page.find("low_confidence")["state"] == "missing"
    queues = json.loads(page.send("api/overview")[1])["queues"]
    assert next(queue["why"] for queue in queues if queue["name"] == "low_confidence") == "model"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"source": "chats"}, ["table:2"]),
        ({"text": "ok 그럼"}, ["table:2"]),
        ({"text": "(진짜?)"}, ["table:2"]),
        ({"text": " 정말 좋은 날"}, ["table:0", "table:1", "table:74"]),
        ({"text": "table:44"}, ["table:44"]),
        ({"text": "정말 좋은", "label": "슬픔"}, ["table:1"]),
        ({"split": "rejects", "reason": "empty_text"}, ["table:73"]),
        ({"split": "unlabelled"}, ["table:60"]),
        ({"split": "validation", "text": "저녁"}, ["table:44"]),
        ({"text": ".*"}, []),
        ({"label": "없는 라벨"}, []),
    ],
)
def test_filters_let_through_what_they_say(page: Page, wanted: dict[str, str], expected: list[str]) -> None:
    assert ids(page, "all", filter=wanted) == expected


def test_neighbours_of_a_dialogue_stand_in_their_order(page: Page) -> None:
    shown = page.find("all", filter={"text": "table:15"})["row"]
    assert [each["id"] for each in shown["neighbours"]] == [
        f"table:{at}" for at in (18, 17, 16, 15, 14, 13, 12)
    ]
    assert page.find("all", filter={"text": "table:5"})["row"]["neighbours"] == []


def test_a_row_shows_as_it_was_read_where_it_was_cleaned(page: Page) -> None:
    assert page.find("all", filter={"text": "table:1"})["row"]["raw_text"] == f"{SAME}!!!"
    assert page.find("all", filter={"text": "table:0"})["row"]["raw_text"] is None


def test_evidence_of_another_dataset_is_refused(dataset: Path, tmp_path: Path) -> None:
    rows = clean_rows(8, 2, 2)
    other = write_dataset(tmp_path / "other", [row | {"text": f"다른 {row['text']}"} for row in rows])
    validate(dataset, out=tmp_path / "report", evidence=tmp_path / "evidence")
    with (
        pytest.raises(InputError, match="other rows than those of"),
        review_page(other, tmp_path / "c.jsonl", evidence=tmp_path / "evidence"),
    ):
        pass


def test_the_page_sees_that_the_dataset_is_written_again(tmp_path: Path) -> None:
    rows = clean_rows(8, 2, 2)
    dataset = write_dataset(tmp_path / "dataset", rows)
    with review_page(dataset, tmp_path / "c.jsonl") as page:

        def is_replaced() -> bool:
            return bool(json.loads(page.send("api/overview")[1])["is_replaced"])

        write_dataset(dataset, rows, warnings=["the same rows"])
        assert not is_replaced()
        write_dataset(dataset, rows[:-1])
        assert is_replaced()
        (dataset / "manifest.json").unlink()
        assert is_replaced()

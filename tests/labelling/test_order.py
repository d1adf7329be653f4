"""Which rows to label next: typical ones first, then uncertain ones, and none that somebody has decided."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from support.small_datasets import make_row, write_dataset

pytest.importorskip("sklearn", reason="the extra `noise` is not installed")

from etl.corrections import Decision, text_hash
from etl.dataset.read import Dataset, open_dataset
from etl.labelling import choose
from etl.labelling.choose import UNKNOWN, choose_rows
from etl.labelling.features import make_features
from etl.labelling.order import order_labelling
from etl.schema.splits import UNLABELLED

WORDS = {
    "기쁨": ["신난다", "행복해", "고마워", "최고야"],
    "슬픔": ["눈물이 나", "외로워", "우울해", "그리워"],
}
WHEN = ["오늘", "어제", "아침에", "회사에서", "친구랑", "집에서", "혼자"]


def sentence(number: int, label: str) -> str:
    one, other = np.random.default_rng(number).choice(WORDS[label], 2, replace=False)
    return f"{WHEN[number % 7]} {WHEN[number % 5]} {one} {other} {number}번"


def write(path: Path, unlabelled: Iterable[str], labelled: Sequence[tuple[str, str]] = ()) -> Dataset:
    rows = [make_row(at, text=text, label=label) for at, (text, label) in enumerate(labelled)]
    rows += [
        make_row(1000 + at, text=text, label=None, raw_label="", split=UNLABELLED)
        for at, text in enumerate(unlabelled)
    ]
    return open_dataset(write_dataset(path, rows))


def decision(dataset: Dataset, row_id: str, kind: str = "relabel", label: str | None = "기쁨") -> Decision:
    text = dataset.scan(UNLABELLED).filter(pl.col("id") == row_id).collect()["text"][0]
    return Decision(
        id=row_id,
        text_hash=text_hash(text),
        decision=kind,  # type: ignore[arg-type]
        label=label,
        by="kim",
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_with_no_label_at_all_the_first_rows_stand_for_all_kinds_of_texts(tmp_path: Path) -> None:
    texts = [sentence(at, "기쁨" if at < 90 else "슬픔") for at in range(100)]
    dataset = write(tmp_path / "dataset", texts)
    found = order_labelling(dataset, n=20)
    assert len({*found}) == 20
    assert any(int(each.removeprefix("table:")) >= 1090 for each in found)
    assert found == order_labelling(dataset, n=20)
    assert {*order_labelling(dataset, n=500)} == {f"table:{1000 + at}" for at in range(100)}


def test_rows_with_a_decision_are_not_asked_for_again_whatever_the_order_of_the_decisions(
    tmp_path: Path,
) -> None:
    dataset = write(tmp_path / "dataset", [sentence(at, "기쁨") for at in range(30)])
    first = order_labelling(dataset, n=6)
    decisions = [decision(dataset, each) for each in first[:4]]
    decisions += [decision(dataset, each, "drop", None) for each in first[4:]]
    later = order_labelling(dataset, decisions, n=30)
    assert len(later) == 24
    assert not {*later} & {*first}
    assert order_labelling(dataset, decisions[::-1], n=30) == later


def test_of_rows_that_say_the_same_one_is_asked_for_and_none_if_a_labelled_row_says_it(
    tmp_path: Path,
) -> None:
    known = [(sentence(at, "기쁨"), "기쁨") for at in range(5)]
    texts = [f"{known[0][0]}!!", *["같은 말을 두 번 한다", "같은 말을, 두 번 한다."], "다른 말이다"]
    dataset = write(tmp_path / "dataset", texts, known)
    assert {*order_labelling(dataset, n=9)} == {"table:1001", "table:1003"}


def test_what_a_model_finds_between_two_labels_comes_first(tmp_path: Path) -> None:
    labels = ["기쁨", "슬픔"]
    known = [(sentence(at, labels[at % 2]), labels[at % 2]) for at in range(choose.FIRST)]
    clear = [sentence(500 + at, labels[at % 2]) for at in range(40)]
    between = ["오늘 신난다 그리고 눈물이 나", "어제 행복해 하지만 외로워"]
    dataset = write(tmp_path / "dataset", [*clear, *between], known)
    assert {*order_labelling(dataset, n=2)} == {"table:1040", "table:1041"}


def test_rows_that_are_alike_are_not_asked_for_together() -> None:
    labels = ["기쁨", "슬픔"]
    texts = [sentence(at, labels[at % 2]) for at in range(choose.FIRST)]
    known = [at % 2 for at in range(choose.FIRST)]
    texts += ["신난다 눈물이 나", "신난다 눈물이 나요", "신난다 눈물이 나네", "행복해 외로워 그런데 모르겠다"]
    features = make_features(pl.Series(texts))
    chosen = choose_rows(features, np.array([*known, *[UNKNOWN] * 4]), 2)
    assert choose.FIRST + 3 in chosen


def test_where_nothing_waits_nothing_is_asked_for(tmp_path: Path) -> None:
    assert order_labelling(write(tmp_path / "dataset", [], [(sentence(1, "기쁨"), "기쁨")])) == []


def test_a_decision_on_a_text_that_has_changed_since_is_none(tmp_path: Path) -> None:
    before = write(tmp_path / "before", [sentence(at, "기쁨") for at in range(8)])
    after = write(tmp_path / "after", [f"그런데 {sentence(at, '기쁨')}" for at in range(8)])
    decisions = [decision(before, f"table:{1000 + at}") for at in range(8)]
    assert order_labelling(before, decisions) == []
    assert len(order_labelling(after, decisions)) == 8

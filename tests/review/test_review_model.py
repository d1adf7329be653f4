"""A model on the page, and what to label next; the page without its packages."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from support.review_pages import review_page
from support.run_etl import etl, explained
from support.small_datasets import clean_rows, make_row, write_dataset
from support.training_datasets import SEPARABLE, write_splits

from etl.dataset.read import open_dataset
from etl.models.inference.classifier import open_classifier
from etl.models.linear.train import train_linear
from etl.review import model
from etl.review.rows import read_rows


@pytest.mark.training
def test_rows_come_in_the_order_of_what_a_model_trusts_itself_least_in(tmp_path: Path) -> None:
    dataset = write_splits(tmp_path / "dataset", SEPARABLE)
    train_linear(dataset, tmp_path / "model")
    rows = read_rows(open_dataset(dataset))
    with open_classifier(tmp_path / "model") as classifier:
        queue = model.low_confidence(classifier, rows)
        first, last = (model.ask(classifier, rows, int(queue.rows[at])) for at in (0, -1))
    confidences = queue.facts["confidence"].to_numpy()
    assert len(np.unique(queue.rows)) == len(queue.rows) > 0
    assert (np.diff(confidences) >= 0).all()
    assert first[0]["probability"] == pytest.approx(confidences[0], abs=1e-4)
    assert last[0]["probability"] == pytest.approx(confidences[-1], abs=1e-4)
    assert first[0]["probability"] >= first[-1]["probability"]


@pytest.mark.training
def test_rows_that_teach_most_are_asked_for_first_and_decided_ones_not_again(tmp_path: Path) -> None:
    waiting = [make_row(200 + at, label=None, raw_label=None, split="unlabelled") for at in range(120)]
    dataset = write_dataset(tmp_path / "dataset", [*clean_rows(8, 2, 2), *waiting])
    with review_page(dataset, tmp_path / "c.jsonl") as page:
        asked = []
        for _ in range(3):
            row = page.find("to_label")["row"]
            asked.append(row["id"])
            page.decide("to_label", row["row"], "relabel", "기쁨")
        assert page.find("to_label")["open"] == 117
        in_order = [f"table:{200 + at}" for at in range(3)]
        assert asked != in_order
    with review_page(dataset, tmp_path / "c.jsonl") as page:
        assert page.find("to_label")["row"]["id"] not in asked
        assert page.find("to_label", state="all")["of"] == 120


def test_without_its_packages_the_page_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = write_dataset(tmp_path / "dataset", clean_rows(4, 1, 1))
    monkeypatch.setitem(sys.modules, "uvicorn", None)  # what Python does for a module that is not there
    text = explained(etl("review", dataset, "--no-open", cwd=tmp_path), 2)
    assert "[review]" in text


def test_what_is_no_dataset_is_refused(tmp_path: Path) -> None:
    assert "not a dataset" in explained(etl("view", tmp_path, "--no-open", cwd=tmp_path), 4)

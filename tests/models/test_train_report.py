"""`report.html` of a model, as a person sees it: in a real browser, without a network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.browsers import new_tab, start_chromium
from support.training_datasets import SEPARABLE, write_splits

from etl.models.baseline.settings import TrainSettings
from etl.models.train import train
from etl.models.training.compare import compare
from etl.models.training.metrics import Scores, score
from etl.models.training.report import Report
from etl.models.training.verdict import judge

SMALL = TrainSettings(embedding=8, hidden=8, lr=0.01, epochs=3)


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[bool, Path]:
    """The report with sentences and without; sentences are HTML, and some have the wrong label."""
    validation = [
        (["<script>alert(1)</script>", *tokens], "기쁨" if index < 20 else label, source)
        for index, (tokens, label, source) in enumerate(SEPARABLE["validation"])
    ]
    folder = tmp_path_factory.mktemp("reports")
    dataset = write_splits(folder / "dataset", {**SEPARABLE, "validation": validation})
    for show_text in (False, True):
        train(dataset, folder / str(show_text), SMALL, show_text=show_text)
    return {show_text: folder / str(show_text) / "report.html" for show_text in (False, True)}


def test_sentences_are_quoted_only_when_asked_for_and_are_never_markup(pages) -> None:
    assert "alert(1)" not in pages[False].read_text(encoding="utf-8")
    quoted = pages[True].read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in quoted
    assert "<script" not in quoted


def test_no_headline_is_green_where_one_answer_for_all_rows_is_right_as_often() -> None:
    """Nine of ten rows are negative: to find the others costs more right answers than it gains."""
    labels, truth = ["긍정", "부정"], np.repeat([0, 1], [40, 360])
    guesses = np.where(np.arange(400) % 4 == 0, 0, truth)

    def scores(predictions: np.ndarray) -> Scores:
        sure = np.log(np.eye(2)[predictions] * 0.98 + 0.01)
        return score(sure, truth, np.full(400, "kote"), labels)

    constant = np.ones(400, dtype=np.int64)
    lead = compare("validation", "constant", guesses, constant, truth, np.arange(400))
    report = Report(
        *("cnn", "validation", 1, 8, 0.0, 0.0, [], []),
        model={"validation": scores(guesses)},
        linear={},
        tfidf={},
        constant={"validation": scores(constant)},
        candidates={},
        comparisons=[lead],
        raters={},
        warnings=[],
    )
    assert lead.is_above, "by macro-F1"
    assert judge(report) == (
        "Better than the constant predictor by macro-F1 alone: it is right less often",
        "warning",
    )


def test_a_browser_shows_curves_tables_and_mistakes_and_asks_nobody_for_anything(pages) -> None:
    requests: list[str] = []
    complaints: list[str] = []
    with start_chromium() as browser:
        opened = new_tab(browser, java_script_enabled=False)
        opened.on("request", lambda request: requests.append(request.url))
        opened.on("console", lambda message: complaints.append(message.text))
        opened.goto(pages[True].as_uri())
        headings = opened.locator("h2").all_inner_texts()
        curves = [curve.bounding_box() for curve in opened.locator("svg").all()]
    assert headings == [
        "Scores",
        "Curves",
        "Labels",
        "Confusion",
        "Sources",
        "Calibration",
        "Confident mistakes",
    ]
    assert len(curves) == 2
    assert all(box and box["width"] > 200 and box["height"] > 60 for box in curves)
    assert len(requests) == 1
    assert not complaints

"""`report.html` of a model, as a person sees it: in a real browser, without a network."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from etl.models.baseline import train
from etl.models.baseline.settings import TrainSettings

SMALL = TrainSettings(embedding=8, hidden=8, lr=0.01, batch_size=16, epochs=4)


@pytest.fixture
def marked_up(separable):
    """Sentences that are HTML, some of them with the wrong label."""
    validation = [
        (["<script>alert(1)</script>", *tokens], "기쁨" if place < 20 else label, source)
        for place, (tokens, label, source) in enumerate(separable["validation"])
    ]
    return {**separable, "validation": validation}


def page(write_dataset, splits, folder: Path, *, is_quoting: bool) -> str:
    train.train(write_dataset(splits), folder / "model", SMALL, is_quoting=is_quoting)
    return (folder / "model" / "report.html").read_text(encoding="utf-8")


def test_sentences_are_quoted_only_when_asked_for_and_are_never_markup(
    write_dataset, marked_up, tmp_path
) -> None:
    assert "alert(1)" not in page(write_dataset, marked_up, tmp_path, is_quoting=False)
    shutil.rmtree(tmp_path / "dataset")
    quoted = page(write_dataset, marked_up, tmp_path, is_quoting=True)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in quoted
    assert "<script" not in quoted


def test_a_browser_shows_curves_tables_and_mistakes_and_asks_nobody_for_anything(
    write_dataset, marked_up, tmp_path
) -> None:
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium here")
    page(write_dataset, marked_up, tmp_path, is_quoting=True)
    requests: list[str] = []
    complaints: list[str] = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        opened = browser.new_context(java_script_enabled=False).new_page()
        opened.on("request", lambda request: requests.append(request.url))
        opened.on("console", lambda message: complaints.append(message.text))
        opened.goto((tmp_path / "model" / "report.html").as_uri())
        headings = opened.locator("h2").all_inner_texts()
        curves = [curve.bounding_box() for curve in opened.locator("svg").all()]
        browser.close()
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

"""From finding to fixing: validate, review by keyboard, refresh with corrections; then the next workbook."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.browsers import CHROMIUM
from support.places import job, run, succeeded, write_config
from support.review_pages import Page, open_tab, press, review_page
from support.small_tables import kept_rows
from support.workbooks import write_workbook

from etl.dataset.difference import compare
from etl.dataset.read import open_dataset
from etl.validation.run import validate

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

CONFLICT = "오늘은 정말이지 하루 종일 웃음이 나는 날이었다"
WRONG = (7, 11, 23)  # rows of the workbook that get another label on purpose
DROPPED = 31


def cells(*, without: int | None = None) -> list[list[Any]]:
    """The rows of the workbook: some with a wrong label, and two that say the same with two labels."""
    rows = [[row["text"], row["label"]] for row in kept_rows(0, 80)]
    for number in WRONG:
        rows[number][1] = "슬픔" if rows[number][1] != "슬픔" else "분노"
    rows += [[CONFLICT, "기쁨"], [CONFLICT, "슬픔"]]
    kept = [row for number, row in enumerate(rows) if number != without]
    return [["text", "label"], *kept]


def labels(place: Path) -> dict[str, str]:
    """The label of each text of the current version."""
    rows = open_dataset(place / "current").scan().select("text", "label").collect()
    return {text: str(label) for text, label in rows.iter_rows()}


def review_by_keyboard(page: Page, right: dict[str, str]) -> None:
    """Gives the rows with a wrong label the right one, drops one row, and settles the conflict."""
    with open_tab(f"{page.url}#queue=conflicts", "kim") as tab:
        press(tab, str(1 + page.review.rows.labels.index("기쁨")))
        press(tab, "[")  # all rows
        for text, label in right.items():
            tab.keyboard.press("/")
            tab.locator("#search").fill(text)
            playwright.expect(tab.locator("#text")).to_have_text(text)
            tab.keyboard.press("Enter")
            press(tab, "d" if label == "drop" else str(1 + page.review.rows.labels.index(label)))


def test_what_is_decided_on_the_page_is_in_the_next_version_and_stays(tmp_path: Path) -> None:
    book = write_workbook(tmp_path / "raw" / "survey.xlsx", {"답": cells()})
    config = write_config(tmp_path)
    settings = config.read_text(encoding="utf-8").replace("group_column: group", "delimiter: null")
    config.write_text(f"{settings}corrections: {{files: [corrections.jsonl]}}\n", encoding="utf-8")
    (tmp_path / "corrections.jsonl").touch()
    place, all_rows = tmp_path / "place", kept_rows(0, 80)
    succeeded(run(job(config)))
    first = open_dataset((place / "current").resolve())
    validate(first.path, out=tmp_path / "report", evidence=tmp_path / "evidence")

    right = {str(all_rows[number]["text"]): str(all_rows[number]["label"]) for number in WRONG}
    dropped = str(all_rows[DROPPED]["text"])
    with review_page(first.path, tmp_path / "corrections.jsonl", evidence=tmp_path / "evidence") as page:
        review_by_keyboard(page, right | {dropped: "drop"})
    succeeded(run(job(config)))
    second = open_dataset((place / "current").resolve())
    now = labels(place)
    assert {text: now[text] for text in right} == right
    assert now[CONFLICT] == "기쁨"
    assert dropped not in now
    difference = compare(first, second)
    named = set(difference.examples["relabelled"])
    ids = first.scan().select("id", "text").collect()
    assert named == {row_id for row_id, text in ids.iter_rows() if text in right}
    assert difference.relabelled == len(WRONG)
    assert sum(difference.removed.values()) == 1

    book.unlink()
    write_workbook(tmp_path / "raw" / "survey_v2.xlsx", {"답": cells(without=3)})
    succeeded(run(replace(job(config), accept=("file_gone",))))
    later = labels(place)
    assert {text: later[text] for text in right} == right
    assert later[CONFLICT] == "기쁨"
    assert dropped not in later
    applied = json.loads((place / "current" / "manifest.json").read_bytes())["corrections"]
    assert (applied["stale"], applied["not_found"]) == (0, 0)

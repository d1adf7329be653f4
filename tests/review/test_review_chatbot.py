"""The loop on real data: wrong labels are found, put right by keyboard, and stay right in later versions."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.browsers import CHROMIUM
from support.places import job, run, succeeded, write_config
from support.review_pages import Page, open_tab, press, review_page
from support.run_etl import etl
from support.run_etl import succeeded as ended_well
from support.workbooks import write_workbook

import etl as package
from etl.dataset.read import Dataset, open_dataset
from etl.validation.run import validate

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.training,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

MEANINGS = {"0": "중립", "1": "슬픔", "2": "기쁨"}
LABELS = list(MEANINGS.values())
EVERY = 3  # of the rows of Chatbot one is taken
WRONG_EVERY = 20  # of those one has another label than Chatbot gives it
LOOKED_AT = 100  # rows; by chance 5 of them are wrong
Labels = dict[str, str]


def read_chatbot(folder: Path) -> Labels:
    """The label of some texts of Chatbot, each once however it is spaced."""
    with (folder / "ChatbotData.csv").open(encoding="utf-8-sig", newline="") as file:
        by_letters = {re.sub(r"\W", "", row["Q"]): row for row in csv.DictReader(file)}
    return {row["Q"]: MEANINGS[row["label"].strip()] for row in list(by_letters.values())[::EVERY]}


def spoil(right: Labels) -> Labels:
    """The same texts, some with the next label."""
    return {
        text: LABELS[(LABELS.index(label) + (number % WRONG_EVERY == 7)) % len(LABELS)]
        for number, (text, label) in enumerate(right.items())
    }


def write(folder: Path, name: str, labels: Labels) -> Path:
    return write_workbook(folder / "raw" / name, {"답": [["text", "label"], *labels.items()]})


def configure(folder: Path) -> Path:
    """An `etl.yaml` of versions with a model; a quarter of the rows tests it."""
    path = write_config(folder, train={"model": "linear"})
    settings = path.read_text(encoding="utf-8").replace("group_column: group", "delimiter: null")
    more = "corrections: {files: [corrections.jsonl]}\nsplit: {validation: 0.1, test: 0.25}\n"
    path.write_text(settings + more, encoding="utf-8")
    (folder / "corrections.jsonl").touch()
    return path


def labels_of(dataset: Dataset) -> Labels:
    """The labels of a dataset by text as it was read."""
    rows = dataset.scan().select("raw_text", "label").collect()
    return {text: str(label) for text, label in rows.iter_rows()}


def review_by_keyboard(page: Page, right: Labels) -> None:
    """Looks at the first suspects, and answers each with the right label: Enter, if it has it."""
    rows = page.review.rows.frame.select("text", pl.coalesce("raw_text", "text"), "label")
    keys = {label: str(at) for at, label in enumerate(page.review.rows.labels, start=1)}
    answers = {
        text: "Enter" if right[raw] == label else keys[right[raw]] for text, raw, label in rows.iter_rows()
    }
    page.review.queues.wait("suspects")
    with open_tab(f"{page.url}#queue=suspects", "kim") as tab:
        for _ in range(LOOKED_AT):
            press(tab, answers[str(tab.evaluate("document.getElementById('text').textContent"))])


def macro_f1(dataset: Dataset, texts: Mapping[str, str]) -> float:
    """The macro-F1 of the model of a version on some texts with their right labels."""
    from sklearn.metrics import f1_score

    predicted = [each.label for each in package.predict(dataset.path / "model", list(texts))]
    return float(f1_score(list(texts.values()), predicted, average="macro", labels=LABELS))


def difference(place: Path, *versions: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ended_well(etl("diff", place, *versions, "--json")).stdout)
    return found


def corrections(dataset: Dataset) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((dataset.path / "manifest.json").read_bytes())["corrections"]
    return {name: content[name] for name in ("applied", "stale", "not_found", "disagreed")}


def test_wrong_labels_of_chatbot_are_found_put_right_and_stay_right(tmp_path: Path, shared_data: Any) -> None:
    right = read_chatbot(shared_data("chatbot"))
    spoilt = spoil(right)
    book = write(tmp_path, "chatbot.xlsx", spoilt)
    config, place = configure(tmp_path), tmp_path / "place"
    succeeded(run(job(config)))
    first = open_dataset((place / "current").resolve())
    validate(first.path, out=tmp_path / "report", evidence=tmp_path / "evidence", label_noise=True)

    with review_page(first.path, tmp_path / "corrections.jsonl", evidence=tmp_path / "evidence") as page:
        review_by_keyboard(page, right)
    succeeded(run(job(config)))
    second = open_dataset((place / "current").resolve())
    before, now = labels_of(first), labels_of(second)
    fixed = {text for text, label in before.items() if label != right[text] and now[text] == right[text]}
    assert {text for text in before if now[text] != before[text]} == fixed
    assert len(fixed) > LOOKED_AT / 2
    assert corrections(second) == {"applied": LOOKED_AT, "stale": 0, "not_found": 0, "disagreed": 0}

    ids = dict(first.scan().select("raw_text", "id").collect().iter_rows())
    found = difference(place, first.path.name, second.path.name)
    relabelled = {row["id"] for row in found["corrected"] if row["decision"] == "relabel"}
    assert relabelled == {ids[text] for text in fixed}
    assert len(found["corrected"]) == LOOKED_AT
    assert found["relabelled"] == len(fixed)
    tested = first.scan("test").select("raw_text").collect()["raw_text"]
    texts = {text: right[text] for text in tested}

    decided = {row["id"] for row in found["corrected"]}
    gone = next(text for text in before if ids[text] not in decided and text not in texts)
    book.unlink()
    write(tmp_path, "chatbot_v2.xlsx", {text: label for text, label in spoilt.items() if text != gone})
    succeeded(run(replace(job(config), accept=("file_gone",))))
    third = open_dataset((place / "current").resolve())
    assert corrections(third) == corrections(second)
    assert labels_of(third) == {text: label for text, label in now.items() if text != gone}
    again = difference(place, second.path.name, third.path.name)
    assert (again["relabelled"], again["moved"], again["corrected"]) == (0, [], [])
    assert sum(again["removed"].values()) == 1
    spoilt_score, *scores = [macro_f1(dataset, texts) for dataset in (first, second, third)]
    assert min(scores) > spoilt_score - 0.02  # 66 labels of 3,000 move it by about a point, up or down

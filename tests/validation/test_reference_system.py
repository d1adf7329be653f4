"""A dataset built like the reference system's, whose model was stuck at one constant answer, is found out.

Two corpora are put together without a look: the dialogues with their official split, the utterances of the
clips dealt at random, 60 to 40, whoever speaks. Every number is computed here once more, from the rows, in
plain Python.
"""

import html
import json
import math
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.run_etl import etl
from support.small_datasets import Row, write_dataset

from etl.dataset.read import open_dataset
from etl.sample.corpora import write_sample

pytestmark = pytest.mark.slow

DIALOGUE, MULTIMODAL = "aihub-dialogue", "aihub-multimodal"
# Sentences by label of the first release of 멀티모달.
PUBLISHED = {
    "분노": 1048,
    "경멸": 390,
    "혐오": 1820,
    "공포": 1693,
    "기쁨": 2468,
    "중립": 6078,
    "슬픔": 1629,
    "놀람": 922,
}
# The folders of `etl sample` that hold the two corpora.
FOLDERS = ("018.감성대화", "[감성대화]", "멀티모달 영상")


@dataclass(frozen=True)
class Judged:
    """The rows of a dataset, and what `etl validate` made of them."""

    rows: list[Row]
    exit_code: int
    findings: dict[str, dict[str, Any]]
    report: str

    def of(self, split: str) -> list[Row]:
        return [row for row in self.rows if row["split"] == split]

    def shares(self, split: str, column: str) -> dict[str, float]:
        rows = self.of(split)
        return {name: count / len(rows) for name, count in Counter(row[column] for row in rows).items()}


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("reference") / "raw"
    write_sample(folder, dialogues=900, clips=360)
    return [folder / name for name in FOLDERS]


@pytest.fixture(scope="module")
def read_rows(raw: list[Path], tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """What our readers make of the two corpora in the eleven classes, before anything is held back."""
    out = tmp_path_factory.mktemp("reference") / "read"
    keep = ("--duplicates", "keep", "--conflicts", "keep", "--tagger", "whitespace", "--taxonomy", "native11")
    ingested = etl("ingest", *raw, "--out", out, *keep)
    assert ingested.returncode == 0, ingested.stderr
    dataset = open_dataset(out)
    rejected = [row for row in dataset.scan_rejects().collect().to_dicts() if row["reason"][:5] == "leak_"]
    return [*dataset.scan().collect().to_dicts(), *rejected]


def put_together(rows: list[Row]) -> list[Row]:
    """As the reference system did, with published shares of labels, and few dialogues in validation."""
    rng = Random(7)
    taken = []
    for number, row in enumerate(sorted(rows, key=lambda row: row["id"])):
        if row["source"] == MULTIMODAL:
            if rng.random() < PUBLISHED[row["label"]] / max(PUBLISHED.values()):
                taken.append(row | {"split": "train" if rng.random() < 0.6 else "validation"})
        elif row["split"] == "train" or number % 2:
            taken.append(dict(row))
    return taken


@pytest.fixture(scope="module", params=["eleven classes", "labels as the files have them"])
def judged(
    request: pytest.FixtureRequest, read_rows: list[Row], tmp_path_factory: pytest.TempPathFactory
) -> Judged:
    rows = put_together(read_rows)
    if request.param == "labels as the files have them":
        rows = [row | {"label": row["raw_label"]} if row["source"] == MULTIMODAL else row for row in rows]
    targets = sorted({row["label"] for row in rows})
    path = tmp_path_factory.mktemp("reference") / "dataset"
    write_dataset(path, rows, taxonomy={"name": "native", "targets": targets, "sha256": "0"})
    exit_code = etl("validate", path).returncode
    document = json.loads((path / "validation" / "findings.json").read_text(encoding="utf-8"))
    page = (path / "validation" / "report.html").read_text(encoding="utf-8")
    shown = html.unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL))
    return Judged(
        rows, exit_code, {found["code"]: found for found in document["findings"]}, " ".join(shown.split())
    )


def variation(judged: Judged, column: str) -> float:
    train, validation = judged.shares("train", column), judged.shares("validation", column)
    return sum(abs(train.get(name, 0) - validation.get(name, 0)) for name in {*train, *validation}) / 2


def test_validate_fails_and_the_report_says_so_first(judged: Judged) -> None:
    assert judged.exit_code == 3
    assert judged.report.index("Do not train on this yet") < judged.report.index("nothing was learnt")


def test_the_constant_predictor_is_named_with_accuracy_and_loss(judged: Judged) -> None:
    shares = judged.shares("validation", "label")
    answer = max(shares, key=lambda label: shares[label])
    loss = -sum(share * math.log(share) for share in shares.values())
    assert answer in ("중립", "neutral")
    assert judged.findings["constant_predictor"]["number"] == pytest.approx(shares[answer])
    assert f"val_accuracy {shares[answer]:.4f} and val_loss {loss:.2f} on this data mean" in judged.report
    assert f"always answering “{answer}” gets that accuracy" in judged.report


def test_the_label_that_predicts_the_corpus_is_named(judged: Judged) -> None:
    by_label: dict[str, Counter[str]] = {}
    for row in judged.rows:
        by_label.setdefault(row["label"], Counter())[row["source"]] += 1
    rows = len(judged.rows)
    guessed = sum(max(sources.values()) for sources in by_label.values()) / rows
    chance = max(Counter(row["source"] for row in judged.rows).values()) / rows
    is_disjoint = guessed == 1
    found = judged.findings["label_is_source" if is_disjoint else "label_predicts_source"]
    assert found["number"] == pytest.approx((guessed - chance) / (1 - chance))
    assert found["severity"] == ("error" if is_disjoint else "warning")
    assert f"guessed right for {guessed:.1%} of the rows" in judged.report
    only = [label for label, sources in by_label.items() if len(sources) == 1]
    assert judged.findings["labels_of_one_source"]["number"] == len(only)
    assert {"불안", "상처", "당황"} < {*only}


@pytest.mark.parametrize("column", ["label", "source"])
def test_the_drift_is_named(judged: Judged, column: str) -> None:
    expected = variation(judged, column)
    assert expected > 0.1
    assert judged.findings[f"{column}_drift"]["number"] == pytest.approx(expected)
    assert f"{expected:.1%}" in judged.report


def test_the_speakers_that_leak_are_counted(judged: Judged) -> None:
    groups = {
        split: {(row["source"], row["group"]) for row in judged.of(split)}
        for split in ("train", "validation")
    }
    shared = groups["train"] & groups["validation"]
    leaking = [row for row in judged.of("validation") if (row["source"], row["group"]) in shared]
    of, speakers = len(judged.of("validation")), {group for source, group in shared if source == MULTIMODAL}
    assert len(speakers) > 10
    found = judged.findings["leak_group"]
    assert (found["number"], found["severity"]) == (len(leaking), "error")
    assert f"{len(leaking):,} of {of:,} rows of validation ({len(leaking) / of:.2%})" in judged.report
    assert f"belong to {len(shared):,} groups (dialogue, profile, speaker block, movie)" in judged.report
    assert {*found["examples"]} <= {row["id"] for row in leaking}


def test_sentences_that_leak_are_counted(judged: Judged) -> None:
    def said(split: str) -> list[Row]:
        return [row for row in judged.of(split) if len(row["text"].split()) >= 3 or len(row["text"]) >= 10]

    heard = {row["raw_text"] for row in said("train")}
    repeated = [row["id"] for row in said("validation") if row["raw_text"] in heard]
    assert repeated
    assert judged.findings["leak_exact"]["number"] == len(repeated)
    assert {*judged.findings["leak_exact"]["examples"]} <= {*repeated}


def test_the_same_corpora_through_ingest_have_no_error_left(raw: list[Path], tmp_path: Path) -> None:
    ingested = etl("ingest", *raw, "--out", tmp_path / "dataset")
    assert ingested.returncode == 0, ingested.stderr
    validated = etl("validate", tmp_path / "dataset")
    assert validated.returncode == 0, validated.stdout
    document = json.loads((tmp_path / "dataset" / "validation" / "findings.json").read_text(encoding="utf-8"))
    assert document["counts"]["error"] == 0
    assert document["statistics"] is not None

"""A check is one file and one line: whatever `CHECKS` lists is measured, judged, written and drawn."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support import warm_cache
from support.small_datasets import clean_rows
from support.views import RULES

from etl.validation.check import CHAPTERS, STAGES
from etl.validation.checks import CHECKS
from etl.validation.run import validate

Write = Callable[..., Path]
ROOT = Path(__file__).parents[2]

PROBE = """
from etl.text.html import section
from etl.validation.check import Check

CHECK = Check(
    "probe",
    lambda view: (view.dataset.scan().collect().height,),
    codes=("probed_rows",),
    judge=lambda rows, rules: rules.judge("probed_rows", rows[0]),
    render=lambda rows, context: section("Probe", f"saw {rows[0]} rows"),
    chapter="sentences",
    key="probed",
)
"""
WORDS = """
probed_rows:
  severity: warning
  threshold: 100
  title: Probed
  message: "{number} rows"
  explanation: It is a test.
  what_to_do: Nothing.
"""


@pytest.mark.slow
def test_a_new_check_is_one_file_and_one_line(write: Write, tmp_path: Path) -> None:
    code = tmp_path / "code"
    for folder in ("etl", "schemas", "data_contracts"):
        shutil.copytree(ROOT / folder, code / folder, ignore=shutil.ignore_patterns("__pycache__"))
    checks = code / "etl" / "validation" / "checks"
    (checks / "probe.py").write_text(PROBE, encoding="utf-8")
    listed = (checks / "__init__.py").read_text(encoding="utf-8")
    listed = listed.replace("    reading,\n", "    probe,\n    reading,\n")
    listed = listed.replace("    texts.CHECK,\n", "    texts.CHECK,\n    probe.CHECK,\n")
    (checks / "__init__.py").write_text(listed, encoding="utf-8")
    with (code / "schemas" / "checks" / "text.yaml").open("a", encoding="utf-8") as words:
        words.write(WORDS)
    warm_cache.share_with(code)
    path = write(clean_rows())
    run = subprocess.run(
        [sys.executable, "-m", "etl", "validate", path, "--timings"],
        env=os.environ | {"PYTHONPATH": str(code)},
        cwd=code,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "probe" in {line.split()[-1] for line in run.stderr.splitlines()}
    document = json.loads((path / "validation" / "findings.json").read_text(encoding="utf-8"))
    assert document["statistics"]["probed"] == [120]
    assert [one["message"] for one in document["findings"] if one["code"] == "probed_rows"] == ["120 rows"]
    html = (path / "validation" / "report.html").read_text(encoding="utf-8")
    assert html.index("<h2>Findings</h2>") < html.index("<h2>Probe</h2>") < html.index("<h2>Tokens</h2>")
    assert "saw 120 rows" in html


def test_every_code_belongs_to_one_check_and_every_check_has_its_words() -> None:
    assert sorted(code for check in CHECKS for code in check.codes) == sorted(RULES.by_code)


@pytest.mark.parametrize("attribute", ["name", "key"])
def test_names_and_keys_are_unique(attribute: str) -> None:
    values = [value for check in CHECKS if (value := getattr(check, attribute))]
    assert len(values) == len(set(values))


def test_chapters_and_stages_exist() -> None:
    assert {check.chapter for check in CHECKS} <= {*CHAPTERS}
    assert {check.stage for check in CHECKS} <= {*STAGES}


def test_the_documented_keys_of_findings_json_stay(write: Write) -> None:
    path = write(clean_rows())
    validate(path)
    document = json.loads((path / "validation" / "findings.json").read_text(encoding="utf-8"))
    assert list(document["statistics"]) == [
        "accounts",
        "cells",
        "balances",
        "constant_predictors",
        "constant_labels",
        "label_predicts_source",
        "drifts",
        "leaks",
        "repeats",
        "source_overlaps",
        "conflicts",
        "rater_agreements",
        "texts",
        "tokens",
        "against",
        "label_noise",
    ]

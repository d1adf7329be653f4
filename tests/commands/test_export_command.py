"""`etl export --check` shows what was compared, and ends well only where all was, and is the same."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path

import pytest
from support.run_etl import etl, explained, succeeded
from support.training_datasets import SEPARABLE, write_splits

pytest.importorskip("onnxruntime", reason="the extra [onnx] is not installed")
pytestmark = pytest.mark.training

FIELDS = ("clean_text", "reason", "tokens", "ids", "probabilities", "labels")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The export of a linear model, whose dataset and model are gone."""
    folder = tmp_path_factory.mktemp("exported")
    dataset = write_splits(folder / "dataset", SEPARABLE)
    succeeded(etl("train-baseline", dataset, "--out", folder / "model"))
    done = succeeded(etl("export", folder / "model", "--format", "onnx", "--out", folder / "onnx"))
    assert "made-up texts in vectors.jsonl" in done.stdout
    for name in ("dataset", "model"):
        shutil.rmtree(folder / name)
    return folder / "onnx"


@pytest.fixture
def exported(original: Path, tmp_path: Path) -> Path:
    return shutil.copytree(original, tmp_path / "exported")


def spoil(folder: Path) -> None:
    """Other tokens in one line, and another label in the next but one, with a hash that is right."""
    lines = (folder / "vectors.jsonl").read_bytes().split(b"\n")
    accepted = [place for place, line in enumerate(lines[:-1]) if json.loads(line)["labels"]]
    for place, field, value in ((accepted[0], "tokens", ["다른"]), (accepted[2], "labels", ["없는 라벨"])):
        lines[place] = json.dumps(json.loads(lines[place]) | {field: value}).encode()
    content = b"\n".join(lines)
    (folder / "vectors.jsonl").write_bytes(content)
    metadata = json.loads((folder / "metadata.json").read_bytes())
    metadata["vectors"]["sha256"] = hashlib.sha256(content).hexdigest()
    (folder / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")


def test_an_export_that_does_what_its_vectors_say_is_shown_with_counts(exported: Path) -> None:
    shown = succeeded(etl("export", "--check", exported)).stdout
    for field in FIELDS:
        [line] = [line for line in shown.splitlines() if f" {field} " in line]
        same, _, compared = line.split("│")[2].partition(" of ")
        assert same.strip() == compared.strip() and line.split("│")[3].strip() == "0"


def test_json_is_one_document(exported: Path) -> None:
    document = json.loads(succeeded(etl("export", "--check", exported, "--json")).stdout)
    assert document["has_passed"] is True
    assert tuple(document["fields"]) == FIELDS
    assert {each["differing"] for each in document["fields"].values()} == {0}
    assert document["unchecked"] == {}


def test_what_differs_is_shown_line_by_line_with_exit_code_3(exported: Path) -> None:
    spoil(exported)
    said = explained(etl("export", "--check", exported), 3)
    assert "(tokens, labels)" in said.splitlines()[0]
    assert "tokens: expected ['다른'], got [" in said
    assert "labels: expected ['없는 라벨'], got [" in said
    done = etl("export", "--check", exported, "--json")
    explained(done, 3)
    fields = json.loads(done.stdout)["fields"]
    assert {name: each["differing"] for name, each in fields.items() if each["differing"]} == {
        "tokens": 1,
        "labels": 1,
    }
    assert fields["tokens"]["lines"][0]["expected"] == ["다른"]


def test_what_cannot_be_checked_is_no_success_and_what_to_install_is_named(
    exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What Python does for a module that must not be found.
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    done = etl("export", "--check", exported)
    said = explained(done, 2)
    assert "not checked: probabilities, labels" in said
    assert "pip install 'korean-emotion-etl[onnx]'" in said
    assert done.stdout.count("not checked") == 2
    document = json.loads(etl("export", "--check", exported, "--json").stdout)
    assert document["has_passed"] is False
    assert document["unchecked"].keys() == {"probabilities", "labels"}


def test_a_difference_is_not_hidden_by_what_cannot_be_checked(
    exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    spoil(exported)
    said = explained(etl("export", "--check", exported), 3)
    assert "tokens: expected ['다른']" in said and "not checked: probabilities, labels" in said


def test_a_damaged_export_ends_with_exit_code_4(exported: Path) -> None:
    (exported / "features.json").write_bytes(b"{}")
    assert "features.json: expected sha256" in explained(etl("export", "--check", exported), 4)


@pytest.mark.parametrize(
    "more", [["MODEL"], ["--format", "onnx"], ["--int8"], ["--float32"], ["--single-file"], ["--out", "made"]]
)
def test_a_check_takes_nothing_that_an_export_takes(exported: Path, more: list[str]) -> None:
    assert "--check takes the folder of an export" in explained(etl("export", "--check", exported, *more), 2)


@pytest.mark.parametrize("words", [[], ["MODEL"], ["--format", "onnx"]])
def test_without_a_model_or_a_format_both_ways_are_named(words: list[str]) -> None:
    said = explained(etl("export", *words), 2)
    assert "or --check and the folder of an export" in said

"""An export is compared with its vectors: what differs, what is damaged, and what cannot be compared."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.training_datasets import Trained

from etl.errors import InputError
from etl.models.export.check import FIELDS, Checked, check_export
from etl.models.export.export import export

OTHER = {
    "clean_text": "something else",
    "reason": "no_key_tokens",
    "tokens": ["other"],
    "ids": [1, 1],
    "probabilities": [0.1, 0.2, 0.7],
    "labels": ["중립", "기쁨"],
}


@pytest.fixture(scope="module")
def original(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("onnxruntime")
    folder = tmp_path_factory.mktemp("exported") / "onnx"
    return export(trained.model, "onnx", folder, dataset=trained.dataset).folder


@pytest.fixture
def exported(original: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return shutil.copytree(original, tmp_path / "exported")


def rewrite(folder: Path, file: str, change: Callable[[bytes], bytes], *keys: str) -> None:
    """Changes a file, and the hash in `metadata.json` that stands at some keys."""
    content = change((folder / file).read_bytes())
    (folder / file).write_bytes(content)
    metadata = json.loads((folder / "metadata.json").read_bytes())
    inner = metadata
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = hashlib.sha256(content).hexdigest()
    (folder / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")


def rewrite_line(folder: Path, number: int, change: Callable[[dict[str, Any]], None]) -> None:
    def change_content(content: bytes) -> bytes:
        lines = content.split(b"\n")
        vector = json.loads(lines[number - 1])
        change(vector)
        lines[number - 1] = json.dumps(vector).encode()
        return b"\n".join(lines)

    rewrite(folder, "vectors.jsonl", change_content, "vectors", "sha256")


def rewrite_metadata(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    metadata = json.loads((folder / "metadata.json").read_bytes())
    change(metadata)
    (folder / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")


def find_line(folder: Path, text: str) -> int:
    lines = (folder / "vectors.jsonl").read_bytes().split(b"\n")
    return next(number for number, line in enumerate(lines, 1) if json.loads(line)["text"] == text)


def counts(checked: Checked) -> dict[str, tuple[int, list[int]]]:
    return {
        each.field: (each.compared, [own.line for own in each.differences]) for each in checked.comparisons
    }


def unchecked(checked: Checked) -> dict[tuple[str, ...], str]:
    return {each.fields: each.error.next_step for each in checked.unchecked}


def test_an_export_does_what_its_vectors_say(exported: Path) -> None:
    checked = check_export(exported)
    assert checked.has_passed
    found = counts(checked)
    assert tuple(found) == FIELDS
    n_all, n_accepted = found["clean_text"][0], found["labels"][0]
    assert n_all > n_accepted > 1_900
    assert {compared for compared, _ in found.values()} == {n_all, n_accepted}
    assert [lines for _, lines in found.values()] == [[]] * 6


@pytest.mark.parametrize("field", [field for field in FIELDS if field not in ("ids", "reason")])
def test_a_field_that_is_another_is_found_in_its_line(exported: Path, field: str) -> None:
    number = find_line(exported, "좋다")
    rewrite_line(exported, number, lambda vector: vector.update({field: OTHER[field]}))
    checked = check_export(exported)
    assert [each.field for each in checked.differing] == [field]
    [difference] = checked.differing[0].differences
    assert (difference.line, difference.text, difference.expected) == (number, "좋다", OTHER[field])
    assert difference.got != OTHER[field]


def test_other_ids_are_found_and_lead_to_other_answers(exported: Path) -> None:
    number = find_line(exported, "좋다")
    rewrite_line(exported, number, lambda vector: vector.update(ids=OTHER["ids"]))
    found = counts(check_export(exported))
    assert found["ids"][1] == [number] == found["probabilities"][1]


def test_a_text_that_should_have_no_label_is_found(exported: Path) -> None:
    number = find_line(exported, "좋다")
    rewrite_line(exported, number, lambda vector: vector.update(reason="empty_text", probabilities=[]))
    assert counts(check_export(exported))["reason"][1] == [number]


def test_probabilities_may_differ_by_the_tolerance(exported: Path) -> None:
    number = find_line(exported, "좋다")

    def add(vector: dict[str, Any]) -> None:
        vector["probabilities"] = [each + 9e-6 for each in vector["probabilities"]]

    rewrite_line(exported, number, add)
    assert check_export(exported).has_passed
    rewrite_line(exported, number, add)
    assert counts(check_export(exported))["probabilities"][1] == [number]


def test_labels_may_be_others_only_where_probabilities_are_nearly_the_same(exported: Path) -> None:
    number = find_line(exported, "좋다")
    original = json.loads((exported / "vectors.jsonl").read_bytes().split(b"\n")[number - 1])
    best = int(np.argmax(original["probabilities"]))
    names = json.loads((exported / "metadata.json").read_bytes())["labels"]
    other = (best + 1) % len(names)
    rewrite_line(exported, number, lambda vector: vector.update(labels=[names[other]]))
    assert counts(check_export(exported))["labels"][1] == [number]
    gap = original["probabilities"][best] - original["probabilities"][other]
    rewrite_metadata(exported, lambda metadata: metadata["vectors"].update(tolerance=gap * 0.51))
    assert counts(check_export(exported))["labels"][1] == []


@pytest.mark.parametrize("file", ["model.onnx", "vocab.json", "preparation.json", "vectors.jsonl"])
def test_a_file_that_is_damaged_or_gone_is_named_before_anything_is_run(exported: Path, file: str) -> None:
    content = bytearray((exported / file).read_bytes())
    content[len(content) // 2] ^= 1
    (exported / file).write_bytes(content)
    with pytest.raises(InputError, match=rf"{file}: expected sha256 \w+, got sha256 \w+"):
        check_export(exported)
    (exported / file).unlink()
    with pytest.raises(InputError, match=rf"{file}: expected sha256 \w+, got no file"):
        check_export(exported)


def test_a_folder_that_is_no_export_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(InputError, match="is not an export"):
            check_export(folder)


@pytest.mark.parametrize("content", [b"", b"{}", b'{"format": 1', b"[]", b"\xff"])
def test_a_damaged_metadata_is_refused_by_its_name(exported: Path, content: bytes) -> None:
    (exported / "metadata.json").write_bytes(content)
    with pytest.raises(InputError, match=r"metadata\.json cannot be read"):
        check_export(exported)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda metadata: metadata.pop("vectors"), "holds no vectors"),
        (lambda metadata: metadata.update(format=2), "expected format 1, got 2"),
        (lambda metadata: metadata.update(runtime="Other"), "got Other"),
        (lambda metadata: metadata.update(max_len=4), "contradicts itself|expected at most 4 ids"),
        (lambda metadata: metadata["vectors"].update(count=3), "expected 3 vectors"),
        (lambda metadata: metadata["preprocessing"].update(padding_id=3), r"contradicts vocab\.json"),
        (
            lambda metadata: metadata["labels"].append("more"),
            "line 14.*is no vector|expected 4 probabilities",
        ),
    ],
)
def test_metadata_that_does_not_belong_to_the_export_is_refused(exported: Path, change, said: str) -> None:
    rewrite_metadata(exported, change)
    with pytest.raises(InputError, match=said) as caught:
        check_export(exported)
    assert "etl export MODEL --format FORMAT" in caught.value.next_step


@pytest.mark.parametrize("line", [b"not JSON", b'{"text": "x"}', b"[]", b"", b'"\xff"'])
def test_a_damaged_line_is_named(exported: Path, line: bytes) -> None:
    def change(content: bytes) -> bytes:
        lines = content.split(b"\n")
        lines[2] = line
        return b"\n".join(lines)

    rewrite(exported, "vectors.jsonl", change, "vectors", "sha256")
    with pytest.raises(InputError, match=r"line 3 of .*vectors\.jsonl is no vector"):
        check_export(exported)


def test_without_its_runtime_a_file_is_not_run_and_all_else_is_compared(exported: Path, monkeypatch) -> None:
    # What Python does for a module that must not be found.
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    checked = check_export(exported)
    assert not checked.has_passed and not checked.differing
    assert tuple(counts(checked)) == FIELDS[:4]
    assert unchecked(checked) == {("probabilities", "labels"): "pip install 'korean-emotion-etl[onnx]'"}


def test_with_another_tagger_tokens_are_not_compared_and_all_else_is(exported: Path) -> None:
    def change(content: bytes) -> bytes:
        preparation = json.loads(content) | {"fingerprint": "0" * 64}
        return json.dumps(preparation).encode()

    rewrite(exported, "preparation.json", change, "preprocessing", "preparation_sha256")
    checked = check_export(exported)
    assert not checked.has_passed and not checked.differing
    assert tuple(counts(checked)) == ("clean_text", "probabilities", "labels")
    assert unchecked(checked) == {
        ("reason", "tokens", "ids"): "install that version, or ingest and train again with this one"
    }


def test_an_export_is_checked_where_the_model_is_not(exported: Path, tmp_path: Path) -> None:
    moved = exported.rename(tmp_path / "elsewhere")
    assert check_export(moved).has_passed


def test_torchscript_does_what_its_vectors_say(trained: Trained, tmp_path: Path) -> None:
    done = export(trained.model, "torchscript", tmp_path / "exported", dataset=trained.dataset)
    assert check_export(done.folder).has_passed

"""The vectors beside an export: what they hold, that `etl predict` says the same, and that the file does."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from msgspec import structs
from support.training_datasets import Trained, write_votes

import etl
from etl.dataset import preparation as preparations
from etl.errors import FindingsError, InputError
from etl.models.card import read_card, write_files
from etl.models.export import vectors
from etl.models.export.check import check_export
from etl.models.export.export import export
from etl.models.export.vector_texts import make_texts
from etl.models.export.vectors import Cases, PreparedText
from etl.models.inference.classifier import start_preparing
from etl.models.linear.train import train_linear
from etl.settings import Clean, Settings

WORDS = ["좋다", "영화"]
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"


def read_lines(folder: Path) -> list[dict[str, Any]]:
    """The vectors as any program reads them."""
    content = (folder / "vectors.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in content.splitlines()]


@pytest.fixture(scope="module")
def exported(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of the shared network, which no test changes."""
    pytest.importorskip("onnxruntime")
    folder = tmp_path_factory.mktemp("exported") / "onnx"
    return export(trained.model, "onnx", folder, dataset=trained.dataset).folder


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A linear model that gives several labels to a row."""
    folder = tmp_path_factory.mktemp("sets")
    dataset = write_votes(folder / "dataset", "multi")
    return Trained(dataset, folder / "model", train_linear(dataset, folder / "model"))


def test_the_texts_are_always_the_same_and_some_two_thousand() -> None:
    texts = make_texts(Clean(), WORDS)
    assert texts == make_texts(Clean(), WORDS)
    assert 2_000 < len(texts) == len(set(texts)) < 2_500
    assert all(text.encode() is not None for text in texts), "halves of surrogate pairs are no text"


@pytest.mark.parametrize(
    "is_odd",
    [
        lambda text: text == "",
        lambda text: text and not text.strip(),
        lambda text: FAMILY in text,
        lambda text: "\U0001f1f0\U0001f1f7" in text,
        lambda text: "ㅋㅋㅋㅋㅠㅠ" in text,
        lambda text: unicodedata.normalize("NFC", text) != text,
        lambda text: "https://" in text,
        lambda text: "@" in text,
        lambda text: "#" in text,
        lambda text: "<br>" in text,
        lambda text: "&amp;" in text,
        lambda text: "Ｏ" in text,
        lambda text: "\u0000" in text,
        lambda text: "\u202e" in text,
        lambda text: any("CYRILLIC" in unicodedata.name(each, "") for each in text),
        lambda text: any("HIRAGANA" in unicodedata.name(each, "") for each in text),
        lambda text: text == "안좋아요",
        lambda text: text == "안 좋아요",
        lambda text: len(text) > 1000,
    ],
)
def test_what_is_odd_in_texts_is_among_them(is_odd) -> None:
    assert any(map(is_odd, make_texts(Clean(), WORDS)))


def test_no_text_holds_a_character_that_only_the_library_of_okt_can_tag() -> None:
    from etl.tagging.okt.cut import CHARACTERS

    known = [range(0xE000), *CHARACTERS]
    strange = {
        each for text in make_texts(Clean(), WORDS) for each in text if not any(ord(each) in r for r in known)
    }
    assert strange == set()


def test_texts_reach_the_limits_of_the_settings() -> None:
    lengths = {len(text) for text in make_texts(Clean(max_chars=300, max_raw_chars=700), WORDS)}
    assert {299, 300, 301, 699, 700, 701} <= lengths


def test_the_vectors_say_what_predict_says(exported: Path, trained: Trained) -> None:
    lines = read_lines(exported)
    found = etl.predict(trained.model, [line["text"] for line in lines])
    assert [line["reason"] for line in lines] == [each.reason for each in found]
    assert [line["labels"] for line in lines] == [each.labels for each in found]
    for line, each in zip(lines, found, strict=True):
        np.testing.assert_allclose(line["probabilities"], list(each.probabilities.values()), atol=1.1e-5)
    assert {"empty_text", "text_too_long", None} <= {line["reason"] for line in lines}
    assert len({tuple(line["labels"]) for line in lines if line["labels"]}) == 3


def test_what_lies_beside_them_leads_from_their_tokens_to_their_ids_and_probabilities(exported: Path) -> None:
    import onnxruntime

    lines = [line for line in read_lines(exported) if line["reason"] is None]
    metadata = json.loads((exported / "metadata.json").read_bytes())
    known = json.loads((exported / "vocab.json").read_bytes())["tokens"]
    ids = [[known.index(token) if token in known[2:] else 1 for token in line["tokens"]] for line in lines]
    assert [line["ids"] for line in lines] == [each[: metadata["max_len"]] for each in ids]
    assert len({tuple(each) for each in ids}) > 300
    padded = np.zeros((len(lines), metadata["max_len"]), dtype=np.int32)
    for row, line in zip(padded, lines, strict=True):
        row[: len(line["ids"])] = line["ids"]
    [answers] = onnxruntime.InferenceSession(exported / "model.onnx").run(None, {"ids": padded})
    np.testing.assert_allclose(answers, [line["probabilities"] for line in lines], atol=1e-6)


def test_texts_with_a_reason_have_no_tokens_ids_or_labels(exported: Path) -> None:
    rejected = [line for line in read_lines(exported) if line["reason"]]
    assert rejected
    fields = ("tokens", "ids", "probabilities", "labels")
    assert {tuple(map(len, (line[name] for name in fields))) for line in rejected} == {(0, 0, 0, 0)}


def test_the_metadata_names_the_file_its_hash_and_the_tolerance(exported: Path) -> None:
    content = (exported / "vectors.jsonl").read_bytes()
    assert json.loads((exported / "metadata.json").read_bytes())["vectors"] == {
        "file": "vectors.jsonl",
        "count": content.count(b"\n"),
        "sha256": hashlib.sha256(content).hexdigest(),
        "tolerance": 1e-5,
    }


def test_a_line_ends_nowhere_but_at_a_line_feed(exported: Path) -> None:
    content = (exported / "vectors.jsonl").read_text(encoding="utf-8")
    assert content.splitlines() == content.removesuffix("\n").split("\n")
    assert any("\u2028" in line["text"] for line in read_lines(exported))


@pytest.fixture(scope="module")
def exported_sets(sets: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of it, which no test changes."""
    pytest.importorskip("onnxruntime")
    folder = tmp_path_factory.mktemp("exported-sets") / "onnx"
    return export(sets.model, "onnx", folder, dataset=sets.dataset).folder


def test_the_ids_of_a_linear_model_follow_from_its_steps(exported_sets: Path) -> None:
    folder = exported_sets
    features = json.loads((folder / "features.json").read_bytes())
    spelt = [*map(tuple, features["tokens"]), *features["characters"]]
    lines = [line for line in read_lines(folder) if line["reason"] is None]
    for line in lines[::7]:
        words = [f" {word} " for word in line["clean_text"].split(" ")]
        pieces = {
            word[at : at + size]
            for word in words
            for size in range(1, 5)
            for at in range(len(word) - size + 1)
        }
        pairs = zip(line["tokens"], line["tokens"][1:], strict=False)
        wanted = {*((token,) for token in line["tokens"]), *pairs, *(pieces - {" "})}
        assert line["ids"] == [2 + place for place, gram in enumerate(spelt) if gram in wanted]
    assert any(not line["ids"] for line in lines)


def test_a_model_of_sets_gives_all_labels_that_reach_their_thresholds(
    sets: Trained, exported_sets: Path
) -> None:
    lines = read_lines(exported_sets)
    found = etl.predict(sets.model, [line["text"] for line in lines])
    assert [line["labels"] for line in lines] == [each.labels for each in found]
    assert max(len(line["labels"]) for line in lines) > 1
    assert check_export(exported_sets).has_passed


def test_ids_are_cut_where_the_input_of_the_file_ends(trained: Trained, tmp_path: Path) -> None:
    done = export(trained.model, "torchscript", tmp_path / "exported", dataset=trained.dataset, max_len=3)
    lines = read_lines(done.folder)
    assert max(len(line["ids"]) for line in lines) == 3
    assert max(len(line["tokens"]) for line in lines) > 3
    assert check_export(done.folder).has_passed


def test_an_int8_file_has_vectors_of_its_own_answers(
    trained: Trained, exported: Path, tmp_path: Path
) -> None:
    done = export(trained.model, "onnx", tmp_path / "exported", dataset=trained.dataset, int8=True)
    float32, int8 = (
        [line["probabilities"] for line in read_lines(folder) if line["reason"] is None]
        for folder in (exported, done.folder)
    )
    largest = abs(np.array(float32) - np.array(int8)).max()
    assert done.metadata.vectors.tolerance == pytest.approx(largest, abs=2e-5) and largest > 1e-5
    assert check_export(done.folder).has_passed


def test_another_tagger_than_that_of_the_model_stops_an_export_before_anything_is_made(
    copied: Trained, tmp_path: Path
) -> None:
    card = read_card(copied.model)
    preparation = preparations.load(copied.model / preparations.FILE)
    content = preparations.to_bytes(structs.replace(preparation, fingerprint="0" * 64))
    (copied.model / preparations.FILE).write_bytes(content)
    write_files(
        copied.model, structs.replace(card, preparation_sha256=hashlib.sha256(content).hexdigest()), {}
    )
    with pytest.raises(InputError, match="tagger whitespace of this machine is not the one"):
        export(copied.model, "torchscript", tmp_path / "exported", dataset=copied.dataset)
    assert not (tmp_path / "exported").exists()


def test_a_file_that_gives_other_answers_to_made_up_texts_is_refused() -> None:
    prepared = [PreparedText("", "", "empty_text", [], []), PreparedText("좋다", "좋다", None, ["좋다"], [2])]
    cases = Cases(prepared, np.array([[0.75, 0.25]]))
    vectors.check_answers(cases, np.array([[0.750009, 0.249991]]), "ONNX")
    for answers in ([[0.75002, 0.24998]], [[np.nan, np.nan]]):
        with pytest.raises(FindingsError, match="for '좋다'"):
            vectors.check_answers(cases, np.array(answers), "ONNX")


@pytest.mark.jvm
def test_okt_tags_all_texts_but_those_of_which_nothing_is_left() -> None:
    texts = pl.Series("text", make_texts(Clean(), WORDS))
    with start_preparing(preparations.of(Settings()), "tokens", 1) as prepare:
        prepared = prepare(texts)
    assert {*prepared["reason"]} == {None, "empty_text", "no_key_tokens", "text_too_long"}
    tokens = dict(prepared.select("raw_text", "tokens").iter_rows())
    assert tokens["안 좋아요"] == ["안", "좋다"]

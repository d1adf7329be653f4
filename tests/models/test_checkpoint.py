from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import msgspec
import pytest
from safetensors.torch import load_file, save_file

from etl.dataset import vocab
from etl.dataset.read import open_dataset
from etl.errors import InputError, SettingsError, WriteError
from etl.models.baseline.settings import TrainSettings
from etl.models.card import BASELINE_WEIGHTS, read_card, write_files
from etl.models.checkpoint import check_same_dataset, load_model
from etl.models.inference.evaluate import evaluate
from etl.models.train import train
from etl.runtime.files import sha256_file

QUICK = TrainSettings(embedding=8, hidden=8, lr=0.01, epochs=2)


@pytest.fixture
def dataset(copied) -> Path:
    return copied.dataset


@pytest.fixture
def model(copied) -> Path:
    return copied.model


def test_a_saved_model_has_the_scores_it_had_when_it_was_trained(dataset, model) -> None:
    saved = json.loads((model / "metrics.json").read_bytes())["model"]["validation"]
    again = evaluate(load_model(model), open_dataset(dataset), "validation")
    assert again.loss == pytest.approx(saved["loss"], abs=1e-6)
    assert again.macro_f1 == pytest.approx(saved["macro_f1"], abs=1e-6)
    assert again.confusion == saved["confusion"]


def test_the_card_says_what_the_model_belongs_to(dataset, model) -> None:
    card = load_model(model).card
    vocabulary = vocab.read_vocab(dataset / "vocab.json")
    assert card.labels == ["기쁨", "슬픔", "중립"]
    assert (card.vocabulary_size, card.vocabulary_sha256) == (len(vocabulary), vocab.hash_vocab(vocabulary))
    assert card.tagger == vocabulary.tagger
    assert card.settings.max_len == 6
    assert (model / "vocab.json").read_bytes() == (dataset / "vocab.json").read_bytes()


def test_no_file_of_a_model_is_a_pickle_or_names_this_machine(trained) -> None:
    for file in trained.model.rglob("*.*"):
        content = file.read_bytes()
        assert not content.startswith((b"\x80", b"PK"))
        assert str(trained.model.parent).encode() not in content


def test_weights_that_were_cut_off_are_refused_naming_both_hashes(model) -> None:
    weights = model / "weights.safetensors"
    expected = load_model(model).card.weights_sha256
    os.truncate(weights, weights.stat().st_size // 2)
    with pytest.raises(InputError, match=f"expected sha256 {expected}, got [0-9a-f]{{64}}"):
        load_model(model)


@pytest.mark.parametrize("name", ["weights.safetensors", "model.json", "vocab.json", "preparation.json"])
def test_a_model_with_a_file_missing_is_refused(model, name) -> None:
    (model / name).unlink()
    with pytest.raises(InputError, match=r"etl train-baseline DATASET --out|train again"):
        load_model(model)


def test_a_card_that_was_edited_is_refused(model) -> None:
    card = json.loads((model / "model.json").read_bytes())
    card["labels"].reverse()
    (model / "model.json").write_text(json.dumps(card))
    with pytest.raises(InputError, match=r"model\.json is not the file that belongs to its model"):
        load_model(model)
    card["settings"]["hidden"] = "nine"
    (model / "model.json").write_text(json.dumps(card))
    with pytest.raises(InputError, match="Expected `int`, got `str`"):
        load_model(model)


def test_weights_that_are_no_numbers_are_refused(model) -> None:
    card = read_card(model)
    weights = load_file(model / BASELINE_WEIGHTS)
    save_file({name: tensor * float("nan") for name, tensor in weights.items()}, model / BASELINE_WEIGHTS)
    card = msgspec.structs.replace(card, weights_sha256=sha256_file(model / BASELINE_WEIGHTS))
    write_files(model, card, {})
    with pytest.raises(InputError, match="some of its weights are no numbers"):
        load_model(model)


def test_the_vocabulary_of_another_model_is_refused_naming_both_hashes(model, write_dataset, eight) -> None:
    other = write_dataset(eight, name="other")
    expected = load_model(model).card.vocabulary_sha256
    got = vocab.hash_vocab(vocab.read_vocab(other / "vocab.json"))
    shutil.copy(other / "vocab.json", model / "vocab.json")
    with pytest.raises(InputError, match=f"expected sha256 {expected}, got {got}"):
        load_model(model)


def test_a_model_of_another_dataset_is_refused_naming_both_hashes(model, write_dataset, eight) -> None:
    other = write_dataset(eight, name="other")
    expected = vocab.hash_vocab(vocab.read_vocab(other / "vocab.json"))
    got = load_model(model).card.vocabulary_sha256
    with pytest.raises(InputError, match=f"expected {expected}, got {got}"):
        check_same_dataset(load_model(model), open_dataset(other))


def test_an_older_model_is_replaced_and_nothing_is_left_beside_it(dataset, model, tmp_path) -> None:
    before = (model / "weights.safetensors").read_bytes()
    train(dataset, model, QUICK)
    assert (model / "weights.safetensors").read_bytes() != before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dataset", "model"]


def test_a_folder_that_is_no_model_is_left_alone(dataset, tmp_path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter.txt").write_text("dear")
    for target in (tmp_path / "letters", tmp_path / "letters" / "letter.txt", dataset):
        with pytest.raises(SettingsError, match=r"holds something else|is a file"):
            train(dataset, target, QUICK)
    assert (tmp_path / "letters" / "letter.txt").read_text() == "dear"


def test_a_model_that_cannot_be_written_is_absent(dataset, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError):
        train(dataset, tmp_path / "file" / "model", QUICK)
    assert not (tmp_path / "file" / "model").exists()

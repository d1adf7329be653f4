from __future__ import annotations

import importlib.util
import io
import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import typer
from support.run_etl import etl as run_etl
from support.run_etl import explained
from support.tiny_electra import write_tiny_electra
from support.training_datasets import SEPARABLE, Splits, Trained, deal_labels, write_splits
from typer.testing import CliRunner

from etl.cli import app
from etl.commands.train_transformer import train_transformer
from etl.dataset.read import open_dataset
from etl.errors import FindingsError, InputError, SettingsError
from etl.models.checkpoint import load_model, read_rows
from etl.models.export.check import check_export
from etl.models.export.export import export
from etl.models.fine_tuned import schedule
from etl.models.fine_tuned.settings import FineTuneSettings
from etl.models.fine_tuned.train import fine_tune
from etl.models.inference.classifier import open_classifier, probability_column
from etl.models.inference.documents import classify_inputs
from etl.models.inference.evaluate import evaluate
from etl.models.inference.options import PredictOptions
from etl.models.training import loop
from etl.models.training.fit import Watcher

pytest.importorskip("transformers", reason="the extra [transformer] is not installed")

HAS_LITERT = importlib.util.find_spec("litert_torch") is not None
needs_litert = pytest.mark.skipif(
    not HAS_LITERT, reason="litert-torch is not installed; docs/export.md says how"
)
QUICK = FineTuneSettings(epochs=7, lr=0.003, batch_size=16)


@pytest.fixture(scope="module")
def electra(tmp_path_factory) -> Path:
    """A tiny discriminator with random weights and word pieces of its own, as a hub would give it."""
    folder = tmp_path_factory.mktemp("pre-trained") / "tiny-electra"
    return write_tiny_electra(folder, [tokens for tokens, _, _ in SEPARABLE["train"]])


@pytest.fixture(scope="module")
def tuned(electra, tmp_path_factory) -> Trained:
    """What no test changes. The dataset has no vocabulary: a transformer brings its own."""
    folder = tmp_path_factory.mktemp("fine-tuned")
    validation = [*SEPARABLE["validation"] * 5, ([], "중립", "kote"), (["오늘"] * 90, "중립", "kote")]
    splits = {"train": SEPARABLE["train"], "validation": validation}
    dataset = write_splits(folder / "dataset", splits, has_vocabulary=False)
    return Trained(dataset, folder / "model", fine_tune(dataset, electra, folder / "model", QUICK))


@pytest.fixture
def dataset(tuned) -> Path:
    return tuned.dataset


@pytest.fixture
def model(tuned, tmp_path) -> Path:
    """A copy, for tests that write into it; its dataset stands beside it."""
    shutil.copytree(tuned.dataset, tmp_path / "dataset")
    return shutil.copytree(tuned.model, tmp_path / "model")


def test_a_tiny_electra_learns_the_sentences_and_stands_beside_what_it_has_to_beat(tuned, electra) -> None:
    out, report = tuned.model, tuned.report
    fine_tuned, constant = report.model["validation"], report.constant["validation"]
    assert fine_tuned.macro_f1 > 0.9 > constant.macro_f1
    assert report.tfidf["validation"].rows == fine_tuned.rows == 602
    assert report.architecture == "electra"
    assert sorted(path.name for path in out.iterdir()) == [
        "config.json",
        "metrics.json",
        "model.json",
        "model.safetensors",
        "preparation.json",
        "report.html",
        "tensorboard",
        "tokenizer.json",
        "tokenizer_config.json",
    ]
    for path in out.glob("*.*"):
        assert str(electra.parent).encode() not in path.read_bytes(), path.name
        assert not path.read_bytes().startswith((b"\x80", b"PK"))
    again = evaluate(load_model(out), open_dataset(tuned.dataset), "validation")
    assert again.loss == pytest.approx(fine_tuned.loss, abs=1e-6)
    assert again.confusion == fine_tuned.confusion


def test_transformers_itself_can_load_the_model_with_its_labels(tuned) -> None:
    from transformers import pipeline

    [found] = pipeline("text-classification", model=str(tuned.model))(["오늘 진짜 행복 최고"])
    assert found["label"] == "기쁨"


@pytest.mark.parametrize("to", ["onnx", pytest.param("litert", marks=needs_litert)])
def test_a_fine_tuned_model_is_exported_and_gives_the_same_answers(model, electra, to) -> None:
    done = export(model, to)
    assert (done.metadata.parity.rows, done.metadata.parity.differing_predictions) == (602, 0)
    assert done.metadata.parity.largest_difference <= 1e-5
    assert done.metadata.model.architecture == "electra"
    assert {path.name for path in done.folder.iterdir()} > {"tokenizer.json", "preparation.json"}
    for path in done.folder.iterdir():
        for folder in (model.parent, electra.parent):
            assert str(folder).encode() not in path.read_bytes()
    operators = done.metadata.built_with["operators"]
    assert not [name for name in operators if "CUSTOM" in name or "Flex" in name]


@pytest.fixture(scope="module")
def scripted(tuned, tmp_path_factory) -> Path:
    """An export that no test changes."""
    return export(tuned.model, "torchscript", tmp_path_factory.mktemp("scripted") / "export").folder


def test_what_a_phone_needs_lies_beside_the_exported_model(scripted) -> None:
    """tokenizer.json and the metadata are all that is used here to get from a sentence to a label."""
    import torch
    from tokenizers import Tokenizer

    folder = scripted
    how = json.loads((folder / "metadata.json").read_bytes())
    found = Tokenizer.from_file(str(folder / how["preprocessing"]["vocabulary_file"]))
    ids = found.encode("그냥 눈물 아프다").ids
    ids += [how["preprocessing"]["padding_id"]] * (how["max_len"] - len(ids))
    probabilities = torch.jit.load(folder / how["file"])(torch.tensor([ids], dtype=torch.int32))[0]
    assert how["labels"][int(probabilities.argmax())] == "슬픔"
    assert check_export(folder).has_passed
    vectors = [json.loads(line) for line in (folder / how["vectors"]["file"]).read_bytes().splitlines()]
    assert [vector["tokens"] for vector in vectors] == [None] * len(vectors)
    assert max(len(vector["ids"]) for vector in vectors) == how["max_len"]


def test_without_tokenizers_ids_are_not_compared_and_all_else_is(scripted, monkeypatch) -> None:
    # What Python does for a module that must not be found.
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    checked = check_export(scripted)
    assert [each.fields for each in checked.unchecked] == [("ids",)]
    assert [each.field for each in checked.comparisons if each.compared and not each.differences] == [
        *("clean_text", "reason", "tokens", "probabilities", "labels"),
    ]


def said(model: Path, *texts: str, **options: object) -> list[dict[str, object]]:
    with open_classifier(model, workers=2) as classifier:
        how = PredictOptions(split="line", **options)
        found = classify_inputs(classifier, texts, how, stdin=io.BytesIO(), workers=2)
        return [row for rows in found if isinstance(rows, pl.DataFrame) for row in rows.to_dicts()]


def test_predict_says_of_a_sentence_what_the_model_says_of_its_row(tuned) -> None:
    loaded, source = load_model(tuned.model), open_dataset(tuned.dataset)
    max_len = loaded.max_len
    rows = read_rows(loaded, source, "validation")
    expected = np.exp(loop.predict_rows(loaded.model, rows, max_len))
    texts = source.scan("validation").collect()["raw_text"]
    assert texts[-1].count("오늘") == 90 and rows.lengths[-1] == max_len, "the last one is cut"
    is_text = (texts != "").to_numpy()
    found = said(tuned.model, *texts.filter(is_text))
    columns = [probability_column(label) for label in source.labels]
    got = np.array([[row[column] for column in columns] for row in found])
    np.testing.assert_allclose(got, expected[is_text], atol=1e-6)


def test_predict_cleans_tags_nothing_and_counts_the_word_pieces_that_the_model_knows(tuned) -> None:
    max_len = load_model(tuned.model).max_len
    endless = "행복 눈물 " * 200
    texts = ["오늘 \u200b 행복", "오늘 행복", "뷁 행복", "뷁", "행복 " * 90, endless]
    found = said(tuned.model, *texts)
    assert [row["clean_text"] for row in found[:2]] == ["오늘 행복"] * 2
    assert found[0]["probability"] == found[1]["probability"]
    # Without those that begin and end a sentence.
    seen = [(row["weight"], row["known"]) for row in found]
    assert seen[:5] == [(2, 2), (2, 2), (2, 1), (1, 0), (max_len - 2, max_len - 2)]
    assert [row["reason"] for row in found] == [*[None] * 5, "text_too_long"]


def test_the_command_predict_takes_a_fine_tuned_model(tuned, tmp_path) -> None:
    posts = tmp_path / "posts.txt"
    posts.write_text("오늘 눈물 아프다\n행복 최고 뷁\n", encoding="utf-8")
    how = ["--split", "line", "--format", "jsonl", "--per", "document"]
    shown = CliRunner().invoke(app, ["predict", str(tuned.model), str(posts), *how])
    assert shown.exit_code == 0, shown.output
    rows = [json.loads(line) for line in shown.stdout.splitlines()]
    assert [(row["label"], row["known_share"]) for row in rows] == [("슬픔", 1.0), ("기쁨", 0.6667)]


def test_weights_or_word_pieces_of_another_model_are_refused_naming_both_hashes(model) -> None:
    expected = load_model(model).card.files["model.safetensors"]
    weights = model / "model.safetensors"
    content = weights.read_bytes()
    os.truncate(weights, weights.stat().st_size // 2)
    with pytest.raises(InputError, match=f"expected sha256 {expected}, got [0-9a-f]{{64}}"):
        load_model(model)
    weights.write_bytes(content)
    (model / "tokenizer.json").unlink()
    with pytest.raises(
        InputError, match=r"tokenizer\.json is not the file .*(?s:.*)got no file that can be read"
    ):
        load_model(model)


@pytest.fixture(scope="module")
def few_shuffled() -> Splits:
    """As few sentences as there can be 100 steps of 2 with in 3 epochs, below which nothing is refused."""
    return {split: deal_labels(sentences[:80]) for split, sentences in SEPARABLE.items()}


@pytest.fixture(scope="module")
def unlearnable(few_shuffled, tmp_path_factory) -> Path:
    return write_splits(tmp_path_factory.mktemp("few") / "dataset", few_shuffled, has_vocabulary=False)


def test_labels_that_do_not_follow_from_the_sentences_are_refused(
    write_dataset, shuffled_labels, electra, tmp_path
) -> None:
    dataset = write_dataset(shuffled_labels, has_vocabulary=False)
    settings = FineTuneSettings(epochs=8, lr=0.001, batch_size=8, patience=8)
    with pytest.raises(FindingsError, match="no model was written") as caught:
        fine_tune(dataset, electra, tmp_path / "model", settings)
    assert caught.value.exit_code == 3
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("lr", "cause", "next_step"),
    [
        # Low for a model that starts from nothing, and what one that was pre-trained is usually given.
        (5e-5, "The labels do not follow from the tokens", "etl validate"),
        (1e-9, "A learning rate of 1e-09 is so low", "--lr 5e-05"),
        # Usual for a model that starts from nothing, and far too much for one that was pre-trained.
        (0.001, "A learning rate of 0.001 is high", "--lr 5e-05"),
    ],
)
def test_the_likely_cause_goes_by_the_learning_rates_of_fine_tuning(
    unlearnable, electra, tmp_path, lr, cause, next_step
) -> None:
    with pytest.raises(FindingsError) as caught:
        fine_tune(unlearnable, electra, tmp_path / "model", FineTuneSettings(epochs=3, lr=lr, batch_size=2))
    assert cause in caught.value.cause
    assert next_step in caught.value.next_step


def test_word_pieces_that_are_not_those_of_the_sentences_are_named_as_the_cause(
    write_dataset, few_shuffled, electra, tmp_path
) -> None:
    strange = {
        split: [([f"{token}뷁" for token in tokens], label, source) for tokens, label, source in rows]
        for split, rows in few_shuffled.items()
    }
    dataset = write_dataset(strange, has_vocabulary=False)
    with pytest.raises(FindingsError, match=r"1\.0000 of the tokens are unknown") as caught:
        fine_tune(dataset, electra, tmp_path / "model", FineTuneSettings(epochs=3, batch_size=2))
    assert "start from a model that was pre-trained on Korean text" in caught.value.next_step


def test_a_run_that_was_stopped_goes_on_to_the_same_weights(tuned, electra, tmp_path) -> None:
    def stop(record) -> None:
        if record.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fine_tune(tuned.dataset, electra, tmp_path / "model", QUICK, watcher=Watcher(on_epoch=stop))
    assert not (tmp_path / "model").exists()
    fine_tune(tuned.dataset, electra, tmp_path / "model", QUICK, resume=True)
    name = "model.safetensors"
    assert (tmp_path / "model" / name).read_bytes() == (tuned.model / name).read_bytes()


def test_long_sentences_are_cut_and_still_end_as_sentences_do(tuned) -> None:
    loaded = load_model(tuned.model)
    rows = read_rows(loaded, open_dataset(tuned.dataset), "validation", max_len=5)
    longest = rows.ids[rows.starts[-1] : rows.starts[-1] + rows.lengths[-1]]
    assert loaded.encoder.tokenizer.convert_ids_to_tokens(longest.tolist()) == [
        "[CLS]",
        *["오늘"] * 3,
        "[SEP]",
    ]


def test_the_learning_rate_rises_and_falls() -> None:
    rates = [schedule.rate_share(step, total=100, warmup=0.1) for step in range(101)]
    assert rates[0] == pytest.approx(0.1) and max(rates) == rates[9] == 1.0 and rates[100] == 0.0
    assert np.all(np.diff(rates[:10]) > 0) and np.all(np.diff(rates[10:]) < 0)


def test_a_folder_without_a_model_is_refused(dataset, tmp_path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"expected a folder with config\.json"):
        fine_tune(dataset, str(tmp_path / "empty"), tmp_path / "model", QUICK)


def test_without_a_network_a_name_is_refused_and_the_way_out_is_named(dataset, tmp_path, monkeypatch) -> None:
    from huggingface_hub import constants

    # What HF_HUB_OFFLINE says, which the library reads when it is imported.
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    name = "nobody/no-such-electra"
    done = run_etl("train-transformer", dataset, "--model", name, "--out", tmp_path / "model")
    text = explained(done, 4)
    assert f"{name} cannot be loaded" in text
    assert "hf download NAME --local-dir DIR" in text


def invoke(*arguments: object):
    app = typer.Typer()
    app.command()(train_transformer)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_command_writes_json_and_nothing_else_to_standard_output(dataset, electra, tmp_path) -> None:
    result = invoke(
        *(dataset, "--model", electra, "--out", tmp_path / "model"),
        *("--lr", 0.005, "--epochs", 2, "--batch-size", 16, "--max-len", 8, "--json"),
    )
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["metrics"] == json.loads((tmp_path / "model" / "metrics.json").read_bytes())
    assert document["metrics"]["max_len"] == 8


def test_a_learning_rate_of_zero_is_refused(tmp_path) -> None:
    result = invoke(tmp_path, "--model", "any", "--out", tmp_path / "model", "--lr", 0)
    assert isinstance(result.exception, SettingsError)


def test_without_transformers_the_extra_to_install_is_named(dataset, tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)  # what Python does for a module that is not there
    with pytest.raises(SettingsError, match=r"pip install 'korean-emotion-etl\[transformer\]'"):
        fine_tune(dataset, "any", tmp_path / "model", QUICK)

from __future__ import annotations

import importlib.util
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from etl.cli import app
from etl.commands.train_transformer import train_transformer
from etl.dataset.read import open_dataset
from etl.errors import FindingsError, InputError, SettingsError
from etl.models.baseline import checkpoint as of_tokens
from etl.models.baseline import train as baseline
from etl.models.baseline.settings import TrainSettings
from etl.models.export.export import export
from etl.models.fine_tuned import checkpoint, schedule, train, word_pieces
from etl.models.fine_tuned.settings import FineTuneSettings
from etl.models.inference.classifier import open_classifier, probability_column
from etl.models.inference.predict import Options, predict
from etl.models.training import loop, metrics
from etl.models.training.fit import Watcher

pytest.importorskip("transformers", reason="the extra [transformer] is not installed")

HAS_LITERT = importlib.util.find_spec("litert_torch") is not None
needs_litert = pytest.mark.skipif(
    not HAS_LITERT, reason="litert-torch is not installed; docs/export.md says how"
)
QUICK = FineTuneSettings(epochs=7, lr=0.003, batch_size=16)
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


@pytest.fixture
def electra(tmp_path, separable) -> Path:
    """A tiny discriminator with random weights and word pieces of its own, as a hub would give it."""
    import torch
    from tokenizers.implementations import BertWordPieceTokenizer
    from tokenizers.processors import BertProcessing
    from transformers import ElectraConfig, ElectraForPreTraining, PreTrainedTokenizerFast

    folder = tmp_path / "tiny-electra"
    found = BertWordPieceTokenizer(strip_accents=False, lowercase=False)
    sentences = [" ".join(tokens) for tokens, _, _ in separable["train"]]
    found.train_from_iterator(sentences, vocab_size=200, special_tokens=SPECIAL, show_progress=False)
    ends = [(name, found.token_to_id(name)) for name in ("[SEP]", "[CLS]")]
    found.post_processor = BertProcessing(*ends)
    found.save(str(tmp_path / "pieces.json"))
    PreTrainedTokenizerFast(
        tokenizer_file=str(tmp_path / "pieces.json"),
        **{f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")},
    ).save_pretrained(folder)
    config = ElectraConfig(
        vocab_size=found.get_vocab_size(),
        embedding_size=16,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=32,
    )
    with torch.random.fork_rng():
        torch.manual_seed(1)
        ElectraForPreTraining(config).save_pretrained(folder)
    return folder


@pytest.fixture
def dataset(write_dataset, separable) -> Path:
    """It has no vocabulary: a transformer brings its own."""
    validation = [*separable["validation"] * 5, ([], "중립", "kote"), (["오늘"] * 90, "중립", "kote")]
    return write_dataset({"train": separable["train"], "validation": validation}, has_vocabulary=False)


@pytest.fixture
def hasty(dataset, electra, tmp_path) -> Path:
    """One that has learnt little: whether its files are right does not depend on that."""
    settings = FineTuneSettings(epochs=1, lr=0.003, batch_size=16)
    train.train(dataset, str(electra), tmp_path / "model", settings)
    return tmp_path / "model"


@pytest.fixture
def model(dataset, electra, tmp_path) -> Path:
    train.train(dataset, str(electra), tmp_path / "model", QUICK)
    return tmp_path / "model"


def test_a_tiny_electra_learns_the_sentences_and_stands_beside_what_it_has_to_beat(
    dataset, electra, tmp_path
) -> None:
    out = tmp_path / "model"
    report = train.train(dataset, str(electra), out, QUICK)
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
        assert str(tmp_path).encode() not in path.read_bytes(), path.name
        assert not path.read_bytes().startswith((b"\x80", b"PK"))
    again = scores(out, dataset)
    assert again.loss == pytest.approx(fine_tuned.loss, abs=1e-6)
    assert again.confusion == fine_tuned.confusion


def scores(model: Path, dataset: Path) -> metrics.Scores:
    loaded, source = checkpoint.load(model), open_dataset(dataset)
    max_len = loaded.card.settings.max_len
    rows = word_pieces.read_split(source, "validation", loaded.tokenizer, loaded.vocabulary, max_len)
    return metrics.score(loop.predict(loaded.model, rows, max_len), rows.labels, rows.sources, source.labels)


def test_transformers_itself_can_load_the_model_with_its_labels(model) -> None:
    from transformers import pipeline

    [found] = pipeline("text-classification", model=str(model))(["오늘 진짜 행복 최고"])
    assert found["label"] == "기쁨"


@pytest.mark.parametrize("to", ["onnx", pytest.param("litert", marks=needs_litert)])
def test_a_fine_tuned_model_is_exported_and_gives_the_same_answers(hasty, tmp_path, to) -> None:
    done = export(hasty, to)
    assert (done.metadata.parity.rows, done.metadata.parity.differing_predictions) == (602, 0)
    assert done.metadata.parity.largest_difference <= 1e-5
    assert done.metadata.model.architecture == "electra"
    assert {path.name for path in done.folder.iterdir()} > {"tokenizer.json", "preparation.json"}
    for path in done.folder.iterdir():
        assert str(tmp_path).encode() not in path.read_bytes()
    operators = done.metadata.built_with["operators"]
    assert not [name for name in operators if "CUSTOM" in name or "Flex" in name]


def test_what_a_phone_needs_lies_beside_the_exported_model(model) -> None:
    """tokenizer.json and the metadata are all that is used here to get from a sentence to a label."""
    import torch
    from tokenizers import Tokenizer

    folder = export(model, "torchscript").folder
    how = json.loads((folder / "metadata.json").read_bytes())
    found = Tokenizer.from_file(str(folder / how["preprocessing"]["vocabulary_file"]))
    ids = found.encode("그냥 눈물 아프다").ids
    ids += [how["preprocessing"]["padding_id"]] * (how["max_len"] - len(ids))
    probabilities = torch.jit.load(folder / how["file"])(torch.tensor([ids], dtype=torch.int32))[0]
    assert how["labels"][int(probabilities.argmax())] == "슬픔"


def said(model: Path, *texts: str, **options: object) -> list[dict[str, object]]:
    with open_classifier(model, 2) as classify:
        found = predict(classify, texts, Options(split="line", **options), stdin=io.BytesIO(), workers=2)
        return [row for rows in found if isinstance(rows, pl.DataFrame) for row in rows.to_dicts()]


def test_predict_says_of_a_sentence_what_the_model_says_of_its_row(hasty, dataset) -> None:
    loaded, source = checkpoint.load(hasty), open_dataset(dataset)
    max_len = loaded.card.settings.max_len
    rows = word_pieces.read_split(source, "validation", loaded.tokenizer, loaded.vocabulary, max_len)
    expected = np.exp(loop.predict(loaded.model, rows, max_len))
    texts = source.scan("validation").collect()["raw_text"]
    assert texts[-1].count("오늘") == 90 and rows.lengths[-1] == max_len, "the last one is cut"
    is_text = (texts != "").to_numpy()
    found = said(hasty, *texts.filter(is_text))
    columns = [probability_column(label) for label in source.labels]
    got = np.array([[row[column] for column in columns] for row in found])
    np.testing.assert_allclose(got, expected[is_text], atol=1e-6)


def test_predict_cleans_tags_nothing_and_counts_the_word_pieces_that_the_model_knows(hasty) -> None:
    max_len = checkpoint.load(hasty).card.settings.max_len
    endless = "행복 눈물 " * 200
    found = said(hasty, "오늘 \u200b 행복", "오늘 행복", "뷁 행복", "뷁", "행복 " * 90, endless)
    assert [row["clean_text"] for row in found[:2]] == ["오늘 행복"] * 2
    assert found[0]["probability"] == found[1]["probability"]
    # Without those that begin and end a sentence.
    seen = [(row["weight"], row["known"]) for row in found]
    assert seen[:5] == [(2, 2), (2, 2), (2, 1), (1, 0), (max_len - 2, max_len - 2)]
    assert [row["reason"] for row in found] == [*[None] * 5, "text_too_long"]


def test_the_command_predict_takes_a_fine_tuned_model(model, tmp_path) -> None:
    posts = tmp_path / "posts.txt"
    posts.write_text("오늘 눈물 아프다\n행복 최고 뷁\n", encoding="utf-8")
    how = ["--split", "line", "--format", "jsonl", "--per", "document"]
    shown = CliRunner().invoke(app, ["predict", str(model), str(posts), *how])
    assert shown.exit_code == 0, shown.output
    rows = [json.loads(line) for line in shown.stdout.splitlines()]
    assert [(row["label"], row["known_share"]) for row in rows] == [("슬픔", 1.0), ("기쁨", 0.6667)]


def test_a_model_of_the_other_kind_is_refused_by_name(hasty, write_dataset, separable, tmp_path) -> None:
    with_vocabulary = write_dataset(separable, name="other")
    settings = TrainSettings(embedding=8, hidden=8, lr=0.01, batch_size=16, epochs=5)
    baseline.train(with_vocabulary, tmp_path / "baseline", settings)
    for refused in (
        lambda: of_tokens.load(hasty),
        lambda: baseline.evaluate(hasty, with_vocabulary, "validation"),
    ):
        with pytest.raises(InputError, match="expected a model of `etl train-baseline`, got one of `etl tra"):
            refused()
    with pytest.raises(InputError, match="expected a model of `etl train-transformer`, got one of `etl tr"):
        checkpoint.load(tmp_path / "baseline")


def test_weights_or_word_pieces_of_another_model_are_refused_naming_both_hashes(hasty) -> None:
    expected = checkpoint.load(hasty).card.files["model.safetensors"]
    weights = hasty / "model.safetensors"
    content = weights.read_bytes()
    os.truncate(weights, weights.stat().st_size // 2)
    with pytest.raises(InputError, match=f"expected sha256 {expected}, got [0-9a-f]{{64}}"):
        checkpoint.load(hasty)
    weights.write_bytes(content)
    (hasty / "tokenizer.json").unlink()
    with pytest.raises(InputError, match=r"tokenizer\.json is not the file .*(?s:.*)got no file"):
        checkpoint.load(hasty)


def test_labels_that_do_not_follow_from_the_sentences_are_refused(
    write_dataset, shuffled_labels, electra, tmp_path
) -> None:
    dataset = write_dataset(shuffled_labels, has_vocabulary=False)
    settings = FineTuneSettings(epochs=8, lr=0.001, batch_size=8, patience=8)
    with pytest.raises(FindingsError, match="no model was written") as caught:
        train.train(dataset, str(electra), tmp_path / "model", settings)
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
    write_dataset, shuffled_labels, electra, tmp_path, lr, cause, next_step
) -> None:
    dataset = write_dataset(shuffled_labels, has_vocabulary=False)
    with pytest.raises(FindingsError) as caught:
        settings = FineTuneSettings(epochs=3, lr=lr, batch_size=8)
        train.train(dataset, str(electra), tmp_path / "model", settings)
    assert cause in caught.value.cause
    assert next_step in caught.value.next_step


def test_word_pieces_that_are_not_those_of_the_sentences_are_named_as_the_cause(
    write_dataset, shuffled_labels, electra, tmp_path
) -> None:
    strange = {
        split: [([f"{token}뷁" for token in tokens], label, source) for tokens, label, source in rows]
        for split, rows in shuffled_labels.items()
    }
    dataset = write_dataset(strange, has_vocabulary=False)
    with pytest.raises(FindingsError, match=r"1\.0000 of the tokens are unknown") as caught:
        train.train(dataset, str(electra), tmp_path / "model", FineTuneSettings(epochs=3, batch_size=8))
    assert "start from a model that was pre-trained on Korean text" in caught.value.next_step


def test_a_run_that_was_stopped_goes_on_to_the_same_weights(dataset, electra, tmp_path) -> None:
    train.train(dataset, str(electra), tmp_path / "whole", QUICK)

    def stop(record) -> None:
        if record.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train.train(dataset, str(electra), tmp_path / "model", QUICK, watcher=Watcher(on_epoch=stop))
    assert not (tmp_path / "model").exists()
    train.train(dataset, str(electra), tmp_path / "model", QUICK, is_resuming=True)
    name = "model.safetensors"
    assert (tmp_path / "model" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_long_sentences_are_cut_and_still_end_as_sentences_do(hasty, dataset) -> None:
    loaded = checkpoint.load(hasty)
    rows = word_pieces.read_split(
        open_dataset(dataset), "validation", loaded.tokenizer, loaded.vocabulary, max_len=5
    )
    longest = rows.ids[rows.starts[-1] : rows.starts[-1] + rows.lengths[-1]]
    assert loaded.tokenizer.convert_ids_to_tokens(longest.tolist()) == ["[CLS]", *["오늘"] * 3, "[SEP]"]


def test_the_learning_rate_rises_and_falls() -> None:
    rates = [schedule.share(step, total=100, warmup=0.1) for step in range(101)]
    assert rates[0] == pytest.approx(0.1) and max(rates) == rates[9] == 1.0 and rates[100] == 0.0
    assert np.all(np.diff(rates[:10]) > 0) and np.all(np.diff(rates[10:]) < 0)


def test_a_folder_without_a_model_is_refused(dataset, tmp_path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"expected a folder with config\.json"):
        train.train(dataset, str(tmp_path / "empty"), tmp_path / "model", QUICK)


def test_without_a_network_a_name_is_refused_and_the_way_out_is_named(dataset, tmp_path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "etl", "train-transformer", dataset),
            *("--model", "nobody/no-such-electra", "--out", tmp_path / "model"),
        ],
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4, done.stderr
    assert "nobody/no-such-electra cannot be loaded" in done.stderr
    assert "hf download NAME --local-dir DIR" in done.stderr
    assert "Traceback" not in done.stderr


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
        train.train(dataset, "any", tmp_path / "model", QUICK)

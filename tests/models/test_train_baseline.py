from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, get_args

import numpy as np
import polars as pl
import pytest
import typer
from msgspec import structs
from support.small_datasets import list_again
from typer.testing import CliRunner

from etl.commands.train_baseline import train_baseline
from etl.dataset import vocab
from etl.dataset.read import open_dataset
from etl.errors import EtlError, InputError, SettingsError
from etl.models.baseline.network import build_network
from etl.models.baseline.settings import Architecture, TrainSettings
from etl.models.baseline.tokens import read_token_inputs
from etl.models.baseline.train import start_training
from etl.models.checkpoint import load_model
from etl.models.inference.evaluate import evaluate
from etl.models.train import train
from etl.models.training import batches, loop

SMALL = TrainSettings(embedding=16, hidden=16, lr=0.01, batch_size=16, epochs=8)
QUICK = TrainSettings(embedding=8, hidden=8, lr=0.01, epochs=2)


def test_a_model_on_separable_rows_is_far_above_the_constant_predictor(trained) -> None:
    model, constant = trained.report.model["validation"], trained.report.constant["validation"]
    assert model.accuracy > 0.95 > 0.5 > constant.accuracy
    assert model.macro_f1 > 0.95
    assert model.loss < 0.3 * constant.loss
    assert set(model.sources) == {"chatbot", "kote"}


def test_eight_sentences_are_learnt_by_heart(write_dataset, eight, tmp_path) -> None:
    settings = TrainSettings(
        embedding=16, hidden=32, lr=0.02, batch_size=8, epochs=60, dropout=0.0, averaging=0.0
    )
    scores = train(write_dataset(eight), tmp_path / "model", settings).model["validation"]
    assert scores.accuracy == 1.0
    assert [scores.confusion[index][index] for index in range(3)] == [3, 3, 2]


@pytest.mark.parametrize("changes", [{"max_len": 10**12}, {"max_len": 0}, {"epochs": 0}, {"dropout": 1.0}])
def test_a_setting_out_of_its_limits_is_refused_wherever_it_was_made(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    for settings in (TrainSettings(**changes), structs.replace(QUICK, **changes)):
        with pytest.raises(SettingsError, match="cannot be used for training"):
            train(tmp_path / "none", tmp_path / "model", settings)
    assert list(tmp_path.iterdir()) == []


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(
    write_dataset, separable, tmp_path
) -> None:
    dataset = write_dataset(separable)
    for name, seed in (("first", 7), ("again", 7), ("other", 8)):
        train(dataset, tmp_path / name, TrainSettings(embedding=8, hidden=8, epochs=2, lr=0.01, seed=seed))
    files = sorted(file.name for file in (tmp_path / "first").iterdir())
    assert files == [
        "metrics.json",
        "model.json",
        "preparation.json",
        "report.html",
        "tensorboard",
        "vocab.json",
        "weights.safetensors",
    ]
    for file in set(files) - {"tensorboard", "report.html"}:  # the times of events; the name of the model
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "again" / file).read_bytes()
    weights = "weights.safetensors"
    assert (tmp_path / "first" / weights).read_bytes() != (tmp_path / "other" / weights).read_bytes()


def test_the_weights_kept_are_those_of_the_best_epoch(trained) -> None:
    report = trained.report
    best = max(report.epochs, key=lambda record: (record.scores.macro_f1, -record.scores.loss))
    assert report.best_epoch == best.epoch
    assert report.model["validation"].loss == pytest.approx(best.scores.loss, abs=1e-6)


def test_what_is_scored_is_the_moving_average_of_the_weights_after_each_epoch(
    trained,
) -> None:
    inputs = read_token_inputs(open_dataset(trained.dataset), "key")
    training = start_training(
        build_network(200, 3, SMALL), structs.replace(SMALL, averaging=0.75, max_len=10)
    )
    expected: dict[str, np.ndarray] = {}
    for epoch in loop.epochs(training, inputs.train, inputs.held_out["validation"]):
        weights = {name: each.numpy().copy() for name, each in training.model.state_dict().items()}
        expected = {name: 0.75 * expected.get(name, weights[name]) + 0.25 * weights[name] for name in weights}
        if epoch.number == 4:
            break
    for name, tensor in training.outcome.state_dict().items():
        np.testing.assert_allclose(tensor.numpy(), expected[name], atol=1e-6)
    again = loop.predict_rows(training.outcome, inputs.held_out["validation"], max_len=10)
    np.testing.assert_array_equal(again, epoch.log_probabilities)
    last = loop.predict_rows(training.model, inputs.held_out["validation"], max_len=10)
    assert np.abs(last - epoch.log_probabilities).max() > 0.01


def test_without_averaging_what_is_scored_is_the_model_as_it_is(trained) -> None:
    inputs = read_token_inputs(open_dataset(trained.dataset), "key")
    settings = structs.replace(SMALL, averaging=0.0, max_len=10)
    training = start_training(build_network(200, 3, SMALL), settings)
    epoch = next(loop.epochs(training, inputs.train, inputs.held_out["validation"]))
    of_the_model = loop.predict_rows(training.model, inputs.held_out["validation"], max_len=10)
    np.testing.assert_array_equal(of_the_model, epoch.log_probabilities)


def test_training_stops_when_macro_f1_has_stalled(trained, tmp_path) -> None:
    settings = TrainSettings(embedding=16, hidden=16, lr=0.01, batch_size=8, epochs=100, patience=2)
    report = train(trained.dataset, tmp_path / "model", settings)
    last = report.epochs[-1]
    assert last.epoch < 30
    assert last.epoch - next(each.epoch for each in report.epochs if each.scores.macro_f1 == 1.0) >= 2


@pytest.mark.parametrize("architecture", get_args(Architecture))
def test_a_row_has_the_same_scores_whatever_its_batch_is_padded_to(architecture, trained) -> None:
    rows = read_token_inputs(open_dataset(trained.dataset), "key").held_out["validation"]
    model = build_network(200, 3, structs.replace(SMALL, model=architecture)).eval()
    together = loop.predict_rows(model, rows, max_len=10)
    for batch in batches.in_order_of_length(rows, 1, 10):
        import torch

        with torch.inference_mode():
            alone = torch.log_softmax(
                model(torch.from_numpy(batch.ids), torch.from_numpy(batch.lengths)), dim=1
            )
        np.testing.assert_allclose(together[batch.rows], alone.numpy(), atol=1e-6)


def test_an_id_beyond_the_embedding_is_refused_with_both_sizes() -> None:
    ids = np.array([2, 4109, 0])
    rows = batches.Rows(
        ids,
        np.array([0]),
        np.array([2]),
        np.array([0]),
        np.array(["kote"]),
        unknown_share=0.0,
        empty_share=0.0,
    )
    model = build_network(55, 3, SMALL)
    for use in (
        lambda: loop.predict_rows(model, rows, max_len=2),
        lambda: next(loop.epochs(start_training(model, SMALL), rows, rows)),
    ):
        with pytest.raises(InputError, match=r"below 55, .* got up to 4,109"):
            use()


def test_test_rows_stand_in_for_validation_with_a_warning(write_dataset, separable, tmp_path) -> None:
    dataset = write_dataset({"train": separable["train"], "test": separable["validation"]})
    report = train(dataset, tmp_path / "model", QUICK)
    assert report.held_out == "test"
    assert any("flatter" in warning for warning in report.warnings)


def test_test_rows_are_scored_but_do_not_choose_the_epoch(write_dataset, separable, tmp_path) -> None:
    dataset = write_dataset({**separable, "test": separable["train"][:50]})
    report = train(dataset, tmp_path / "model", QUICK)
    assert report.held_out == "validation"
    assert report.model["test"].rows == report.constant["test"].rows == 50


def test_without_held_out_rows_training_is_refused(write_dataset, separable, tmp_path) -> None:
    with pytest.raises(SettingsError, match="neither validation nor test rows"):
        train(write_dataset({"train": separable["train"]}), tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_without_training_rows_training_is_refused(write_dataset, separable, tmp_path) -> None:
    dataset = write_dataset({"train": [], "validation": separable["validation"]}, has_vocabulary=False)
    with pytest.raises(InputError, match="etl build-vocab"):
        train(dataset, tmp_path / "model")


def test_without_a_vocabulary_the_next_command_is_named(write_dataset, separable, tmp_path) -> None:
    dataset = write_dataset(separable, has_vocabulary=False)
    with pytest.raises(InputError, match=f"etl build-vocab {dataset}"):
        train(dataset, tmp_path / "model")


def test_an_open_dataset_and_names_are_as_good_as_paths(trained, tmp_path) -> None:
    for dataset in (open_dataset(trained.dataset), str(trained.dataset)):
        train(dataset, str(tmp_path / "model"), QUICK)
        assert load_model(tmp_path / "model").card.labels == ["기쁨", "슬픔", "중립"]


def invoke(*arguments: object):
    app = typer.Typer()
    app.command()(train_baseline)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


TINY = ["--model", "bilstm", "--embedding", 8, "--hidden", 8, "--lr", 0.01, "--epochs", 2]


def test_the_command_shows_the_model_beside_the_constant_predictor(trained, tmp_path) -> None:
    result = invoke(trained.dataset, "--out", tmp_path / "model", *TINY)
    assert result.exit_code == 0, result.output
    for word in ("bilstm", "TF-IDF", "constant", "macro-F1", "슬픔", "kote"):
        assert word in result.stdout
    assert "epoch 2: train loss" in result.stderr


def test_the_command_writes_json_and_nothing_else_to_standard_output(trained, tmp_path) -> None:
    result = invoke(trained.dataset, "--out", tmp_path / "model", *TINY, "--json")
    document = json.loads(result.stdout)
    assert document["metrics"] == json.loads((tmp_path / "model" / "metrics.json").read_bytes())
    assert document["metrics"]["model"]["validation"]["rows"] == 120


def test_training_with_few_steps_is_not_judged_but_warned_about(write_dataset, eight, tmp_path) -> None:
    result = invoke(write_dataset(eight), "--out", tmp_path / "model", *TINY, "--epochs", 4)
    assert result.exit_code == 0, result.output
    assert "warning: only 4 steps" in result.stderr


@pytest.mark.parametrize("max_len", ["0", "short", "-1"])
def test_a_max_len_that_is_no_number_is_refused(max_len: str, tmp_path: Path) -> None:
    result = invoke(tmp_path, "--out", tmp_path / "model", f"--max-len={max_len}")
    assert isinstance(result.exception, SettingsError)
    assert max_len in str(result.exception)


def test_without_torch_the_extra_to_install_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(
        sys.modules, "torch", None
    )  # what Python itself does for a module that must not be found
    result = invoke(tmp_path, "--out", tmp_path / "model", "--model", "bilstm")
    assert isinstance(result.exception, EtlError)
    assert result.exception.exit_code == 2
    assert "pip install 'korean-emotion-etl[train]'" in str(result.exception)


def test_all_tokens_are_those_of_the_tagger_and_have_a_vocabulary_of_their_own(
    write_dataset, separable, tmp_path
) -> None:
    """The stored tokens lack the words that tell the labels apart; the text has them."""
    dataset = write_dataset(separable)
    for split, rows in separable.items():
        shard = dataset / "data" / f"{split}-00000-of-00001.parquet"
        filler = {"tokens": [["오늘"]] * len(rows), "tags": [["Noun"]] * len(rows)}
        pl.read_parquet(shard).with_columns(
            pl.Series(name, lists) for name, lists in filler.items()
        ).write_parquet(shard)
    list_again(dataset)
    vocab.build_vocab(dataset, min_count=1)
    settings = structs.replace(SMALL, tokens="all")
    report = train(dataset, tmp_path / "all", settings)
    assert report.model["validation"].accuracy > 0.95
    loaded = load_model(tmp_path / "all")
    assert evaluate(loaded, open_dataset(dataset), "validation").accuracy > 0.95
    assert len(vocab.read_vocab(dataset / "vocab.json")) == 3 < len(loaded.encoder)
    assert loaded.preparation.tokens == "all"

"""A linear model as a model of its own: trained, saved, read, used and exported like the others."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.run_etl import etl as run
from support.training_datasets import SEPARABLE, Trained, deal_labels, write_splits

import etl
from etl.errors import FindingsError, InputError, SettingsError
from etl.models.baseline.settings import TrainSettings
from etl.models.best import train_best
from etl.models.checkpoint import load_model
from etl.models.export.export import export
from etl.models.inference.evaluate import evaluate
from etl.models.linear.train import train_linear


@pytest.fixture(scope="module")
def linear(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("linear")
    dataset = write_splits(folder / "dataset", SEPARABLE)
    return Trained(dataset, folder / "model", train_linear(dataset, folder / "model"))


def test_a_linear_model_stands_beside_weaker_predictors_and_not_beside_itself(linear) -> None:
    report = linear.report
    assert report.model["validation"].macro_f1 > 0.95
    assert report.linear == {}
    assert {each.other for each in report.comparisons} == {"tfidf", "constant"}
    assert max(trial.macro_f1 for trial in report.trials) == report.model["validation"].macro_f1
    page = (linear.model / "report.html").read_text(encoding="utf-8")
    assert "Choices" in page
    assert "Curves" not in page


def test_the_same_dataset_gives_the_same_bytes(linear, tmp_path) -> None:
    train_linear(linear.dataset, tmp_path / "model")
    names = sorted(path.name for path in (tmp_path / "model").iterdir())
    assert names == [
        "features.json",
        "metrics.json",
        "model.json",
        "preparation.json",
        "report.html",
        "weights.safetensors",
    ]
    for name in names:
        assert (tmp_path / "model" / name).read_bytes() == (linear.model / name).read_bytes()


def test_a_saved_model_gives_the_scores_of_its_report(linear) -> None:
    scores = evaluate(load_model(linear.model), etl.open_dataset(linear.dataset), "validation")
    assert scores == linear.report.model["validation"]


def test_it_is_never_certain_though_validation_holds_no_mistake(linear) -> None:
    assert linear.report.model["validation"].accuracy == 1
    [prediction] = etl.predict(linear.model, "나 행복 웃다")
    assert 0.9 < prediction.probability < 0.999


def test_it_is_trained_and_predicts_where_torch_is_not_installed(linear, tmp_path) -> None:
    code = f"""
import sys
class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "tensorboardX"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, NoTorch())
import etl, pathlib
from etl.commands.train_baseline import train_baseline
train_baseline({str(linear.dataset)!r}, pathlib.Path({str(tmp_path / "model")!r}))
for each in etl.predict({str(tmp_path / "model")!r}, ["나 행복 웃다", "눈물 외롭다"]):
    print(each.label)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split()[-2:] == ["기쁨", "슬픔"], done.stderr


@pytest.mark.parametrize("name", ["features.json", "weights.safetensors", "preparation.json", "model.json"])
def test_a_file_of_another_model_is_refused(linear, tmp_path, name) -> None:
    shutil.copytree(linear.model, tmp_path / "model")
    content = (tmp_path / "model" / name).read_bytes()
    (tmp_path / "model" / name).write_bytes(
        content.replace(b"0", b"1", 1) if b"0" in content else content + b" "
    )
    with pytest.raises(InputError, match=r"etl train-baseline DATASET --model linear --out|cannot be read"):
        load_model(tmp_path / "model")


def test_onnx_gives_the_answers_of_the_model(linear) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    done = export(linear.model, "onnx", linear.model.parent / "exported", dataset=linear.dataset)
    parity = done.metadata.parity
    assert (parity.rows, parity.differing_predictions) == (120, 0)
    assert done.metadata.max_len is None
    # As another program would: features by their place in the file, nothing of this package.
    features = json.loads((done.folder / "features.json").read_bytes())
    spelt = [*map(tuple, features["tokens"]), *features["characters"]]
    tokens = ["나", "행복", "웃다"]
    pieces = {
        f" {token} "[start : start + length]
        for token in tokens
        for length in range(1, 5)
        for start in range(len(token) + 3 - length)
    }
    wanted = {*((token,) for token in tokens), ("나", "행복"), ("행복", "웃다"), *pieces}
    ids = [2 + place for place, gram in enumerate(spelt) if gram in wanted]
    session = onnxruntime.InferenceSession(done.folder / "model.onnx")
    [found] = session.run(None, {"ids": np.array([[*ids, 0, 0]], dtype=np.int32)})
    [expected] = etl.predict(linear.model, " ".join(tokens))
    np.testing.assert_allclose(found[0], list(expected.probabilities.values()), atol=1e-5)


@pytest.mark.parametrize(
    ("to", "more"),
    [
        ("litert", {}),
        ("android", {}),
        ("torchscript", {}),
        ("onnx", {"int8": True}),
        ("onnx", {"max_len": 9}),
    ],
)
def test_what_a_linear_model_is_not_exported_to_is_refused(linear, tmp_path, to, more) -> None:
    pytest.importorskip("onnx")
    with pytest.raises(
        SettingsError, match=r"etl train-baseline DATASET --out NETWORK --model bilstm|leave --max-len"
    ):
        export(linear.model, to, tmp_path / "exported", dataset=linear.dataset, **more)


def test_labels_that_say_nothing_and_one_label_alone_are_refused(tmp_path) -> None:
    shuffled = {split: deal_labels(sentences) for split, sentences in SEPARABLE.items()}
    one = {**SEPARABLE, "train": [(tokens, "기쁨", "kote") for tokens, _, _ in SEPARABLE["train"]]}
    for name, splits in (("shuffled", shuffled), ("one", one)):
        with pytest.raises(FindingsError, match="etl validate"):
            train_linear(write_splits(tmp_path / name, splits), tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_it_is_the_default_of_the_command_which_refuses_options_of_networks(linear, tmp_path) -> None:
    done = run("train-baseline", linear.dataset, "--out", tmp_path / "model")
    assert done.returncode == 0, done.stderr
    assert "TF-IDF" in done.stdout
    assert load_model(tmp_path / "model").card == load_model(linear.model).card
    refused = run("train-baseline", linear.dataset, "--out", tmp_path / "other", "--hidden", 8, "--resume")
    assert refused.returncode == 2
    assert "got --hidden, --resume" in refused.stderr
    assert "--model bilstm" in refused.stderr


def test_settings_say_what_is_trained_and_none_are_those_of_a_linear_model(linear, tmp_path) -> None:
    assert etl.train(linear.dataset, tmp_path / "model").architecture == "linear"
    card = load_model(tmp_path / "model").card
    assert card == load_model(linear.model).card
    assert etl.train(linear.dataset, tmp_path / "model", QUICK).architecture == "bilstm"
    with pytest.raises(SettingsError, match="got --resume"):
        etl.train(linear.dataset, tmp_path / "model", resume=True)


QUICK = TrainSettings(embedding=8, hidden=8, lr=0.01, epochs=3)


def test_the_best_on_validation_is_kept_and_says_by_how_much(linear, tmp_path) -> None:
    report = train_best(linear.dataset, tmp_path / "model", QUICK)
    scores = {report.architecture: report.model, "linear": report.linear or report.model, **report.candidates}
    assert set(scores) == {"linear", "bilstm", "cnn"}
    best = max(by_split["validation"].macro_f1 for by_split in scores.values())
    assert report.model["validation"].macro_f1 == best
    compared = {each.other for each in report.comparisons}
    assert compared | {report.architecture} >= {"linear", "bilstm", "cnn", "tfidf", "constant"}
    assert load_model(tmp_path / "model").card.architecture == report.architecture
    assert Path(tmp_path / "model" / "metrics.json").exists()


def test_networks_for_which_there_are_too_many_tokens_are_left_out(linear, tmp_path) -> None:
    report = train_best(linear.dataset, tmp_path / "model", QUICK, most_tokens=7_000)
    assert set(report.candidates) | {report.architecture} == {"linear", "bilstm"}

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from msgspec import structs
from sklearn.metrics import f1_score, jaccard_score
from support.run_etl import etl as run_etl
from support.small_datasets import Row
from support.tiny_electra import write_tiny_electra
from support.training_datasets import LABELS, SEPARABLE, Trained, write_votes

from etl.dataset.read import open_dataset
from etl.errors import FindingsError
from etl.models.baseline.settings import TrainSettings
from etl.models.baseline.tokens import read_token_inputs
from etl.models.best import train_best
from etl.models.checkpoint import load_model
from etl.models.export.export import export
from etl.models.export.options import Format
from etl.models.fine_tuned.settings import FineTuneSettings
from etl.models.fine_tuned.train import fine_tune
from etl.models.inference.evaluate import evaluate
from etl.models.inference.predict import predict
from etl.models.linear.model import LinearModel
from etl.models.linear.train import train_linear
from etl.models.train import train
from etl.models.training import references, scoring, targets
from etl.models.training.sets import choose, find_thresholds, score_sets

NEUTRAL = {"label": "중립", "label_votes": None}
SMALL = TrainSettings(embedding=16, hidden=16, lr=0.01, batch_size=16, epochs=8)


@pytest.fixture(scope="module")
def soft(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("soft")
    dataset = write_votes(folder / "dataset", "soft")
    return Trained(dataset, folder / "model", train(dataset, folder / "model", SMALL))


def test_rows_without_a_majority_are_trained_on_and_scored_against_their_votes(soft: Trained) -> None:
    model, constant = soft.report.model["validation"], soft.report.constant["validation"]
    assert model.votes and constant.votes
    assert model.votes.rows == 120 == model.rows + model.votes.without_majority
    assert model.votes.without_majority > 20
    assert model.accuracy > 0.9 > constant.accuracy
    assert model.votes.entropy <= model.votes.cross_entropy < 0.7 * constant.votes.cross_entropy
    assert model.votes.correlation > 0.8 > constant.votes.correlation
    written = json.loads((soft.model / "metrics.json").read_bytes())
    assert written["model"]["validation"]["votes"]["correlation"] == model.votes.correlation


def test_the_linear_models_learn_from_votes_too(soft: Trained) -> None:
    inputs = read_token_inputs(open_dataset(soft.dataset), "key")
    linear = references.find_linear(inputs)
    for name, own in (("linear", linear.predicted), ("tfidf", references.predict_tfidf(inputs))):
        scores = references.score_all(inputs, own)["validation"]
        assert scores.votes, name
        assert scores.votes.correlation > 0.8, name
        assert scores.votes.cross_entropy < 0.8, name


def test_a_saved_model_of_votes_has_the_scores_of_its_report(soft: Trained) -> None:
    found = evaluate(load_model(soft.model), open_dataset(soft.dataset), "validation")
    expected = soft.report.model["validation"]
    assert found.votes and expected.votes
    assert found.votes.cross_entropy == pytest.approx(expected.votes.cross_entropy)
    assert (found.rows, found.accuracy) == (expected.rows, expected.accuracy)


def test_the_targets_of_a_row_are_its_votes_or_its_label(soft: Trained) -> None:
    inputs = read_token_inputs(open_dataset(soft.dataset), "key")
    rows, frame = inputs.train, inputs.frames["train"]
    assert rows.shares is not None
    np.testing.assert_allclose(rows.shares.sum(axis=1), 1.0)
    for shares, label, row in zip(rows.shares, rows.labels, frame.iter_rows(named=True), strict=True):
        votes = row["label_votes"] or [{"label": row["label"], "weight": 1.0}]
        assert {LABELS[at]: shares[at] for at in np.flatnonzero(shares)} == {
            vote["label"]: vote["weight"] for vote in votes
        }
        assert label == (LABELS.index(row["label"]) if row["label"] else -1)
    owners, classes, weights = targets.spread_rows(rows)
    assert weights is not None
    assert weights.sum() == len(rows) == len(np.unique(owners))
    np.testing.assert_allclose(np.bincount(classes, weights), targets.count_labels(rows, len(LABELS)))


def test_a_held_out_split_without_any_majority_is_named(tmp_path: Path) -> None:
    votes = [{"label": label, "weight": 0.5} for label in ("기쁨", "슬픔")]
    places = iter(range(10_000))

    def without_majority(row: Row) -> Row:
        if row["split"] != "validation":
            return row
        is_test = next(places) % 2 == 0
        return row | {"split": "test"} if is_test else row | {"label": None, "label_votes": votes}

    dataset = write_votes(tmp_path / "dataset", "soft", change=without_majority)
    report = train_linear(dataset, tmp_path / "model")
    assert report.held_out == "test"
    assert list(report.model) == ["test"]
    unscored, chosen = report.warnings
    assert unscored == "validation is not scored: none of its 60 rows has a majority of the votes"
    assert chosen.startswith("no validation rows with a label")
    assert "is not scored" in (tmp_path / "model" / "report.html").read_text()


@pytest.fixture(scope="module")
def multi(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("multi")
    dataset = write_votes(folder / "dataset", "multi")
    return Trained(dataset, folder / "model", train(dataset, folder / "model", SMALL))


def test_sets_of_labels_are_learnt_and_scored(multi: Trained) -> None:
    model, constant = multi.report.model["validation"], multi.report.constant["validation"]
    assert model.rows == 120
    assert model.accuracy > 0.8 > constant.accuracy, "exact sets"
    assert model.macro_f1 > 0.9 > constant.macro_f1
    assert model.loss < 0.7 * constant.loss
    assert model.sets and constant.sets
    for name in ("micro_f1", "jaccard", "lrap"):
        assert getattr(model.sets, name) > 0.9 > getattr(constant.sets, name), name
    assert list(model.sets.thresholds) == LABELS
    lead = next(own for own in multi.report.comparisons if own.other == "constant")
    assert lead.difference == pytest.approx(model.macro_f1 - constant.macro_f1)
    assert lead.is_above
    assert multi.report.tfidf["validation"].macro_f1 > 0.9
    page = (multi.model / "report.html").read_text()
    assert "Sets of labels" in page
    assert "Confusion" not in page


def test_a_saved_model_of_sets_has_the_scores_of_its_report(multi: Trained) -> None:
    checkpoint = load_model(multi.model)
    found = evaluate(checkpoint, open_dataset(multi.dataset), "validation")
    expected = multi.report.model["validation"]
    assert found.sets and expected.sets
    assert found.sets.thresholds == expected.sets.thresholds
    assert (found.macro_f1, found.accuracy) == (expected.macro_f1, expected.accuracy)


def test_a_prediction_has_all_labels_that_reach_their_thresholds(multi: Trained) -> None:
    texts = ["오늘 행복 최고 행복", "행복 최고 눈물 아프다", "오늘"]
    thresholds = load_model(multi.model).thresholds
    assert thresholds is not None
    first, both, nothing = predict(multi.model, texts)
    assert (first.label, both.label) == ("기쁨", "기쁨, 슬픔")
    assert (first.labels, both.labels) == (["기쁨"], ["기쁨", "슬픔"])
    for prediction in (first, both, nothing):
        assert prediction.label
        own = dict(zip(LABELS, thresholds, strict=True))
        reached = [name for name, p in prediction.probabilities.items() if p >= own[name]]
        assert prediction.label.split(", ") == reached or (not reached and "," not in prediction.label)


@pytest.fixture(scope="module")
def linear(multi: Trained) -> Trained:
    model = multi.model.with_name("linear")
    return Trained(multi.dataset, model, train_linear(multi.dataset, model))


def test_the_strongest_linear_model_learns_sets_and_stands_beside_every_other(
    multi: Trained, linear: Trained
) -> None:
    scores, beside = linear.report.model["validation"], multi.report.linear["validation"]
    assert scores == beside
    assert scores.accuracy > 0.9
    assert scores.sets and scores.sets.lrap > 0.9
    assert linear.report.linear == {}
    assert max(trial.macro_f1 for trial in linear.report.trials) == scores.macro_f1
    found = evaluate(load_model(linear.model), open_dataset(linear.dataset), "validation")
    assert found == scores
    first, both = predict(linear.model, ["오늘 행복 최고 행복", "행복 최고 눈물 아프다"])
    assert (first.label, both.label) == ("기쁨", "기쁨, 슬픔")


def test_one_machine_for_each_label_gives_its_margin_a_sigmoid(linear: Trained) -> None:
    inputs = read_token_inputs(open_dataset(linear.dataset), "key")
    model = references.find_linear(inputs).model
    own = load_model(linear.model).model
    assert isinstance(own, LinearModel)
    assert own.weights.tobytes() == model.weights.tobytes(), "the same rows, the same bytes"
    rows = linear.report.model["validation"].rows
    for name, scores in linear.report.model["validation"].labels.items():
        # Platt's factor and shift: on these rows a label is as probable as it is frequent.
        mean = np.mean([each.probabilities[name] for each in predict(linear.model, _texts(linear))])
        assert mean == pytest.approx(scores.rows / rows, abs=0.02), name


def _texts(trained: Trained) -> list[str]:
    return open_dataset(trained.dataset).scan("validation").collect()["text"].to_list()


@pytest.mark.parametrize(
    ("kind", "to", "int8"),
    [
        ("network", "torchscript", False),
        ("network", "onnx", True),
        ("network", "litert", True),
        ("linear", "onnx", False),
    ],
)
def test_a_model_of_sets_is_exported_with_its_thresholds(
    kind: str, to: Format, int8: bool, multi: Trained, linear: Trained, tmp_path: Path
) -> None:
    pytest.importorskip({"onnx": "onnxruntime", "litert": "litert_torch"}.get(to, "torch"))
    trained = linear if kind == "linear" else multi
    exported = export(trained.model, to, tmp_path / "exported", int8=int8, dataset=trained.dataset)
    checkpoint = load_model(trained.model)
    assert checkpoint.thresholds is not None
    metadata = exported.metadata
    assert metadata.thresholds == checkpoint.thresholds.tolist()
    assert "sum" not in metadata.output.meaning
    assert (metadata.parity.rows, metadata.parity.differing_predictions) == (120, 0)
    assert (metadata.int8 is not None) == int8, "compared with the model before and after"
    if metadata.int8:
        assert metadata.int8.model_macro_f1 == pytest.approx(trained.report.model["validation"].macro_f1)
        assert metadata.int8.int8_macro_f1 > 0.9


def test_the_command_gives_programs_the_labels_of_a_set_as_a_list(linear: Trained) -> None:
    done = run_etl("predict", linear.model, "행복 최고 눈물 아프다", "--format", "jsonl")
    row = json.loads(done.stdout)
    assert row["labels"] == ["기쁨", "슬픔"]
    assert "label" not in row


def test_labels_that_all_rows_have_or_none_are_given_by_their_share(tmp_path: Path) -> None:
    def always_neutral(row: Row) -> Row:
        votes = [{"label": label, "weight": 0.5} for label in ("기쁨", "중립")]
        return row | {"label": None, "label_votes": votes} if row["label"] == "기쁨" else row | NEUTRAL

    dataset = write_votes(tmp_path / "dataset", "multi", change=always_neutral)
    report = train_linear(dataset, tmp_path / "model")
    scores = report.model["validation"].labels
    assert scores["중립"].recall == 1.0
    assert scores["슬픔"].predicted == 0 == scores["슬픔"].rows
    assert np.isfinite(report.model["validation"].loss)


def test_sets_that_say_nothing_are_refused(multi: Trained, tmp_path: Path) -> None:
    chance = random.Random(0)
    answers = open_dataset(multi.dataset).scan("train").select("label", "label_votes").collect().to_dicts()
    dataset = write_votes(tmp_path / "dataset", "multi", change=lambda row: row | chance.choice(answers))
    for learn in (train_linear, train):
        with pytest.raises(FindingsError, match=r"learnt nothing|one answer"):
            learn(dataset, tmp_path / "model", None if learn is train_linear else SMALL)
    assert not (tmp_path / "model").exists()


def test_the_best_of_several_is_found_for_sets_too(multi: Trained, tmp_path: Path) -> None:
    report = train_best(multi.dataset, tmp_path / "model", structs.replace(SMALL, epochs=2))
    assert set(report.candidates) | {report.architecture} == {"linear", "bilstm", "cnn"}
    found = evaluate(load_model(tmp_path / "model"), open_dataset(multi.dataset), "validation")
    assert found == report.model["validation"]


def test_class_weights_let_rows_with_a_label_weigh_as_much_as_those_without(
    multi: Trained, tmp_path: Path
) -> None:
    inputs = read_token_inputs(open_dataset(multi.dataset), "key")
    rows = inputs.train
    assert rows.shares is not None
    weights = references.weigh_labels(rows, len(LABELS))
    counts = rows.shares.sum(axis=0)
    np.testing.assert_allclose(weights[0] * counts, weights[1] * (len(rows) - counts))
    even = np.full(rows.shares.shape, np.log(0.5))
    assert scoring.weigh_loss(even, rows, weights) == pytest.approx(np.log(2))
    report = train(multi.dataset, tmp_path / "model", structs.replace(SMALL, class_weights=True))
    assert report.model["validation"].macro_f1 > 0.9
    assert report.epochs[-1].weighted_loss != report.epochs[-1].scores.loss


@settings(max_examples=25)  # scikit-learn takes long to check what it is given
@given(
    sets=arrays(bool, (12, 3)).filter(lambda sets: bool(sets.any(axis=1).all())),
    probabilities=arrays(np.float64, (12, 3), elements=st.sampled_from([0.1, 0.2, 0.4, 0.6, 0.9])),
)
def test_scores_of_sets_are_scikit_learns_and_no_other_threshold_is_better(
    sets: np.ndarray, probabilities: np.ndarray
) -> None:
    probabilities = np.exp(np.log(probabilities))
    found = find_thresholds(np.log(probabilities), sets)
    scores = score_sets(np.log(probabilities), sets, found, LABELS)
    chosen = choose(probabilities, found)
    assert chosen.any(axis=1).all()
    assert scores.micro_f1 == pytest.approx(f1_score(sets, chosen, average="micro"))
    assert scores.jaccard == pytest.approx(jaccard_score(sets, chosen, average="samples"))
    for label in range(3):
        truth = sets[:, label]
        best = f1_score(truth, probabilities[:, label] >= found[label], zero_division=0)
        # Thresholds are found among the probabilities, of which there are five different ones.
        others = [
            f1_score(truth, probabilities[:, label] >= p, zero_division=0)
            for p in np.unique(probabilities[:, label])
        ]
        assert best >= max(others) - 1e-9 or not truth.any()


@pytest.mark.parametrize("mode", ["soft", "multi"])
def test_a_transformer_learns_votes_and_sets_too(mode: str, tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="the extra [transformer] is not installed")
    electra = write_tiny_electra(tmp_path / "electra", [tokens for tokens, _, _ in SEPARABLE["train"]])
    dataset = write_votes(tmp_path / "dataset", mode)
    quick = FineTuneSettings(epochs=4, lr=0.003, batch_size=16)
    report = fine_tune(dataset, electra, tmp_path / "model", quick)
    model, constant = report.model["validation"], report.constant["validation"]
    assert (model.votes is not None, model.sets is not None) == (mode == "soft", mode == "multi")
    assert model.macro_f1 > constant.macro_f1 + 0.1
    found = evaluate(load_model(tmp_path / "model"), open_dataset(dataset), "validation")
    assert found.macro_f1 == model.macro_f1
    config = json.loads((tmp_path / "model" / "config.json").read_bytes())
    expected = "multi_label_classification" if mode == "multi" else None
    assert config.get("problem_type") == expected, "transformers' own pipelines read it"

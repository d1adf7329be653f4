from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from support.training_datasets import LABELS, Trained, write_votes

from etl.dataset.read import open_dataset
from etl.errors import SettingsError
from etl.models.baseline.settings import TrainSettings
from etl.models.baseline.tokens import read_token_inputs
from etl.models.baseline.train import train
from etl.models.checkpoint import load_model
from etl.models.fine_tuned.train import fine_tune
from etl.models.inference.evaluate import evaluate
from etl.models.training import references, targets

SMALL = TrainSettings(embedding=16, hidden=16, lr=0.01, batch_size=16, epochs=8)


@pytest.fixture(scope="module")
def soft(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("soft")
    dataset = write_votes(folder / "dataset", "soft")
    return Trained(dataset, folder / "model", train(dataset, folder / "model", SMALL))


@pytest.mark.parametrize("is_fine_tuned", [False, True])
def test_a_dataset_of_sets_of_labels_is_refused_with_what_works(is_fine_tuned: bool, tmp_path: Path) -> None:
    dataset = write_votes(tmp_path / "dataset", "multi")
    with pytest.raises(SettingsError, match="one label a row or on votes") as caught:
        if is_fine_tuned:
            pytest.importorskip("transformers", reason="the extra [transformer] is not installed")
            fine_tune(dataset, tmp_path / "no-model", tmp_path / "model")
        else:
            train(dataset, tmp_path / "model")
    assert "labels: multi" in str(caught.value.details)
    assert "--labels soft" in caught.value.next_step
    assert not (tmp_path / "model").exists()


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

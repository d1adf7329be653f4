from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from etl.dataset.read import open_dataset
from etl.models.baseline.tokens import read_token_inputs
from etl.models.training import metrics, references, tfidf


def test_the_comparison_is_scikit_learns_on_the_known_tokens_and_their_pairs(
    write_dataset, separable
) -> None:
    inputs = read_token_inputs(open_dataset(write_dataset(separable)), "key")
    sentences = {split: [" ".join(tokens) for tokens, _, _ in rows] for split, rows in separable.items()}
    labels = {
        split: np.array([["기쁨", "슬픔", "중립"].index(label) for _, label, _ in rows])
        for split, rows in separable.items()
    }
    # Pairs that only one row of train has are left out, single tokens are not.
    single = TfidfVectorizer(token_pattern=r"\S+").fit(sentences["train"]).vocabulary_
    pairs = (
        TfidfVectorizer(token_pattern=r"\S+", ngram_range=(2, 2), min_df=2)
        .fit(sentences["train"])
        .vocabulary_
    )
    vectorizer = TfidfVectorizer(
        token_pattern=r"\S+", ngram_range=(1, 2), sublinear_tf=True, vocabulary=[*single, *pairs]
    )
    model = LogisticRegression(max_iter=tfidf.MAX_ITERATIONS, tol=1e-3)
    model.fit(vectorizer.fit_transform(sentences["train"]), labels["train"])
    expected = model.predict_log_proba(vectorizer.transform(sentences["validation"]))
    found = tfidf.fit_predict(inputs.train, [inputs.held_out["validation"]], len(inputs.encoder), 3)[0]
    assert found == pytest.approx(expected, abs=2e-2)
    assert (found.argmax(axis=1) == expected.argmax(axis=1)).mean() > 0.99


def test_one_label_in_train_leaves_nothing_to_compare_with(write_dataset, separable) -> None:
    one = [(tokens, "기쁨", source) for tokens, _, source in separable["train"]]
    inputs = read_token_inputs(open_dataset(write_dataset({**separable, "train": one})), "key")
    assert references.predict_tfidf(inputs) == references.predict_linear(inputs) == {}


def test_a_label_that_train_does_not_have_is_never_predicted(write_dataset, separable) -> None:
    two = [sentence for sentence in separable["train"] if sentence[1] != "중립"]
    inputs = read_token_inputs(open_dataset(write_dataset({**separable, "train": two})), "key")
    scores = references.score_all(inputs, references.predict_tfidf(inputs))["validation"]
    assert scores.labels["중립"].predicted == 0
    assert scores.labels["중립"].rows > 0


def test_weights_make_all_labels_weigh_the_same(write_dataset, separable) -> None:
    inputs = read_token_inputs(open_dataset(write_dataset(separable)), "key")
    weights = np.array(references.weigh_labels(inputs.train, 3))
    counts = np.bincount(inputs.train.labels, minlength=3)
    assert weights * counts == pytest.approx(np.full(3, len(inputs.train) / 3))


def test_the_calibration_error_is_how_far_confidence_is_from_accuracy() -> None:
    """Nine of ten rows right at a confidence of 0.7, in one bin; one of ten at 0.95, in another."""
    sure = np.log([[0.05, 0.95]] * 10 + [[0.3, 0.7]] * 10)
    classes = np.array([1] + [0] * 9 + [1] * 9 + [0])
    scores = metrics.score(sure, classes, np.full(20, "kote"), ["부정", "긍정"])
    assert [(each.rows, each.accuracy) for each in scores.calibration] == [(10, 0.9), (10, 0.1)]
    assert scores.ece == pytest.approx((abs(0.7 - 0.9) + abs(0.95 - 0.1)) / 2)

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import hstack
from scipy.special import log_softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC

from etl.dataset.read import open_dataset
from etl.models.baseline.tokens import read_token_inputs
from etl.models.linear.features import count_features
from etl.models.linear.fit import MAX_ITERATIONS, PENALTIES, fit_linear
from etl.models.training import references

LABELS = ["기쁨", "슬픔", "중립"]


def read(write_dataset, splits):
    inputs = read_token_inputs(open_dataset(write_dataset(splits)), "key")
    encoder = count_features(inputs.frames["train"])
    rows = {split: encoder.encode(frame, LABELS) for split, frame in inputs.frames.items()}
    return inputs, encoder, rows


def mixed(separable, shuffled_labels):
    """Rows of which half have a label by chance, so that settings differ."""
    return {split: [*rows, *shuffled_labels[split]] for split, rows in separable.items()}


def test_the_model_is_scikit_learns_linear_svc_with_scaled_margins(
    write_dataset, separable, shuffled_labels
) -> None:
    inputs, encoder, rows = read(write_dataset, mixed(separable, shuffled_labels))
    model, trials = fit_linear(rows["train"], rows["validation"], len(encoder), 3)
    texts = {split: frame["text"].to_list() for split, frame in inputs.frames.items()}
    parts = [
        TfidfVectorizer(
            analyzer=analyzer,
            token_pattern=r"\S+",
            ngram_range=(1, longest),
            min_df=2,
            binary=True,
            norm=None,
        )
        for analyzer, longest in (("word", 2), ("char_wb", 4))
    ]
    # The edge of a word is a feature of every row there, and says nothing.
    vectors = [
        normalize(hstack(columns).tocsr())
        for columns in (
            [each.fit_transform(texts["train"]) for each in parts],
            [each.transform(texts["validation"]) for each in parts],
        )
    ]
    best = max(trials, key=lambda trial: trial.macro_f1)
    machine = LinearSVC(
        C=best.penalty,
        class_weight="balanced" if best.class_weights else None,
        max_iter=MAX_ITERATIONS,
        random_state=0,
    ).fit(vectors[0], rows["train"].labels)
    predictions = model.predict_rows(rows["validation"]).argmax(axis=1)
    assert (predictions == machine.predict(vectors[1])).mean() > 0.95
    own = f1_score(rows["validation"].labels, predictions, average="macro")
    assert own == pytest.approx(best.macro_f1, abs=1e-9)


def test_one_factor_makes_the_margins_probabilities_of_the_lowest_loss(
    write_dataset, separable, shuffled_labels
) -> None:
    _, encoder, rows = read(write_dataset, mixed(separable, shuffled_labels))
    validation = rows["validation"]
    model, _ = fit_linear(rows["train"], validation, len(encoder), 3)
    logits = model.score_rows(validation)
    # Each label has one row more than there are, against certainty.
    n_labels = logits.shape[1]
    shares = (np.eye(n_labels)[validation.labels] * len(validation) + 1) / (len(validation) + n_labels)
    losses = {
        factor: -(shares * log_softmax(logits * factor, axis=1)).sum(axis=1).mean()
        for factor in (0.9, 0.99, 1.0, 1.01, 1.1)
    }
    assert min(losses, key=losses.get) == 1.0


def test_the_same_rows_give_the_same_weights(write_dataset, separable) -> None:
    _, encoder, rows = read(write_dataset, separable)
    first, again = (fit_linear(rows["train"], rows["validation"], len(encoder), 3)[0] for _ in range(2))
    assert first.weights.tobytes() == again.weights.tobytes()
    assert first.bias.tobytes() == again.bias.tobytes()


def test_class_weights_are_chosen_unless_they_are_asked_for(write_dataset, separable) -> None:
    _, encoder, rows = read(write_dataset, separable)
    _, chosen = fit_linear(rows["train"], rows["validation"], len(encoder), 3)
    _, asked = fit_linear(rows["train"], rows["validation"], len(encoder), 3, class_weights=True)
    assert [(trial.penalty, trial.class_weights) for trial in asked] == [(each, True) for each in PENALTIES]
    assert {trial.class_weights for trial in chosen} == {False, True}


def test_a_label_without_training_rows_is_never_predicted(write_dataset, separable) -> None:
    two = [sentence for sentence in separable["train"] if sentence[1] != "중립"]
    inputs, _, _ = read(write_dataset, {**separable, "train": two})
    scores = references.score_all(inputs, references.predict_linear(inputs))["validation"]
    assert scores.labels["중립"].predicted == 0 < scores.labels["중립"].rows
    assert np.isfinite(scores.loss)


def test_a_row_without_features_has_the_answer_of_the_bias(write_dataset, separable) -> None:
    _, encoder, rows = read(write_dataset, {**separable, "validation": [(["𝕏"], "기쁨", "kote")]})
    model, _ = fit_linear(rows["train"], rows["validation"], len(encoder), 3)
    expected = log_softmax(model.bias.astype(np.float64))
    np.testing.assert_allclose(model.predict_rows(rows["validation"])[0], expected, atol=1e-6)

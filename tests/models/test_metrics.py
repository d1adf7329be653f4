from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    log_loss,
    precision_recall_fscore_support,
)

from etl.models.training import metrics

NAMES = ["기쁨", "슬픔", "중립", "분노"]


def sources_of(n: int) -> npt.NDArray[np.str_]:
    return np.array(["kote", "nsmc"])[np.arange(n) % 2]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60))
def test_scores_are_those_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    classes, predictions = np.array(pairs).T
    one_hot = np.log(np.full((len(pairs), 4), 0.1) + 0.6 * np.eye(4)[predictions])
    scores = metrics.score(one_hot, classes, sources_of(len(pairs)), NAMES)
    precision, recall, f1, rows = precision_recall_fscore_support(
        classes, predictions, labels=range(4), zero_division=0
    )
    assert scores.accuracy == pytest.approx(accuracy_score(classes, predictions))
    assert scores.macro_f1 == pytest.approx(f1_score(classes, predictions, average="macro", zero_division=0))
    assert scores.loss == pytest.approx(log_loss(classes, np.exp(one_hot), labels=range(4)))
    assert scores.confusion == confusion_matrix(classes, predictions, labels=range(4)).tolist()
    for index, name in enumerate(NAMES):
        own = scores.labels[name]
        assert (own.precision, own.recall, own.f1) == pytest.approx(
            (precision[index], recall[index], f1[index])
        )
        assert own.rows == rows[index]
    assert sum(own.rows for own in scores.sources.values()) == len(pairs)


def test_each_source_is_scored_by_its_own_rows() -> None:
    log_probabilities = np.log(np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.2, 0.8]]))
    scores = metrics.score(log_probabilities, np.array([0, 1, 0, 0]), sources_of(4), ["기쁨", "슬픔"])
    assert scores.sources["kote"].accuracy == 1.0
    assert scores.sources["nsmc"].accuracy == 0.0
    assert scores.most_predicted == ("기쁨", 0.75)


def test_the_loss_of_the_prior_is_the_entropy_of_the_labels() -> None:
    counts = np.array([5000.0, 3000.0, 2000.0])
    prior = metrics.log_prior(counts)
    entropy = -sum(share * math.log(share) for share in (0.5, 0.3, 0.2))
    assert metrics.cross_entropy(prior, counts) == pytest.approx(entropy, abs=1e-4)


def test_a_label_that_train_does_not_have_costs_finitely_much() -> None:
    prior = metrics.log_prior(np.array([3.0, 0.0]))
    assert metrics.cross_entropy(prior, np.array([0.0, 1.0])) == pytest.approx(math.log(5))

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from etl.models.training.compare import compare

CHANCE = np.random.default_rng(1)
CLASSES = CHANCE.integers(0, 3, 600)
GROUPS = np.arange(600) // 3


def spoil(share: float, seed: int) -> np.ndarray:
    """Predictions of which a share is drawn at random."""
    chance = np.random.default_rng(seed)
    return np.where(chance.random(600) < share, chance.integers(0, 3, 600), CLASSES)


def test_the_difference_is_scikit_learns() -> None:
    one, other = spoil(0.2, 2), spoil(0.6, 3)
    compared = compare("test", "linear", one, other, CLASSES, GROUPS)
    scores = [f1_score(CLASSES, each, average="macro") for each in (one, other)]
    assert compared.difference == pytest.approx(scores[0] - scores[1])
    assert compared.low < compared.difference < compared.high
    assert compared.is_above
    assert compared.groups == 200


def test_a_predictor_is_neither_above_nor_below_itself() -> None:
    one = spoil(0.4, 4)
    compared = compare("test", "linear", one, one, CLASSES, GROUPS)
    assert (compared.low, compared.difference, compared.high) == (0.0, 0.0, 0.0)
    assert not compared.is_above


def test_two_that_are_equally_good_have_an_interval_around_nothing() -> None:
    compared = compare("test", "tfidf", spoil(0.4, 5), spoil(0.4, 6), CLASSES, GROUPS)
    assert compared.low < 0 < compared.high


def test_alike_rows_of_a_group_make_the_interval_wider() -> None:
    """Each row stands three times: as one group it is one row, as three groups it is taken for three."""
    one, other, classes = (np.repeat(each[:200], 3) for each in (spoil(0.3, 7), spoil(0.5, 8), CLASSES))
    grouped = compare("test", "linear", one, other, classes, np.arange(600) // 3)
    alone = compare("test", "linear", one, other, classes, np.arange(600))
    assert grouped.high - grouped.low > 1.4 * (alone.high - alone.low)


def test_the_interval_is_that_of_the_standard_error() -> None:
    """Accuracy is macro-F1 where two labels are balanced; its standard error is known."""
    classes = np.arange(2000) % 2
    right = np.random.default_rng(9).random(2000) < 0.8
    compared = compare(
        "test", "constant", np.where(right, classes, 1 - classes), 1 - classes, classes, np.arange(2000)
    )
    expected = 2 * 1.96 * np.sqrt(0.8 * 0.2 / 2000)
    assert compared.high - compared.low == pytest.approx(expected, rel=0.15)

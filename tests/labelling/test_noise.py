"""The estimate of labels that are wrong by chance, where it is known how many are."""

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the extra `noise` is not installed")

from etl.labelling.noise import find_interval, find_share, plant
from etl.labelling.out_of_fold import Predictions

ROWS = 20_000


def predicted(labels: np.ndarray, own_errors: float) -> Predictions:
    """What a model of three labels says that is right where it is surest, and wrong most where it is not."""
    chance = np.random.default_rng(5)
    unsure = np.linspace(0, 1, len(labels))  # in the order of the rows
    is_wrong = chance.random(len(labels)) < 3 * own_errors * unsure**2
    answers = np.where(is_wrong, (labels + 1) % 3, labels)
    probabilities = np.full((len(labels), 3), 0.0)
    probabilities[np.arange(len(labels)), answers] = 1 - unsure / 2
    probabilities[probabilities == 0] = np.repeat(unsure / 4, 2)
    return Predictions(probabilities, np.ones(len(labels), dtype=bool))


@pytest.mark.parametrize("share", [0.0, 0.02, 0.05, 0.1])
@pytest.mark.parametrize("own_errors", [0.05, 0.2])
def test_the_interval_holds_what_was_planted_whatever_the_model_gets_wrong_itself(
    share: float, own_errors: float
) -> None:
    labels = np.random.default_rng(1).integers(0, 3, ROWS)
    predictions = predicted(labels, own_errors)
    planted, is_planted = plant(labels, share, seed=2)
    interval = find_interval(planted, predictions)
    assert interval is not None
    value, least, most = interval
    assert least <= share <= most
    assert value == pytest.approx(share, abs=0.015)
    assert is_planted.sum() == round(share * ROWS)
    assert (planted != labels).tolist() == is_planted.tolist()


def test_a_model_that_tells_nothing_apart_gives_no_interval() -> None:
    labels = np.random.default_rng(1).integers(0, 3, ROWS)
    assert find_interval(np.random.default_rng(2).integers(0, 3, ROWS), predicted(labels, 0.1)) is None


def test_of_wrong_labels_those_of_sure_rows_stand_first() -> None:
    labels = np.random.default_rng(1).integers(0, 3, ROWS)
    planted, is_planted = plant(labels, 0.04, seed=2)
    assert find_share(planted, predicted(labels, 0.0), is_planted) > 0.9

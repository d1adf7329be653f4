"""Scores of predictions; the same functions score the model and what it is compared with.

Definitions are scikit-learn's; macro-F1 is the mean over the labels that occur among the rows or the
predictions. The expected calibration error is that of Guo et al. 2017, "On Calibration of Modern Neural
Networks".
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from etl.models.training import targets
from etl.models.training.sets import SetScores
from etl.models.training.targets import VoteScores

if TYPE_CHECKING:
    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]
    Shares = npt.NDArray[np.float32]

CALIBRATION_BINS = 15


@dataclass(frozen=True)
class LabelScores:
    """Scores of one label, 0 to 1; `rows` have it, `predicted` were given it."""

    precision: float
    recall: float
    f1: float
    rows: int
    predicted: int


@dataclass(frozen=True)
class SourceScores:
    """One corpus: accuracy and macro-F1 of its rows alone."""

    rows: int
    accuracy: float
    macro_f1: float


@dataclass(frozen=True)
class Bin:
    """The rows whose prediction has a probability of this bin."""

    rows: int
    confidence: float  # the mean probability of their predictions
    accuracy: float


@dataclass(frozen=True)
class Scores:
    """The scores of one predictor on the rows that have a label, and on the votes where rows have these."""

    rows: int
    accuracy: float
    macro_f1: float
    loss: float  # cross-entropy, nats
    ece: float  # expected calibration error: how far confidence is from accuracy, 0 to 1
    calibration: list[Bin]  # those that have rows, the least confident first
    labels: dict[str, LabelScores]
    sources: dict[str, SourceScores]
    confusion: list[list[int]]  # [label][prediction], in the order of the labels; empty for sets
    votes: VoteScores | None = None
    sets: SetScores | None = None  # of sets of labels; then accuracy is the share of exact ones

    @property
    def most_predicted(self) -> tuple[str, float]:
        """The label that is predicted most often, and the share of the predictions that it has."""
        name = max(self.labels, key=lambda label: self.labels[label].predicted)
        return name, self.labels[name].predicted / self.rows

    @property
    def prediction_entropy(self) -> float:
        """The entropy of the predictions' shares, in nats: 0 is one answer for all."""
        shares = [own.predicted / self.rows for own in self.labels.values() if own.predicted]
        return -sum(share * math.log(share) for share in shares) + 0.0


def score(
    log_probabilities: Floats,
    classes: Ints,
    sources: npt.NDArray[np.str_],
    labels: list[str],
    shares: Shares | None = None,
) -> Scores:
    """Returns accuracy, macro-F1, loss and calibration of predictions, and the scores by label and source.

    Args:
        log_probabilities: (rows, labels); the highest is the prediction, the first of equals.
        classes: (rows,), the index of each row's label; -1 where votes have no majority: these rows count in
            the scores of votes alone.
        sources: (rows,), slugs of corpora.
        labels: their names, in order.
        shares: (rows, labels), of the votes.
    """
    if shares is not None:
        has_label = classes >= 0
        whole = score(log_probabilities[has_label], classes[has_label], sources[has_label], labels)
        return replace(whole, votes=targets.score_votes(log_probabilities, shares, classes))
    predictions = log_probabilities.argmax(axis=1)
    table = confusion(classes, predictions, len(labels))
    bins = calibration(log_probabilities, classes)
    precision, recall, f1 = _by_label(table)
    by_source = {
        str(source): confusion(classes[sources == source], predictions[sources == source], len(labels))
        for source in np.unique(sources)
    }
    return Scores(
        rows=len(classes),
        accuracy=accuracy(table),
        macro_f1=macro_f1(table),
        loss=mean_loss(log_probabilities, classes),
        ece=sum(own.rows * abs(own.confidence - own.accuracy) for own in bins) / len(classes),
        calibration=bins,
        labels={
            name: LabelScores(
                float(precision[index]),
                float(recall[index]),
                float(f1[index]),
                int(table[index].sum()),
                int(table[:, index].sum()),
            )
            for index, name in enumerate(labels)
        },
        sources={
            source: SourceScores(int(own.sum()), accuracy(own), macro_f1(own))
            for source, own in by_source.items()
        },
        confusion=table.tolist(),
    )


def calibration(log_probabilities: Floats, classes: Ints) -> list[Bin]:
    """Bins the rows by the probability of their prediction, in equal widths; empty bins are left out."""
    return bin_confidence(np.exp(log_probabilities.max(axis=1)), log_probabilities.argmax(axis=1) == classes)


def bin_confidence(confidence: Floats, is_right: npt.NDArray[np.bool_]) -> list[Bin]:
    """Bins answers, (answers,), by their probability, in equal widths; empty bins are left out."""
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
    return [
        Bin(int(own.sum()), float(confidence[own].mean()), float(is_right[own].mean()))
        for own in (bins == index for index in range(CALIBRATION_BINS))
        if own.any()
    ]


def confusion(classes: Ints, predictions: Ints, n_labels: int) -> Ints:
    """Returns the confusion matrix, counts (labels, labels): `[label, prediction]`."""
    return np.bincount(classes * n_labels + predictions, minlength=n_labels**2).reshape(n_labels, n_labels)


def accuracy(table: Ints) -> float:
    """Returns the share of rows on the diagonal of a confusion matrix."""
    return float(table.trace() / table.sum())


def macro_f1(table: Ints) -> float:
    """Returns the mean F1 over the labels that have a row or a prediction in a confusion matrix."""
    occurs = table.sum(axis=0) + table.sum(axis=1) > 0
    return float(_by_label(table)[2][occurs].mean())


def independence_p_value(scores: Scores) -> float:
    """Returns the p-value of the G-test of independence between predictions and labels.

    Of sets it is the lowest of a label, times the number of labels (Bonferroni).
    """
    if not scores.sets:
        return _test_independence(np.array(scores.confusion))
    tables = []
    for own in scores.labels.values():
        hits = round(own.recall * own.rows)
        wrong = own.predicted - hits
        tables.append([[hits, own.rows - hits], [wrong, scores.rows - own.rows - wrong]])
    return min(1.0, len(tables) * min(_test_independence(np.array(table)) for table in tables))


def _test_independence(counts: Ints) -> float:
    """Returns the p-value of the G-test (Sokal and Rohlf 1981) on a table of [label, prediction].

    It is 1 where all rows have one label or one prediction.
    """
    from scipy.stats import chi2_contingency

    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    if min(counts.shape) < 2:
        return 1.0
    return float(chi2_contingency(counts, correction=False, lambda_="log-likelihood").pvalue)


def log_prior(counts: Floats) -> Floats:
    """Returns the log share of each label, (labels,): the constant predictor.

    One is added to each count (Laplace), so that the loss on a label without training rows is finite.
    """
    return np.asarray(np.log((counts + 1.0) / (counts + 1.0).sum()))


def cross_entropy(constant: Floats, counts: Floats) -> float:
    """Returns the loss, in nats, of the log probabilities `constant`, (labels,), for rows of these labels."""
    return float(-np.average(constant, weights=counts))


def mean_loss(log_probabilities: Floats, classes: Ints, weights: Floats | None = None) -> float:
    """Returns the cross-entropy, in nats, of predictions, (rows, labels): the mean over the rows.

    Args:
        log_probabilities: (rows, labels).
        classes: (rows,), the index of each row's label.
        weights: of the labels, (labels,); all the same if None.
    """
    own = log_probabilities[np.arange(len(classes)), classes]
    if weights is None or not weights[classes].any():
        return float(-own.mean())
    return float(-np.average(own, weights=weights[classes]))


def _by_label(table: Ints) -> tuple[Floats, Floats, Floats]:
    """Returns precision, recall and F1, (labels,) each; 0 where the denominator is 0."""
    hits, rows, predicted = table.diagonal(), table.sum(axis=1), table.sum(axis=0)
    return (
        hits / np.maximum(predicted, 1),
        hits / np.maximum(rows, 1),
        2 * hits / np.maximum(rows + predicted, 1),
    )

"""The answers that rows are trained against: one label each, or the shares of several (`labels: soft`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from etl.schema import votes

if TYPE_CHECKING:
    from etl.models.training.batches import Rows

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]
    Shares = npt.NDArray[np.float32]


# The column of sets of labels, of `labels: multi`.
SETS = "labels"


@dataclass(frozen=True)
class VoteScores:
    """Scores of probabilities against the votes of all rows, also of those without a majority."""

    rows: int
    without_majority: int  # of these rows
    cross_entropy: float  # nats, the mean over the rows
    entropy: float  # nats, of the votes themselves: no cross-entropy is lower
    correlation: (
        float  # Pearson's, of probabilities and shares, over all rows and labels; 0 where one is even
    )


def read_shares(frame: pl.DataFrame, labels: list[str]) -> Shares | None:
    """Returns the share of each label in the votes of each row, (rows, labels); None without votes.

    In a set of labels each has the share 1.

    Args:
        frame: (rows,), with `label`, which has the whole share of a row without votes; and perhaps
            `label_votes` or `labels`.
        labels: of the dataset, in order; others get no share.
    """
    if SETS in frame.columns:
        found = frame.lazy().select(SETS, weight=1.0).with_row_index("row")
        lines = found.explode(SETS).rename({SETS: "label"})
    elif votes.COLUMN in frame.columns:
        lines = votes.spread(frame.lazy().select("label", votes.COLUMN).with_row_index("row"), "soft")
    else:
        return None
    spread = lines.with_columns(pl.col("label").cast(pl.Enum(labels), strict=False)).drop_nulls().collect()
    shares = np.zeros((frame.height, len(labels)), dtype=np.float32)
    shares[spread["row"].to_numpy(), spread["label"].to_physical().to_numpy()] = spread["weight"].to_numpy()
    return shares


def share_labels(rows: Rows, n_labels: int) -> npt.NDArray[np.floating]:
    """Returns the share of each label in each row, (rows, labels); 1 for its label where it has only one."""
    return np.eye(n_labels)[rows.labels] if rows.shares is None else rows.shares


def count_labels(rows: Rows, n_labels: int) -> Floats:
    """Returns how many rows each label has, (labels,), their shares added up."""
    if rows.shares is None:
        return np.bincount(rows.labels, minlength=n_labels).astype(np.float64)
    return np.asarray(rows.shares.sum(axis=0, dtype=np.float64))


def spread_rows(rows: Rows) -> tuple[Ints, Ints, Floats | None]:
    """Returns index, label and weight of each label of each row, for models that learn one label a line.

    The weights are None where all are 1: each row has one label.
    """
    if rows.shares is None:
        return np.arange(len(rows)), rows.labels, None
    owners, classes = np.nonzero(rows.shares)
    return owners, classes, rows.shares[owners, classes].astype(np.float64)


def score_votes(log_probabilities: Floats, shares: Shares, classes: Ints) -> VoteScores:
    """Scores probabilities against votes.

    Args:
        log_probabilities: (rows, labels).
        shares: (rows, labels), of the votes.
        classes: (rows,), the index of the label that has the majority; -1 where none has it.
    """
    probabilities = np.exp(log_probabilities)
    is_even = np.ptp(probabilities) == 0 or np.ptp(shares) == 0
    logs = np.log(np.where(shares > 0, shares, 1.0))
    return VoteScores(
        rows=len(shares),
        without_majority=int((classes < 0).sum()),
        cross_entropy=cross_entropy(log_probabilities, shares),
        entropy=float(-(shares * logs).sum(dtype=np.float64) / len(shares)),
        correlation=0.0 if is_even else float(np.corrcoef(probabilities.ravel(), shares.ravel())[0, 1]),
    )


def cross_entropy(
    log_probabilities: Floats, shares: npt.NDArray[np.floating], weights: Floats | None = None
) -> float:
    """Returns the cross-entropy, in nats, of predictions against shares, the mean over the rows.

    Args:
        log_probabilities: (rows, labels).
        shares: (rows, labels).
        weights: of the labels, (labels,); all the same if None.
    """
    weighed = shares if weights is None or not (shares * weights).any() else shares * weights
    # A label with a share of 0 costs nothing, however improbable.
    logs = np.where(shares > 0, log_probabilities, 0.0)
    return float(-(weighed * logs).sum(dtype=np.float64) / weighed.sum(dtype=np.float64))

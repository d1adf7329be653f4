"""TF-IDF with logistic regression: what any model has to beat, on the same tokens of the same rows.

Single tokens and pairs of neighbours, sublinear counts, scikit-learn's logistic regression: on short
sentences few neural models without pre-training are much better.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from etl.dataset import vocab

if TYPE_CHECKING:
    import scipy.sparse

    from etl.models.training.batches import Rows

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

# A pair that occurs in one row of train only says nothing about another row.
MIN_ROWS = 2
MAX_ITERATIONS = 300


def log_probabilities(train: Rows, others: list[Rows], n_ids: int, n_labels: int) -> list[Floats]:
    """Learns from `train`, and gives for each of `others` the log probabilities, (rows, labels).

    Args:
        train: what is learnt from; of two labels or more.
        others: the rows to score.
        n_ids: the size of the vocabulary.
        n_labels: how many labels there are; one that train does not have gets next to nothing.
    """
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.linear_model import LogisticRegression

    known = np.unique(_pairs(train, n_ids)[1], return_counts=True)
    columns = known[0][known[1] >= MIN_ROWS]
    scale = TfidfTransformer(sublinear_tf=True)
    learnt = scale.fit_transform(_counts(train, n_ids, columns))
    model = LogisticRegression(max_iter=MAX_ITERATIONS, tol=1e-3)
    model.fit(learnt, train.labels)
    scored = []
    for rows in others:
        own = np.full((len(rows), n_labels), np.finfo(np.float64).tiny)
        own[:, model.classes_] = model.predict_proba(scale.transform(_counts(rows, n_ids, columns)))
        scored.append(np.log(np.maximum(own, np.finfo(np.float64).tiny)))
    return scored


def _counts(rows: Rows, n_ids: int, pairs: Ints) -> scipy.sparse.csr_matrix:
    """How often each row has each token and each of `pairs`, (rows, ids + pairs)."""
    from scipy.sparse import csr_matrix

    places, tokens = _tokens(rows)
    pair_places, found = _pairs(rows, n_ids)
    columns = np.searchsorted(pairs, found)
    is_known = columns < len(pairs)
    is_known[is_known] = pairs[columns[is_known]] == found[is_known]
    at = np.concatenate([places, pair_places[is_known]])
    column = np.concatenate([tokens, n_ids + columns[is_known]])
    shape = (len(rows), n_ids + len(pairs))
    return csr_matrix((np.ones(len(at)), (at, column)), shape=shape)  # equal places are added up


def _tokens(rows: Rows) -> tuple[Ints, Ints]:
    """The row and the id of each token that is known."""

    owners, ids = _flat(rows)
    is_known = ids > vocab.UNKNOWN
    return owners[is_known], ids[is_known].astype(np.int64)


def _pairs(rows: Rows, n_ids: int) -> tuple[Ints, Ints]:
    """The row of each pair of neighbours that are known, and one number for the pair."""
    owners, ids = _flat(rows)
    is_pair = (owners[:-1] == owners[1:]) & (ids[:-1] > vocab.UNKNOWN) & (ids[1:] > vocab.UNKNOWN)
    return owners[:-1][is_pair], ids[:-1][is_pair] * n_ids + ids[1:][is_pair]


def _flat(rows: Rows) -> tuple[Ints, Ints]:
    """The row and the id of each token, padding of rows without tokens included."""

    owners = np.repeat(np.arange(len(rows)), rows.lengths)
    first = np.cumsum(rows.lengths) - rows.lengths
    return owners, rows.ids[np.arange(len(owners)) - first[owners] + rows.starts[owners]]

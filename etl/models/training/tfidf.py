"""TF-IDF with logistic regression, the reference that any model has to beat on the same rows and tokens.

Single tokens and pairs of neighbours, sublinear counts, scikit-learn's logistic regression: on short
sentences few neural models without pre-training are much better.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from etl.dataset import vocab
from etl.models.training import targets

if TYPE_CHECKING:
    import scipy.sparse
    from sklearn.linear_model import LogisticRegression

    from etl.models.training.batches import Rows

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

# A pair that occurs in one row of train only says nothing about another row.
MIN_ROWS = 2
MAX_ITERATIONS = 300


def fit_predict(train: Rows, others: list[Rows], n_ids: int, n_labels: int) -> list[Floats]:
    """Trains on `train`, and returns the log probabilities of each of `others`, (rows, labels).

    Args:
        train: the training rows, with at least two labels; one with votes is a row for each, by its weight.
        others: the rows to score.
        n_ids: the size of the vocabulary.
        n_labels: the number of labels; one without training rows gets the smallest probability.
    """
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.linear_model import LogisticRegression

    known = np.unique(_pairs(train, n_ids)[1], return_counts=True)
    columns = known[0][known[1] >= MIN_ROWS]
    scale = TfidfTransformer(sublinear_tf=True)
    learnt = scale.fit_transform(_counts(train, n_ids, columns))
    model = LogisticRegression(max_iter=MAX_ITERATIONS, tol=1e-3)
    matrices = [scale.transform(_counts(rows, n_ids, columns)) for rows in others]
    if train.is_multi and train.shares is not None:
        # Of two classes, and many times: a twentieth of the time.
        model = LogisticRegression(solver="liblinear", random_state=0)
        return _predict_sets(model, learnt, train.shares > 0, matrices)
    owners, classes, weights = targets.spread_rows(train)
    model.fit(learnt if weights is None else learnt[owners], classes, weights)
    scored = []
    for matrix in matrices:
        own = np.full((matrix.shape[0], n_labels), np.finfo(np.float64).tiny)
        own[:, model.classes_] = model.predict_proba(matrix)
        scored.append(np.log(np.maximum(own, np.finfo(np.float64).tiny)))
    return scored


def _predict_sets(
    model: LogisticRegression,
    learnt: scipy.sparse.csr_matrix,
    sets: npt.NDArray[np.bool_],
    matrices: list[scipy.sparse.csr_matrix],
) -> list[Floats]:
    """Trains a model for each label; `learnt` (rows, columns), `sets` (rows, labels)."""
    scored = [np.empty((matrix.shape[0], sets.shape[1])) for matrix in matrices]
    for label, has_label in enumerate(sets.T):
        n_rows = int(has_label.sum())
        is_learnt = 0 < n_rows < len(has_label)
        if is_learnt:
            model.fit(learnt, has_label)
        for own, matrix in zip(scored, matrices, strict=True):
            same = np.log((n_rows + 1) / (len(has_label) + 2))
            own[:, label] = model.predict_log_proba(matrix)[:, 1] if is_learnt else same
    return scored


def _counts(rows: Rows, n_ids: int, pairs: Ints) -> scipy.sparse.csr_matrix:
    """Returns the counts of each token and of each of `pairs` by row, (rows, ids + pairs)."""
    from scipy.sparse import csr_matrix

    token_rows, tokens = _tokens(rows)
    pair_rows, own_pairs = _pairs(rows, n_ids)
    columns = np.searchsorted(pairs, own_pairs)
    is_known = columns < len(pairs)
    is_known[is_known] = pairs[columns[is_known]] == own_pairs[is_known]
    row = np.concatenate([token_rows, pair_rows[is_known]])
    column = np.concatenate([tokens, n_ids + columns[is_known]])
    shape = (len(rows), n_ids + len(pairs))
    return csr_matrix((np.ones(len(row)), (row, column)), shape=shape)  # adds up equal cells


def _tokens(rows: Rows) -> tuple[Ints, Ints]:
    """Returns row and id of each known token."""
    owners, ids = _flat(rows)
    is_known = ids > vocab.UNKNOWN
    return owners[is_known], ids[is_known].astype(np.int64)


def _pairs(rows: Rows, n_ids: int) -> tuple[Ints, Ints]:
    """Returns the row of each pair of known neighbours, and one number that identifies the pair."""
    owners, ids = _flat(rows)
    is_pair = (owners[:-1] == owners[1:]) & (ids[:-1] > vocab.UNKNOWN) & (ids[1:] > vocab.UNKNOWN)
    return owners[:-1][is_pair], ids[:-1][is_pair] * n_ids + ids[1:][is_pair]


def _flat(rows: Rows) -> tuple[Ints, Ints]:
    """Returns row and id of each token, the padding of rows without tokens included."""
    owners = np.repeat(np.arange(len(rows)), rows.lengths)
    first = np.cumsum(rows.lengths) - rows.lengths
    return owners, rows.ids[np.arange(len(owners)) - first[owners] + rows.starts[owners]]

"""Chooses which texts a person labels next, from their features and the labels so far.

At first one text of each cluster, since a model that has seen little is wrong about what it does not know:
G. Hacohen, A. Dekel and D. Weinshall, Active Learning on a Budget, ICML 2022. Then those between two labels
for a linear model, no two of which are alike. All is deterministic.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

UNKNOWN = -1
# Labels from which on a model says more than clusters; docs/review.md shows the curves.
FIRST = 100
DIMENSIONS = 32  # of the space in which clusters are looked for
# Of so many times the wanted rows, the most uncertain, some are alike and left for later.
CANDIDATES = 5
ALIKE = 0.5  # cosine
PENALTY = 0.5  # C of scikit-learn


def choose_rows(features: csr_matrix, labels: Ints, n: int) -> Ints:
    """Returns the rows to label next, the most instructive first.

    Args:
        features: (rows, features), rows of length 1; of labelled rows and others.
        labels: the class of each row, or `UNKNOWN`.
        n: how many are wanted; all that are unknown, if they are fewer.
    """
    unknown = np.flatnonzero(labels == UNKNOWN)
    n = min(n, len(unknown))
    if not n:
        return unknown
    known = labels[labels != UNKNOWN]
    if len(known) < FIRST or len(np.unique(known)) < 2:
        return _choose_spread(features, labels, n)
    return _choose_uncertain(features, labels, n)


def _choose_spread(features: csr_matrix, labels: Ints, n: int) -> Ints:
    """Returns one row of each cluster without a label, then second ones, and only then rows of the others."""
    from sklearn.cluster import MiniBatchKMeans

    points = _reduce(features)
    n_clusters = min(FIRST, len(points))
    clusters = MiniBatchKMeans(n_clusters, random_state=0, n_init=1).fit(points).labels_
    is_known = labels != UNKNOWN
    has_label = np.bincount(clusters[is_known], minlength=n_clusters) > 0
    # The middle of a cluster is what says least, so any row stands for it.
    order = np.random.default_rng(0).permutation(len(points))
    order = order[~is_known[order]]
    order = order[np.argsort(clusters[order], kind="stable")]
    starts = np.flatnonzero(np.diff(clusters[order], prepend=-1))
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(starts, append=len(order)))
    chosen: Ints = order[np.lexsort((rank, has_label[clusters[order]]))][:n]
    return chosen


def _reduce(features: csr_matrix) -> Floats:
    """Returns the rows in a space of few dimensions, of length 1: (rows, dimensions)."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import normalize

    most = min(DIMENSIONS, min(features.shape) - 1)
    if most < 1:
        return np.asarray(features.toarray())
    points = TruncatedSVD(most, random_state=0).fit_transform(features)
    return np.asarray(normalize(points), dtype=np.float64)


def _choose_uncertain(features: csr_matrix, labels: Ints, n: int) -> Ints:
    """Returns rows with a small margin between their two likeliest labels, no two of them alike."""
    unknown = np.flatnonzero(labels == UNKNOWN)
    margins = _margins(features, labels, unknown)
    candidates = unknown[np.argsort(margins, kind="stable")[: CANDIDATES * n]]
    own = features[candidates]
    alike = (own @ own.T).toarray() > ALIKE
    chosen: list[int] = []
    for at in range(len(candidates)):
        if len(chosen) < n and not alike[at, chosen].any():
            chosen.append(at)
    others = np.setdiff1d(np.arange(len(candidates)), chosen)
    return candidates[[*chosen, *others]][:n]


def _margins(features: csr_matrix, labels: Ints, rows: Ints) -> Floats:
    """Returns for each of `rows` how much likelier a linear model finds its first label than the second."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.svm import LinearSVC

    known = np.flatnonzero(labels != UNKNOWN)
    model: Any = LinearSVC(C=PENALTY, class_weight="balanced", random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # close enough to rank by
        model.fit(features[known], labels[known])
    scores = model.decision_function(features[rows])
    if scores.ndim == 1:  # two labels have one margin
        return np.asarray(np.abs(scores))
    two = np.partition(scores, -2, axis=1)[:, -2:]
    return np.asarray(two[:, 1] - two[:, 0])

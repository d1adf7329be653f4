"""The features of short texts for small linear models: TF-IDF of character n-grams within words.

They need no tagger, and tell Korean sentences apart nearly as well as tokens and n-grams together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from etl.errors import SettingsError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

LONGEST = 4  # characters of an n-gram
MAX_CHARS = 1000  # of a sentence
MAX_FEATURES = 100_000
_BUCKETS = 2**20


def make_features(texts: pl.Series, most: int = MAX_FEATURES) -> csr_matrix:
    """Returns TF-IDF of the character n-grams within words that two rows have: sparse (rows, n-grams).

    Counts are sublinear, and rows have length 1. N-grams are hashed, so that no vocabulary is held.

    Args:
        texts: strings, none of them null.
        most: how many n-grams are kept, the commonest, where there are more.
    """
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

    hashed: Any = HashingVectorizer(
        analyzer="char_wb",
        ngram_range=(1, LONGEST),
        n_features=_BUCKETS,
        alternate_sign=False,
        norm=None,
        dtype=np.float32,
    ).transform(texts.str.slice(0, MAX_CHARS))
    rows_with = hashed.getnnz(axis=0)
    commonest = np.argsort(-rows_with, kind="stable")[:most]
    kept = np.sort(commonest[(rows_with[commonest] > 1) | (commonest == commonest[0])])  # never none
    return TfidfTransformer(sublinear_tf=True).fit_transform(hashed[:, kept])


def require_extra(purpose: str, instead: str) -> None:
    """Checks that scikit-learn is installed.

    Args:
        purpose: what cannot be done without it, as in "label noise cannot be looked for".
        instead: what to do otherwise.

    Raises:
        SettingsError: it is not.
    """
    try:
        import sklearn  # noqa: F401
    except ImportError as error:
        raise SettingsError(
            f"{purpose}: {error.name} is not installed",
            next_step=f"pip install 'korean-emotion-etl[noise]', or {instead}.",
        ) from error

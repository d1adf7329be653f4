"""The features of short texts for small linear models: TF-IDF of n-grams of characters and of tokens.

Characters alone need no tagger, and tell Korean sentences apart nearly as well.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from etl.errors import SettingsError
from etl.language.message import tr

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

LONGEST = 4  # characters of an n-gram
MAX_CHARS = 1000  # of a sentence
MAX_FEATURES = 100_000
_BUCKETS = 2**20


def make_features(texts: pl.Series, tokens: pl.Series | None = None, most: int = MAX_FEATURES) -> csr_matrix:
    """Returns TF-IDF of the n-grams that two rows have: of characters within words, and of tokens.

    Sparse (rows, n-grams); counts are sublinear, and the n-grams of each kind have length 1 together. They
    are hashed, so that no vocabulary is held.

    Args:
        texts: strings, none of them null.
        tokens: lists of strings; None: characters only.
        most: how many n-grams of each kind are kept, the commonest, where there are more.
    """
    from scipy.sparse import hstack

    words: dict[str, Any] = {"analyzer": "char_wb", "ngram_range": (1, LONGEST)}
    characters = _weigh(texts.str.slice(0, MAX_CHARS).to_list(), most, words)
    if tokens is None:
        return characters
    return hstack([characters, _weigh(tokens.to_list(), most, {"analyzer": _token_grams})]).tocsr()


def _weigh(rows: list[Any], most: int, analysis: dict[str, Any]) -> csr_matrix:
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

    count: Any = HashingVectorizer(
        **analysis, n_features=_BUCKETS, alternate_sign=False, norm=None, dtype=np.float32
    )
    hashed = count.transform(rows)
    rows_with = hashed.getnnz(axis=0)
    commonest = np.argsort(-rows_with, kind="stable")[:most]
    kept = np.sort(commonest[(rows_with[commonest] > 1) | (commonest == commonest[0])])  # never none
    return TfidfTransformer(sublinear_tf=True).fit_transform(hashed[:, kept])


def _token_grams(tokens: list[str] | None) -> list[str]:
    """Returns the n-grams of one and two tokens."""
    known = tokens or []
    return [*known, *map("\x1f".join, pairwise(known))]


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
            tr("{purpose}: {package} is not installed", purpose=purpose, package=error.name),
            next_step=tr("pip install 'korean-emotion-etl[noise]', or {instead}.", instead=instead),
        ) from error

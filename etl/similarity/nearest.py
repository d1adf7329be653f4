"""Nearest neighbours between two sets of texts, such as train and validation.

`etl.similarity.pairs` finds the pairs; this module keeps the best one of each text, so a thousand variations
of one text need a thousand rows, not half a million. Used by validate (level L3).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from etl.similarity.pairs import MOST_GROUPS, find_pairs

Sides = Sequence[tuple["pl.Series", "pl.Series"]]


def nearest(
    texts: pl.Series, threshold: float, sides: Sides, folder: Path | None = None
) -> list[pl.DataFrame]:
    """Finds for each text of one side the most similar other text of the other side.

    Args:
        texts: distinct strings, none null or empty.
        threshold: least Jaccard similarity of the sets of character trigrams, above 0 and at most 1.
        sides: pairs of boolean masks over `texts`: whose neighbours are looked for, and among which texts. A
            text may be on both sides; it is never its own neighbour.
        folder: in which an index of the texts lasts, see `etl.similarity.pairs.find_pairs`.

    Returns:
        For each of `sides` a frame, sorted by `text`: the row numbers in `texts` of a text (`text`) and of
        the most similar one (`other`; of equally similar ones the first), and their `similarity`. Texts
        without a neighbour that reaches the threshold are left out.
    """
    schema = {"text": pl.Int64(), "other": pl.Int64(), "similarity": pl.Float64()}
    best = [pl.DataFrame(schema=schema) for _ in sides]
    if not sides or not len(texts):
        return best
    for pairs in find_pairs(texts, *_groups(texts, sides), threshold, folder):
        directed = pl.concat(
            [
                pairs.select(text="first", other="second", similarity="similarity"),
                pairs.select(text="second", other="first", similarity="similarity"),
            ]
        )
        for number, (these, those) in enumerate(sides):
            is_between = these.gather(directed["text"]) & those.gather(directed["other"])
            best[number] = _keep_best(pl.concat([best[number], directed.filter(is_between)]))
    return best


def _groups(texts: pl.Series, sides: Sides) -> tuple[np.ndarray, np.ndarray]:
    """Returns `groups` and `compare` of `find_pairs`: texts of one group are on the same sides.

    If there are too many groups, all texts are in one: more pairs are found than wanted, but none is missed.
    """
    masks = [mask.to_numpy() for side in sides for mask in side]
    kinds, groups = np.unique(np.stack(masks, axis=1), axis=0, return_inverse=True)
    if len(kinds) > MOST_GROUPS:
        return np.zeros(len(texts), np.int64), np.ones((1, 1), np.bool_)
    compare = np.zeros((len(kinds), len(kinds)), np.bool_)
    for these, those in zip(kinds.T[::2], kinds.T[1::2], strict=True):
        compare |= np.outer(these, those) | np.outer(those, these)
    return groups.reshape(-1), compare


def _keep_best(pairs: pl.DataFrame) -> pl.DataFrame:
    ordered = pairs.sort("text", "similarity", "other", descending=[False, True, False])
    return ordered.unique("text", keep="first", maintain_order=True)

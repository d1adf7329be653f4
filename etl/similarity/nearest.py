"""Nearest neighbours between two sets of texts, such as train and validation.

`etl.similarity.pairs` finds the pairs; this module keeps the best one of each text, so a thousand variations
of one text need a thousand rows, not half a million. Used by validate (level L3).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from etl.similarity.pairs import find_pairs

Sides = Sequence[tuple["pl.Series", "pl.Series"]]


def nearest(
    texts: pl.Series, threshold: float, sides: Sides, folder: Path | None = None
) -> list[pl.DataFrame]:
    """Finds for each text of one side the most similar other text of the other side.

    Args:
        texts: distinct strings, none null or empty.
        threshold: least Jaccard similarity of the sets of character trigrams, above 0 and at most 1.
        sides: pairs of boolean masks over `texts`: whose neighbours are looked for, and among which texts. A
            text may be on both sides; it is never its own neighbour. There are at most
            `etl.similarity.pairs.MOST_GROUPS` different masks.
        folder: in which an index of the texts lasts, see `etl.similarity.pairs.find_pairs`.

    Returns:
        For each of `sides` a frame, sorted by `text`: the row numbers in `texts` of a text (`text`) and of
        the most similar one (`other`; of equally similar ones the first), and their `similarity`. Texts
        without a neighbour that reaches the threshold are left out.
    """
    schema = {"text": pl.Int64(), "other": pl.Int64(), "similarity": pl.Float64()}
    best = [pl.DataFrame(schema=schema) for _ in sides]
    masks: list[pl.Series] = []
    compare = [(_number(masks, these), _number(masks, those)) for these, those in sides]
    groups = np.zeros(len(texts), np.uint8)
    for bit, mask in enumerate(masks):
        groups |= mask.to_numpy().astype(np.uint8) << bit
    wanted = [
        pair for pair, (these, those) in zip(compare, sides, strict=True) if these.any() and those.any()
    ]
    for pairs in find_pairs(texts, groups, wanted, threshold, folder):
        for number, (these, those) in enumerate(sides):
            directed = [pairs.select(text="first", other="second", similarity="similarity")]
            if compare[number][0] == compare[number][1]:  # then each pair is found in one direction only
                directed.append(pairs.select(text="second", other="first", similarity="similarity"))
            for found in directed:
                is_between = these.gather(found["text"]) & those.gather(found["other"])
                best[number] = _keep_best(pl.concat([best[number], found.filter(is_between)]))
    return best


def _number(masks: list[pl.Series], mask: pl.Series) -> int:
    """Returns the place of a mask among the different ones, to which it is added."""
    for number, other in enumerate(masks):
        if mask.equals(other):
            return number
    masks.append(mask)
    return len(masks) - 1


def _keep_best(pairs: pl.DataFrame) -> pl.DataFrame:
    ordered = pairs.sort("text", "similarity", "other", descending=[False, True, False])
    return ordered.unique("text", keep="first", maintain_order=True)

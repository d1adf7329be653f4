"""Near-duplicate search: pairs of texts by the Jaccard similarity of their sets of character trigrams.

Exact: every pair that reaches the threshold is found, and no other. The texts are in memory; the search is
that of `etl.similarity.index`, in a temporary folder or in one that lasts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from etl.runtime import machine
from etl.runtime.scratch import temporary_folder
from etl.similarity.index.near_index import open_index

MOST_GROUPS = 16
_MEMORY = 500_000_000
_TEXTS_AT_A_TIME = 500_000
_FOLDER = "compared"
_PAIR = {"first": "train", "second": "other"}


def near_duplicates(
    texts: pl.Series, threshold: float, groups: np.ndarray | None = None, compare: np.ndarray | None = None
) -> Iterator[pl.DataFrame]:
    """Finds all pairs of near-duplicate texts.

    Args:
        texts: distinct strings, none null or empty; normalised ones, if spelling is not to count.
        threshold: least similarity of a pair, above 0 and at most 1.
        groups: the group of each text, 0 to `MOST_GROUPS` - 1, (n_texts,); None: all texts are in one group.
        compare: `compare[a, b]`: whether texts of group a are compared with group b; symmetric, bool,
            (n_groups, n_groups). Excluded combinations cost no time.

    Yields:
        Frames with the row numbers of two texts, `first` and `second`, and their `similarity`: some at a
        time, since a thousand variations of one text are half a million pairs.
    """
    groups = np.zeros(len(texts), np.int64) if groups is None else groups.astype(np.int64)
    compare = np.ones((1, 1), np.bool_) if compare is None else compare
    yield from find_pairs(texts, groups, compare, threshold)


def find_pairs(
    texts: pl.Series,
    groups: np.ndarray,
    compare: np.ndarray,
    threshold: float,
    folder: Path | None = None,
) -> Iterator[pl.DataFrame]:
    """Same as `near_duplicates`, with an index that may last.

    Args:
        texts, groups, compare, threshold: see `near_duplicates`.
        folder: in which an index lasts, so that the next call only compares new texts; a call with another
            `compare` or threshold makes it anew.

    Yields:
        The frames of `near_duplicates`. With a folder, also pairs of texts that were in other groups in an
        earlier call; and a pair may come again.
    """
    wanted = [(int(group), int(other)) for group, other in np.argwhere(np.triu(compare))]
    if len(texts) < 2 or not wanted:
        return
    rows = pl.DataFrame({"side": (1 << groups).astype(np.uint16), "text": texts}).with_row_index("row")
    with ExitStack() as stack:
        place = (
            stack.enter_context(temporary_folder("near-duplicates")) if folder is None else folder / _FOLDER
        )
        keyed = partial(_keyed_by_hash if folder else _keyed_by_row, rows)
        index = stack.enter_context(
            open_index(
                place,
                threshold,
                memory=_MEMORY,
                hashed_by=f"{pl.Series(['probe']).hash(0).item():x}",
                compare=wanted,
                threads=machine.read_processors().count,
                is_kept=folder is not None,
            )
        )
        index.add(range(0, len(texts), _TEXTS_AT_A_TIME), keyed)
        if folder is not None:
            index.save()
        known = None if folder is None else _keyed_by_hash(rows, 0, len(texts)).drop("side", "text")
        for pairs in index.pairs():
            yield _numbered(pairs, known)


def _keyed_by_row(rows: pl.DataFrame, start: int, count: int = _TEXTS_AT_A_TIME) -> pl.DataFrame:
    high, low = pl.lit(0, pl.UInt64), pl.col("row").cast(pl.UInt64)
    return rows.slice(start, count).with_columns(key_high=high, key_low=low)


def _keyed_by_hash(rows: pl.DataFrame, start: int, count: int = _TEXTS_AT_A_TIME) -> pl.DataFrame:
    text = pl.col("text")
    return rows.slice(start, count).with_columns(key_high=text.hash(0), key_low=text.hash(1))


def _numbered(pairs: pl.DataFrame, known: pl.DataFrame | None) -> pl.DataFrame:
    """Returns pairs with the numbers of rows, which are half of the key itself unless keys are given."""
    if known is None:
        numbers = (pl.col(f"{side}_low").cast(pl.Int64).alias(name) for name, side in _PAIR.items())
        return pairs.select(*numbers, "similarity")
    for name, side in _PAIR.items():
        renamed = known.select(
            pl.col("row").cast(pl.Int64).alias(name),
            pl.col("key_high").alias(f"{side}_high"),
            pl.col("key_low").alias(f"{side}_low"),
        )
        pairs = pairs.join(renamed, on=[f"{side}_high", f"{side}_low"])
    return pairs.select(*_PAIR, "similarity")

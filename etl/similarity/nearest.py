"""Nearest neighbours between two sets of texts, such as train and validation.

`etl.similarity.pairs` finds the pairs; this module keeps the best one of each text, so a thousand variations
of one text need a thousand rows, not half a million. Used by ingest (`leak_near`) and by validate (level L3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from etl.runtime.engine.protocol import MapFn
from etl.similarity.pairs import near_duplicates

Sides = Sequence[tuple["pl.Series", "pl.Series"]]
FindNearest = Callable[["pl.Series", float, Sides], "list[pl.DataFrame]"]


def nearest(
    texts: pl.Series, threshold: float, sides: Sides, pair_cache: Path | None = None
) -> list[pl.DataFrame]:
    """Finds for each text of one side the most similar other text of the other side.

    Args:
        texts: distinct strings, none null or empty.
        threshold: least Jaccard similarity of the sets of character trigrams, above 0 and at most 1.
        sides: pairs of boolean masks over `texts`: whose neighbours are looked for, and among which texts. A
            text may be on both sides; it is never its own neighbour.
        pair_cache: a folder with the pairs that earlier calls found, see `etl.similarity.pair_cache`.

    Returns:
        For each of `sides` a frame, sorted by `text`: the row numbers in `texts` of a text (`text`) and of
        the most similar one (`other`; of equally similar ones the first), and their `similarity`. Texts
        without a neighbour that reaches the threshold are left out.
    """
    schema = {"text": pl.Int64(), "other": pl.Int64(), "similarity": pl.Float64()}
    best = [pl.DataFrame(schema=schema) for _ in sides]
    if not any(these.any() and those.any() for these, those in sides):
        return best
    for pairs in near_duplicates(texts, threshold, *_groups(sides), pair_cache):
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


def nearest_in_parts(
    texts: pl.Series,
    threshold: float,
    sides: Sides,
    *,
    n_partitions: int,
    map_fn: MapFn,
    pair_cache: Path | None = None,
) -> list[pl.DataFrame]:
    """Same result as `nearest`, computed in partitions that an engine can run in parallel.

    Each partition has a share of the texts whose neighbours are looked for, and all texts among which they
    are looked for; so no pair is missed, and none is found twice.

    Args:
        texts, threshold, sides: see `nearest`.
        n_partitions: number of tasks.
        map_fn: runs the tasks, see `etl.runtime.engine.protocol`.
        pair_cache: as for `nearest`; only used with one partition, since partitions have other texts each
            time.
    """
    if n_partitions == 1:
        return nearest(texts, threshold, sides, pair_cache)
    joined = []
    for these, those in sides:
        run_partition = partial(_nearest_in_partition, texts, threshold, these, those, n_partitions)
        joined.append(pl.concat(list(map_fn(run_partition, range(n_partitions)))).sort("text"))
    return joined


def _nearest_in_partition(
    texts: pl.Series, threshold: float, these: pl.Series, those: pl.Series, n_partitions: int, number: int
) -> pl.DataFrame:
    these = these & (pl.int_range(len(texts), eager=True) % n_partitions == number)
    rows = (these | those).arg_true()
    [best] = nearest(texts.gather(rows), threshold, [(these.gather(rows), those.gather(rows))])
    # Rows of the partition ascend as those of the whole do, so of equally similar ones the same is the first.
    rows = rows.cast(pl.Int64)
    return best.with_columns(rows.gather(best[name]).alias(name) for name in ("text", "other"))


def _groups(sides: Sides) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Returns `groups` and `compare` for `near_duplicates`; one pair of sides is compared only across."""
    if len(sides) != 1:
        return None, None
    [(these, those)] = sides
    groups = these.to_numpy().astype(np.int64) + 2 * those.to_numpy().astype(np.int64)
    compare = np.array([[bool((a & 1 and b & 2) or (a & 2 and b & 1)) for b in range(4)] for a in range(4)])
    return groups, compare


def _keep_best(pairs: pl.DataFrame) -> pl.DataFrame:
    ordered = pairs.sort("text", "similarity", "other", descending=[False, True, False])
    return ordered.unique("text", keep="first", maintain_order=True)

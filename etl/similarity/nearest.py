"""The most similar text of one side for each text of another, such as train and validation.

`etl.similarity.pairs` finds the pairs; this module keeps the best of them, so a thousand variations of
one text need a thousand lines, not half a million. Ingest's `leak_near` and validate's level L3 both come
from here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from etl.similarity.pairs import near_duplicates

Sides = Sequence[tuple["pl.Series", "pl.Series"]]
FindNearest = Callable[["pl.Series", float, Sides], "list[pl.DataFrame]"]
Run = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]


def nearest(texts: pl.Series, threshold: float, sides: Sides) -> list[pl.DataFrame]:
    """For each text of one side the most similar other text of the other side, if it is similar enough.

    Args:
        texts: distinct strings, none null or empty.
        threshold: the least Jaccard similarity of the sets of character trigrams, above 0 and at most 1.
        sides: pairs of boolean series, one value a text: whose neighbours are looked for, and among whom. A
            text may be on both sides; it is never its own neighbour.

    Returns:
        For each of `sides` a frame, sorted by `text`: the places in `texts` of a text (`text`) and of the
        most similar one (`other`; of equally similar ones the first), and their `similarity`.
    """

    schema = {"text": pl.Int64(), "other": pl.Int64(), "similarity": pl.Float64()}
    found = [pl.DataFrame(schema=schema) for _ in sides]
    if not any(these.any() and those.any() for these, those in sides):
        return found
    for pairs in near_duplicates(texts, threshold, *_kinds(sides)):
        directed = pl.concat(
            [
                pairs.select(text="first", other="second", similarity="similarity"),
                pairs.select(text="second", other="first", similarity="similarity"),
            ]
        )
        for number, (these, those) in enumerate(sides):
            is_between = these.gather(directed["text"]) & those.gather(directed["other"])
            found[number] = _best(pl.concat([found[number], directed.filter(is_between)]))
    return found


def nearest_in_parts(
    texts: pl.Series, threshold: float, sides: Sides, *, parts: int, run: Run
) -> list[pl.DataFrame]:
    """What `nearest` gives, found in parts that may be worked on at a time, wherever `run` has it done.

    Each part has a share of the texts whose neighbours are looked for, and all among which they are looked
    for; so no pair is missed, and none is found twice.

    Args:
        texts, threshold, sides: see `nearest`.
        parts: how many.
        run: `map` of a function to the arguments of all parts, in order.
    """

    if parts == 1:
        return nearest(texts, threshold, sides)
    joined = []
    for these, those in sides:
        found = run(partial(_part, texts, threshold, these, those, parts), range(parts))
        joined.append(pl.concat(list(found)).sort("text"))
    return joined


def _part(
    texts: pl.Series, threshold: float, these: pl.Series, those: pl.Series, parts: int, part: int
) -> pl.DataFrame:

    in_part = these & (pl.int_range(len(texts), eager=True) % parts == part)
    places = (in_part | those).arg_true()
    [found] = nearest(texts.gather(places), threshold, [(in_part.gather(places), those.gather(places))])
    # Places of the part ascend as those of the whole do, so of equally similar ones the same is the first.
    whole = places.cast(pl.Int64)
    return found.with_columns(
        whole.gather(found["text"]).alias("text"), whole.gather(found["other"]).alias("other")
    )


def _kinds(sides: Sides) -> tuple[np.ndarray | None, np.ndarray | None]:
    """With one pair of sides, on which each text is, and that only pairs between them are asked for."""

    if len(sides) != 1:
        return None, None
    [(these, those)] = sides
    kinds = these.to_numpy().astype(np.int64) + 2 * those.to_numpy().astype(np.int64)
    is_asked = np.array([[bool((a & 1 and b & 2) or (a & 2 and b & 1)) for b in range(4)] for a in range(4)])
    return kinds, is_asked


def _best(pairs: pl.DataFrame) -> pl.DataFrame:
    ordered = pairs.sort("text", "similarity", "other", descending=[False, True, False])
    return ordered.unique("text", keep="first", maintain_order=True)

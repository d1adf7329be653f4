"""Lists of strings as flat columns, and the arithmetic that joins pieces, tokens and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import polars as pl
import pyarrow as pa


@dataclass(frozen=True)
class Lists:
    """Lists of elements that recur, as numbers: list `i` is `index[ends[i - 1]:ends[i]]`.

    Args:
        ends: where each list ends in `index`, `int64`.
        index: the number of each element, `int64`.
    """

    ends: np.ndarray
    index: np.ndarray


def numbered(lists: pl.Series) -> tuple[Lists, pl.Series]:
    """Lists of strings as numbers, and the distinct strings that the numbers stand for."""
    ends = lists.list.len().cum_sum().to_numpy().astype(np.int64)
    encoded = lists.explode(empty_as_null=False).to_arrow().dictionary_encode()
    distinct = pl.Series(pl.from_arrow(encoded.dictionary), dtype=pl.String)
    # pyarrow's own `to_numpy` would import pandas.
    numbers = pl.Series(pl.from_arrow(encoded.indices), dtype=pl.Int64)
    return Lists(ends, numbers.to_numpy()), distinct


def expand(outer: Lists, inner: Lists) -> Lists:
    """Replaces every element of `outer` by the list of `inner` that has its number."""
    starts = np.concatenate([np.zeros(1, np.int64), inner.ends])
    lengths = np.diff(starts)[outer.index]
    reached = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    within = np.arange(reached[-1]) - np.repeat(reached[:-1], lengths)
    index = inner.index[np.repeat(starts[:-1][outer.index], lengths) + within]
    return Lists(reached[outer.ends], index)


def strings(lists: Lists, distinct: pl.Series) -> pl.Series:
    """The lists as a column of lists of strings."""
    return _column(lists.ends, distinct.gather(pl.Series(lists.index)))


def split(joined: Sequence[str], separator: str, counts: Sequence[int]) -> pl.Series:
    """Lists of strings from the strings that they were joined to, several lists to each.

    Args:
        joined: those that come from at least one element.
        separator: what they were joined with.
        counts: how many elements each list has.
    """
    values = pl.Series(joined, dtype=pl.String).str.split(separator).explode()
    return _column(np.cumsum(np.array(counts, dtype=np.int64)), values)


def column(lists: Sequence[list[str]]) -> pl.Series:
    """Python's lists of strings as a column: several times as fast as polars makes one of them."""
    ends = np.cumsum(np.fromiter(map(len, lists), np.int64, len(lists)))
    return _column(ends, pl.Series(list(chain.from_iterable(lists)), dtype=pl.String))


def _column(ends: np.ndarray, values: pl.Series) -> pl.Series:
    # `pa.array` would import pandas, which takes a quarter of a second.
    buffer = pa.py_buffer(np.concatenate([np.zeros(1, np.int64), ends]))
    offsets = pa.Array.from_buffers(pa.int64(), len(ends) + 1, [None, buffer])
    array = pa.LargeListArray.from_arrays(offsets, values.to_arrow())
    return pl.Series(pl.from_arrow(array), dtype=pl.List(pl.String))


def replaced(series: pl.Series, places: pl.Series, others: pl.Series) -> pl.Series:
    """The series with `others`, in order, at `places`."""
    if others.is_empty():
        return series
    index = pl.arange(len(series), eager=True, dtype=pl.Int64)
    numbers = pl.arange(len(series), len(series) + len(others), eager=True, dtype=pl.Int64)
    return pl.concat([series, others]).gather(index.scatter(places, numbers))

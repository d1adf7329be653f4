"""Computes how similar the candidates are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from etl.similarity.index.columns import write_columns
from etl.similarity.index.state import PAIR, File, Place, Texts
from etl.similarity.index.texts import gather

_LEAST_PAIRS = 1 << 12
_PAIR_BYTES = 2000  # of two texts, their keys and places, roughly


def verify(
    place: Place,
    known: Sequence[Texts],
    candidates: Sequence[File],
    numbered: tuple[int, tuple[int, int]],
) -> list[File]:
    """Writes the pairs among some candidates.

    Args:
        place: where they are written.
        known: all texts.
        candidates: the files of all candidates.
        numbered: a number for the names of files; the range of numbers of first texts, the end excluded.

    Returns:
        Files of `Contents.pairs`.
    """
    from etl.similarity.index import kernels

    number, (begin, end) = numbered
    pairs = _read_range(place, candidates, begin, end)
    at_a_time = max(_LEAST_PAIRS, place.memory // _PAIR_BYTES)
    written: list[File] = []
    for start in range(0, len(pairs), at_a_time):
        chosen = pairs[start : start + at_a_time]
        both = np.stack([chosen >> np.uint64(32), chosen & np.uint64(0xFFFFFFFF)]).astype(np.int64)
        numbers, places = np.unique(both, return_inverse=True)
        first, second = places.reshape(both.shape)
        gathered = gather(place, known, numbers)
        similarity = np.empty(len(chosen), np.float64)
        kernels.verify(*gathered.texts, first, second, place.threshold, similarity)
        is_near = similarity >= 0
        if is_near.any():
            first, second = first[is_near], second[is_near]
            high, low = gathered.high, gathered.low
            values = (high[first], low[first], high[second], low[second], similarity[is_near])
            name = f"pairs-{place.generation}-{number}-{len(written)}"
            columns = dict(zip(PAIR, values, strict=True))
            written.append(File(name, write_columns(place.folder / name, columns)))
    return written


def ranges(n_texts: int, n_candidates: int, memory: int, at_least: int) -> Iterator[tuple[int, int]]:
    """Yields ranges of numbers of texts, so that the candidates of each fit into memory."""
    count = max(at_least, -(-n_candidates * 64 // memory))
    bounds = np.linspace(0, n_texts, min(count, n_texts) + 1).astype(np.int64).tolist()
    yield from pairwise(bounds)


def _read_range(place: Place, candidates: Sequence[File], begin: int, end: int) -> np.ndarray:
    parts = [np.empty(0, np.uint64)]
    for file in candidates:
        columns = file.open(place.folder)
        bounds = np.searchsorted(columns.mapped("pairs"), np.array([begin << 32, end << 32], np.uint64))
        parts.append(columns.read("pairs", *bounds.tolist()))
    return np.unique(np.concatenate(parts))

"""Which texts are nearly the same: Jaccard similarity of their sets of character trigrams.

Exact: every pair that reaches the threshold is found, and no other. Ingest's `leak_near` and validate's level
L3 both come from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

_PAIRS_AT_A_TIME = 1_000_000


def near_duplicates(
    texts: pl.Series,
    threshold: float,
    kinds: np.ndarray | None = None,
    is_asked: np.ndarray | None = None,
) -> Iterator[pl.DataFrame]:
    """All pairs of texts that are nearly the same.

    Args:
        texts: distinct strings, none null or empty; normalised ones, if spelling is not to count.
        threshold: the least similarity, above 0 and at most 1.
        kinds: the kind of each text, small integers; all of one kind if not given.
        is_asked: a symmetric square of booleans: between which two kinds pairs are looked for. What is not
            asked for costs nothing.

    Yields:
        Frames with the rows of two texts, `first` and `second`, and their `similarity`: some million pairs at
        a time, since a thousand variations of one text are half a million pairs.
    """
    import numpy as np
    import polars as pl

    from etl import near_join, resources

    resources.keep_compiled_code()
    tokens, ends = _ranked_trigrams(texts)
    sizes = np.diff(ends, prepend=0)
    room = len(texts) + _PAIRS_AT_A_TIME
    first, second = np.empty(room, np.int64), np.empty(room, np.int64)
    similarity = np.empty(room, np.float64)
    kinds = np.zeros(len(texts), np.int64) if kinds is None else kinds.astype(np.int64)
    is_asked = np.ones((1, 1), np.bool_) if is_asked is None else is_asked
    state = _empty_state(tokens, sizes, threshold, len(is_asked))
    order = np.argsort(sizes, kind="stable")
    progress = state[0]
    while progress[0] < len(order):
        found = near_join.join(
            tokens, ends, order, threshold, kinds, is_asked, state, first, second, similarity
        )
        columns = {"first": first, "second": second, "similarity": similarity}
        yield pl.DataFrame({name: values[:found].copy() for name, values in columns.items()})


def _ranked_trigrams(texts: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """The trigrams of each text as numbers, the rarest first, and where those of each text end."""
    import numpy as np

    from etl import near_join

    codes = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32)
    ends = texts.str.len_chars().cum_sum().to_numpy().astype(np.int64)
    packed, packed_ends = np.empty(len(codes), np.int64), np.empty(len(ends), np.int64)
    near_join.trigrams(codes, ends, packed, packed_ends)
    packed = packed[: packed_ends[-1] if len(ends) else 0]
    _, numbers, counts = np.unique(packed, return_inverse=True, return_counts=True)
    ranks = np.empty(len(counts), np.int32)
    ranks[np.argsort(counts, kind="stable")] = np.arange(len(counts), dtype=np.int32)
    tokens = ranks[numbers]
    near_join.sort_each(tokens, packed_ends)
    return tokens, packed_ends


def _empty_state(
    tokens: np.ndarray, sizes: np.ndarray, threshold: float, n_kinds: int
) -> tuple[np.ndarray, ...]:
    """The inverted index, empty: see `near_join.join`."""
    import numpy as np

    entries = int((sizes - np.ceil(2 * threshold / (1 + threshold) * sizes).astype(np.int64) + 2).sum())
    heads = np.full((n_kinds, int(tokens.max()) + 1 if len(tokens) else 0), -1, np.int64)
    return (
        np.zeros(2, np.int64),  # the next set, the next free entry
        heads,
        np.empty(entries, np.int64),  # each entry's predecessor
        np.empty(entries, np.int64),  # its set
        np.empty(entries, np.int32),  # its place in the set
        np.zeros(len(sizes), np.int32),  # what each set shares with the one looked at, so far
        np.empty(len(sizes), np.int64),  # which sets that are
    )

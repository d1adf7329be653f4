"""Near-duplicate search: pairs of texts by the Jaccard similarity of their sets of character trigrams.

Exact: every pair that reaches the threshold is found, and no other. Used by ingest (`leak_near`) and by
validate (level L3).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from etl.runtime import machine
from etl.runtime.paths import keep_compiled_code
from etl.similarity.pair_cache import (
    MOST_PAIRS,
    KnownPairs,
    cache_file,
    find_rows,
    hash_texts,
    load_pairs,
    save_pairs,
)

_log = logging.getLogger(__name__)

_MOST_NEW = 0.2  # with a larger share of new texts, a join from scratch is as fast
_PAIRS_AT_A_TIME = 1_000_000
_TEXTS_AT_A_TIME = 50_000


def near_duplicates(
    texts: pl.Series,
    threshold: float,
    groups: np.ndarray | None = None,
    compare: np.ndarray | None = None,
    pair_cache: Path | None = None,
) -> Iterator[pl.DataFrame]:
    """Finds all pairs of near-duplicate texts.

    Args:
        texts: distinct strings, none null or empty; normalised ones, if spelling is not to count.
        threshold: least similarity of a pair, above 0 and at most 1.
        groups: the group of each text, small integers, (n_texts,); None: all texts are in one group.
        compare: `compare[a, b]`: whether texts of group a are compared with group b; symmetric, bool,
            (n_groups, n_groups). Excluded combinations cost no time.
        pair_cache: a folder with the pairs that earlier calls found, see `etl.similarity.pair_cache`.

    Yields:
        Frames with the row numbers of two texts, `first` and `second`, and their `similarity`: some million
        pairs at a time, since a thousand variations of one text are half a million pairs.
    """
    keep_compiled_code()
    groups = np.zeros(len(texts), np.int64) if groups is None else groups.astype(np.int64)
    compare = np.ones((1, 1), np.bool_) if compare is None else compare
    if pair_cache is not None:
        yield from _with_cache(texts, threshold, groups, compare, pair_cache)
    else:
        yield from _join_sides(texts, threshold, groups, compare, _largest_side(groups, compare))


def _with_cache(
    texts: pl.Series, threshold: float, groups: np.ndarray, compare: np.ndarray, folder: Path
) -> Iterator[pl.DataFrame]:
    """Same result as `near_duplicates`; reuses and replaces the pairs that an earlier run left behind."""
    file = cache_file(folder, threshold, compare)
    hashed = hash_texts(texts, groups)
    known = load_pairs(file)
    old = np.full(len(texts), -1) if known is None else find_rows(hashed, known.texts)
    n_new = np.count_nonzero(old < 0)
    _log.debug("near-duplicates: %d of %d texts are new", n_new, len(old))
    if known is None or n_new > _MOST_NEW * len(old):
        found = _join_sides(texts, threshold, groups, compare, _largest_side(groups, compare))
    else:
        found = chain([_still_there(known, old)], _join_sides(texts, threshold, groups, compare, old >= 0))
    kept: list[pl.DataFrame] | None = []
    for pairs in found:
        yield pairs
        if kept is not None:
            kept.append(pairs)
            kept = kept if sum(pairs.height for pairs in kept) <= MOST_PAIRS else None
    if kept is not None:
        save_pairs(file, hashed, kept)


def _still_there(known: KnownPairs, old: np.ndarray) -> pl.DataFrame:
    """Returns the known pairs of texts that are still there.

    Args:
        known: what an earlier run found.
        old: row in `known.texts` of each text, or -1, (n_texts,).
    """
    now = np.full(known.texts.height, -1, np.int64)
    now[old[old >= 0]] = np.flatnonzero(old >= 0)
    pairs = known.pairs.with_columns(
        pl.Series("first", now[known.pairs["first"].to_numpy()]),
        pl.Series("second", now[known.pairs["second"].to_numpy()]),
    )
    return pairs.filter((pl.col("first") >= 0) & (pl.col("second") >= 0))


def _largest_side(groups: np.ndarray, compare: np.ndarray) -> np.ndarray:
    """Returns a mask of the largest group that is not compared with itself, usually train."""
    counts = np.bincount(groups, minlength=len(compare)) * ~compare.diagonal()
    side: np.ndarray = (groups == counts.argmax()) & (counts.max() > 0)
    return side


def _join_sides(
    texts: pl.Series, threshold: float, groups: np.ndarray, compare: np.ndarray, is_streamed: np.ndarray
) -> Iterator[pl.DataFrame]:
    """Same result as `near_duplicates`, without the pairs of two texts that are both `is_streamed`.

    Only the trigrams of the other texts are indexed; those that are streamed pass by one after another.
    """
    streamed, others = np.flatnonzero(is_streamed), np.flatnonzero(~is_streamed)
    if not len(others):
        return
    ranked = _ranked_trigrams(texts.gather(others))
    present = np.unique(groups[others])
    if compare[np.ix_(present, present)].any():
        for found in _join_all(texts.gather(others), threshold, groups[others], compare, ranked):
            yield _renumber(found, others, others)
    if len(streamed):
        between = _join_new(
            texts.gather(streamed), threshold, groups[streamed], compare, ranked, groups[others]
        )
        for found in between:
            yield _renumber(found, streamed, others)


def _renumber(pairs: pl.DataFrame, first: np.ndarray, second: np.ndarray) -> pl.DataFrame:
    return pairs.with_columns(
        pl.Series("first", first[pairs["first"].to_numpy()]),
        pl.Series("second", second[pairs["second"].to_numpy()]),
    )


def _join_all(
    texts: pl.Series, threshold: float, groups: np.ndarray, compare: np.ndarray, ranked: _Ranked
) -> Iterator[pl.DataFrame]:
    """Same result as `near_duplicates`, computed from scratch."""
    from etl.similarity import ppjoin

    tokens, ends = ranked.tokens, ranked.ends
    sizes = np.diff(ends, prepend=0)
    room = len(texts) + _PAIRS_AT_A_TIME
    first, second = np.empty(room, np.int64), np.empty(room, np.int64)
    similarity = np.empty(room, np.float64)
    state = _empty_state(tokens, sizes, threshold, len(compare))
    order = np.argsort(sizes, kind="stable")
    progress = state[0]
    while progress[0] < len(order):
        found = ppjoin.join(tokens, ends, order, threshold, groups, compare, state, first, second, similarity)
        columns = {"first": first, "second": second, "similarity": similarity}
        yield pl.DataFrame({name: values[:found].copy() for name, values in columns.items()})


def _join_new(
    texts: pl.Series,
    threshold: float,
    groups: np.ndarray,
    compare: np.ndarray,
    new: _Ranked,
    new_groups: np.ndarray,
) -> Iterator[pl.DataFrame]:
    """Finds the pairs of an old and a new text; `first` is a row of the old ones, `second` of the new ones.

    Args:
        texts: the old texts.
        threshold, compare: as for `near_duplicates`.
        groups, new_groups: groups of the old and of the new texts.
        new: trigrams of the new texts.
    """
    from etl.similarity import ppjoin

    keys, values = _empty_table(len(new.grams))
    ppjoin.fill_table(new.grams, new.ranks, keys, values)
    heads = np.full(len(new.grams), -1, np.int64)
    links, sets = np.empty(len(new.tokens), np.int64), np.empty(len(new.tokens), np.int64)
    ppjoin.index_all(new.tokens, new.ends, threshold, heads, links, sets)
    index = (keys, values, new.tokens, new.ends, new_groups, heads, links, sets, compare, threshold)

    def join(start: int) -> list[pl.DataFrame]:
        """Finds the pairs of some of the old texts; almost all of it is compiled code without the GIL."""
        codes, ends = _codes(texts.slice(start, _TEXTS_AT_A_TIME))
        room = len(new.ends) + _PAIRS_AT_A_TIME
        first, second = np.empty(room, np.int64), np.empty(room, np.int64)
        similarity = np.empty(room, np.float64)
        progress, stamps = np.zeros(1, np.int64), np.full(len(new.ends), -1, np.int64)
        frames = []
        while progress[0] < len(ends):
            found = ppjoin.join_new(
                codes, ends, groups[start:], *index, stamps, progress, first, second, similarity
            )
            columns = {"first": first[:found] + start, "second": second[:found].copy()}
            frames.append(pl.DataFrame({**columns, "similarity": similarity[:found].copy()}))
        return frames

    with ThreadPoolExecutor(machine.read_processors().count) as pool:
        for frames in pool.map(join, range(0, len(texts), _TEXTS_AT_A_TIME)):
            yield from frames


class _Ranked(NamedTuple):
    """Trigrams of texts as numbers: 0 is the rarest.

    Attributes:
        tokens: the numbers of each text's trigrams, ascending, one text after another.
        ends: where each text ends in `tokens`, (n_texts,).
        grams, ranks: each trigram that occurs, and its number.
    """

    tokens: np.ndarray
    ends: np.ndarray
    grams: np.ndarray
    ranks: np.ndarray


def _ranked_trigrams(texts: pl.Series) -> _Ranked:
    """Numbers the trigrams of texts, none null or empty, by frequency.

    They are computed twice, some texts at a time: to count them, and to number them. Eight bytes for each
    trigram of each text would be a gigabyte for a few million sentences.
    """
    from etl.similarity import ppjoin

    sizes: list[np.ndarray] = []
    keys, counts, known = *_empty_table(0), 0
    for packed, ends in _packed_trigrams(texts):
        sizes.append(np.diff(ends, prepend=0))
        if 2 * (known + len(packed)) > len(keys):
            keys, counts = _grow_table(keys, counts, known + len(packed))
        known += ppjoin.count_grams(packed, keys, counts)
    slots = np.flatnonzero(keys)
    slots = slots[np.argsort(keys[slots])]
    grams, counts = keys[slots], counts[slots]
    del keys, slots
    ranks = np.empty(len(counts), np.int32)
    ranks[np.argsort(counts, kind="stable")] = np.arange(len(counts), dtype=np.int32)
    all_ends = np.concatenate([np.zeros(0, np.int64), *sizes]).cumsum()
    tokens = np.empty(all_ends[-1] if len(all_ends) else 0, np.int32)
    keys, values = _empty_table(len(grams))
    ppjoin.fill_table(grams, ranks, keys, values)
    start = 0
    for packed, _ in _packed_trigrams(texts):
        ppjoin.rank_each(packed, keys, values, tokens[start : start + len(packed)])
        start += len(packed)
    ppjoin.sort_each(tokens, all_ends)
    return _Ranked(tokens, all_ends, grams, ranks)


def _packed_trigrams(texts: pl.Series) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields the distinct trigrams of each text as integers, and where each text ends; a chunk at a time."""
    from etl.similarity import ppjoin

    for start in range(0, len(texts), _TEXTS_AT_A_TIME):
        codes, ends = _codes(texts.slice(start, _TEXTS_AT_A_TIME))
        packed, packed_ends = np.empty(len(codes), np.int64), np.empty(len(ends), np.int64)
        ppjoin.trigrams(codes, ends, packed, packed_ends)
        yield packed[: packed_ends[-1]], packed_ends


def _empty_table(entries: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns a hash table from trigram to number for so many entries: keys and values, a power of two."""
    slots = 1 << int(2 * entries + 1).bit_length()
    return np.zeros(slots, np.int64), np.zeros(slots, np.int32)


def _grow_table(keys: np.ndarray, counts: np.ndarray, entries: int) -> tuple[np.ndarray, np.ndarray]:
    """Copies a table to one with room for so many entries, and for as many again so that this stays rare."""
    from etl.similarity import ppjoin

    filled = np.flatnonzero(keys)
    table = _empty_table(entries + len(filled))
    ppjoin.fill_table(keys[filled], counts[filled], *table)
    return table


def _codes(texts: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """Returns the code points of all texts one after another, and where each text ends."""
    codes = np.frombuffer(texts.str.join("").item().encode("utf-32-le"), np.uint32)
    return codes, texts.str.len_chars().cum_sum().to_numpy().astype(np.int64)


def _empty_state(
    tokens: np.ndarray, sizes: np.ndarray, threshold: float, n_groups: int
) -> tuple[np.ndarray, ...]:
    """Returns the empty inverted index: argument `state` of `ppjoin.join`."""
    entries = int((sizes - np.ceil(2 * threshold / (1 + threshold) * sizes).astype(np.int64) + 2).sum())
    heads = np.full((n_groups, int(tokens.max()) + 1 if len(tokens) else 0), -1, np.int64)
    return (
        np.zeros(2, np.int64),  # the next set, the next free entry
        heads,
        np.empty(entries, np.int64),  # each entry's predecessor
        np.empty(entries, np.int64),  # its set
        np.empty(entries, np.int32),  # its position in the set
        np.zeros(len(sizes), np.int32),  # elements that each set shares with the current one, so far
        np.empty(len(sizes), np.int64),  # the sets with such elements
    )

"""Which texts are nearly the same: Jaccard similarity of their sets of character trigrams.

Exact: every pair that reaches the threshold is found, and no other. Ingest's `leak_near` and validate's level
L3 both come from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

    from etl.similarity.pair_cache import Known

_MOST_NEW = 0.2  # a larger share of new texts is no quicker joined with the old ones than all with all
_PAIRS_AT_A_TIME = 1_000_000
_TEXTS_AT_A_TIME = 50_000


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

    from etl.schema import resources
    from etl.similarity import pair_cache

    resources.keep_compiled_code()
    kinds = np.zeros(len(texts), np.int64) if kinds is None else kinds.astype(np.int64)
    is_asked = np.ones((1, 1), np.bool_) if is_asked is None else is_asked
    place = pair_cache.folder()
    if place is not None:
        yield from _with_memory(texts, threshold, kinds, is_asked, place)
    else:
        yield from _join_sides(texts, threshold, kinds, is_asked, _largest_side(kinds, is_asked))


def _with_memory(
    texts: pl.Series, threshold: float, kinds: np.ndarray, is_asked: np.ndarray, place: Path
) -> Iterator[pl.DataFrame]:
    """The pairs of `near_duplicates`, with the help of what is remembered in `place`."""

    from etl.similarity import pair_cache

    file = pair_cache.path(place, threshold, is_asked)
    hashed = pair_cache.hashed(texts, kinds)
    known = pair_cache.load(file)
    old = None if known is None else pair_cache.places(hashed, known.texts)
    if known is None or old is None or np.count_nonzero(old < 0) > _MOST_NEW * len(old):
        found = _join_sides(texts, threshold, kinds, is_asked, _largest_side(kinds, is_asked))
    else:
        found = chain([_still_there(known, old)], _join_sides(texts, threshold, kinds, is_asked, old >= 0))
    kept: list[pl.DataFrame] | None = []
    for pairs in found:
        yield pairs
        if kept is not None:
            kept.append(pairs)
            kept = kept if sum(each.height for each in kept) <= pair_cache.MOST_PAIRS else None
    if kept is not None:
        pair_cache.save(file, hashed, kept)


def _still_there(known: Known, old: np.ndarray) -> pl.DataFrame:
    """The known pairs of texts that are still there; `old` is the known place of each text, or -1."""

    now = np.full(known.texts.height, -1, np.int64)
    now[old[old >= 0]] = np.flatnonzero(old >= 0)
    pairs = known.pairs.with_columns(
        pl.Series("first", now[known.pairs["first"].to_numpy()]),
        pl.Series("second", now[known.pairs["second"].to_numpy()]),
    )
    return pairs.filter((pl.col("first") >= 0) & (pl.col("second") >= 0))


def _largest_side(kinds: np.ndarray, is_asked: np.ndarray) -> np.ndarray:
    """The texts of the most frequent of the kinds within which no pairs are asked for, such as train's."""

    counts = np.bincount(kinds, minlength=len(is_asked)) * ~is_asked.diagonal()
    side: np.ndarray = (kinds == counts.argmax()) & (counts.max() > 0)
    return side


def _join_sides(
    texts: pl.Series, threshold: float, kinds: np.ndarray, is_asked: np.ndarray, is_passed: np.ndarray
) -> Iterator[pl.DataFrame]:
    """The pairs of `near_duplicates`, but for those between two texts that are `is_passed`.

    Only the trigrams of the other texts are numbered and kept; those that are passed go by one after another.
    """

    passed, others = np.flatnonzero(is_passed), np.flatnonzero(~is_passed)
    if not len(others):
        return
    ranked = _ranked_trigrams(texts.gather(others))
    present = np.unique(kinds[others])
    if is_asked[np.ix_(present, present)].any():
        for found in _join_all(texts.gather(others), threshold, kinds[others], is_asked, ranked):
            yield _renumbered(found, others, others)
    if len(passed):
        between = _join_new(texts.gather(passed), threshold, kinds[passed], is_asked, ranked, kinds[others])
        for found in between:
            yield _renumbered(found, passed, others)


def _renumbered(pairs: pl.DataFrame, first: np.ndarray, second: np.ndarray) -> pl.DataFrame:

    return pairs.with_columns(
        pl.Series("first", first[pairs["first"].to_numpy()]),
        pl.Series("second", second[pairs["second"].to_numpy()]),
    )


def _join_all(
    texts: pl.Series, threshold: float, kinds: np.ndarray, is_asked: np.ndarray, ranked: _Ranked
) -> Iterator[pl.DataFrame]:
    """The pairs of `near_duplicates`, without looking at what an earlier run has found."""

    from etl.similarity import ppjoin

    tokens, ends = ranked.tokens, ranked.ends
    sizes = np.diff(ends, prepend=0)
    room = len(texts) + _PAIRS_AT_A_TIME
    first, second = np.empty(room, np.int64), np.empty(room, np.int64)
    similarity = np.empty(room, np.float64)
    state = _empty_state(tokens, sizes, threshold, len(is_asked))
    order = np.argsort(sizes, kind="stable")
    progress = state[0]
    while progress[0] < len(order):
        found = ppjoin.join(tokens, ends, order, threshold, kinds, is_asked, state, first, second, similarity)
        columns = {"first": first, "second": second, "similarity": similarity}
        yield pl.DataFrame({name: values[:found].copy() for name, values in columns.items()})


def _join_new(
    texts: pl.Series,
    threshold: float,
    kinds: np.ndarray,
    is_asked: np.ndarray,
    new: _Ranked,
    new_kinds: np.ndarray,
) -> Iterator[pl.DataFrame]:
    """The pairs of an old text and a new one: `first` is a place among the old, `second` among the new.

    Args:
        texts: the old ones.
        threshold, is_asked: as for `near_duplicates`.
        kinds, new_kinds: of the old texts, and of the new ones.
        new: the trigrams of the new ones.
    """

    from etl.runtime import machine
    from etl.similarity import ppjoin

    keys, values = _empty_table(len(new.grams))
    ppjoin.fill_table(new.grams, new.ranks, keys, values)
    heads = np.full(len(new.grams), -1, np.int64)
    links, sets = np.empty(len(new.tokens), np.int64), np.empty(len(new.tokens), np.int64)
    ppjoin.index_all(new.tokens, new.ends, threshold, heads, links, sets)
    index = (keys, values, new.tokens, new.ends, new_kinds, heads, links, sets, is_asked, threshold)

    def join(start: int) -> list[pl.DataFrame]:
        """The pairs of some of the old texts; nothing but compiled code, and it holds no other thread up."""
        codes, ends = _codes(texts.slice(start, _TEXTS_AT_A_TIME))
        room = len(new.ends) + _PAIRS_AT_A_TIME
        first, second = np.empty(room, np.int64), np.empty(room, np.int64)
        similarity = np.empty(room, np.float64)
        progress, stamps = np.zeros(1, np.int64), np.full(len(new.ends), -1, np.int64)
        frames = []
        while progress[0] < len(ends):
            found = ppjoin.join_new(
                codes, ends, kinds[start:], *index, stamps, progress, first, second, similarity
            )
            columns = {"first": first[:found] + start, "second": second[:found].copy()}
            frames.append(pl.DataFrame({**columns, "similarity": similarity[:found].copy()}))
        return frames

    with ThreadPoolExecutor(machine.processors().count) as pool:
        for frames in pool.map(join, range(0, len(texts), _TEXTS_AT_A_TIME)):
            yield from frames


class _Ranked(NamedTuple):
    """The trigrams of texts as numbers, the rarest first.

    Attributes:
        tokens, ends: those of each text, ascending, and where those of each text end.
        grams, ranks: each trigram that occurs, and its number.
    """

    tokens: np.ndarray
    ends: np.ndarray
    grams: np.ndarray
    ranks: np.ndarray


def _ranked_trigrams(texts: pl.Series) -> _Ranked:
    """The trigrams of texts, none null or empty.

    They are made twice, some texts at a time: to count them, and to number them. Eight bytes for each
    trigram of each text would be a gigabyte for a few million sentences.
    """

    from etl.similarity import ppjoin

    sizes: list[np.ndarray] = []
    keys, counts, known = *_empty_table(0), 0
    for packed, ends in _packed_trigrams(texts):
        sizes.append(np.diff(ends, prepend=0))
        if 2 * (known + len(packed)) > len(keys):
            keys, counts = _larger(keys, counts, known + len(packed))
        known += ppjoin.count_grams(packed, keys, counts)
    places = np.flatnonzero(keys)
    places = places[np.argsort(keys[places])]
    grams, counts = keys[places], counts[places]
    del keys, places
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
    """The distinct trigrams of each text as integers, and where those of each end, some texts at a time."""

    from etl.similarity import ppjoin

    for start in range(0, len(texts), _TEXTS_AT_A_TIME):
        codes, ends = _codes(texts.slice(start, _TEXTS_AT_A_TIME))
        packed, packed_ends = np.empty(len(codes), np.int64), np.empty(len(ends), np.int64)
        ppjoin.trigrams(codes, ends, packed, packed_ends)
        yield packed[: packed_ends[-1]], packed_ends


def _empty_table(entries: int) -> tuple[np.ndarray, np.ndarray]:
    """A hash table of trigrams and numbers, at least half of it empty; a power of two, as it must be."""

    places = 1 << int(2 * entries + 1).bit_length()
    return np.zeros(places, np.int64), np.zeros(places, np.int32)


def _larger(keys: np.ndarray, counts: np.ndarray, entries: int) -> tuple[np.ndarray, np.ndarray]:
    """The table with room for so many entries, and for as many again, so that this is not done often."""

    from etl.similarity import ppjoin

    filled = np.flatnonzero(keys)
    table = _empty_table(entries + len(filled))
    ppjoin.fill_table(keys[filled], counts[filled], *table)
    return table


def _codes(texts: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """The code points of all texts, and where those of each end."""

    codes = np.frombuffer(texts.str.join("").item().encode("utf-32-le"), np.uint32)
    return codes, texts.str.len_chars().cum_sum().to_numpy().astype(np.int64)


def _empty_state(
    tokens: np.ndarray, sizes: np.ndarray, threshold: float, n_kinds: int
) -> tuple[np.ndarray, ...]:
    """The inverted index, empty: see `near_join.join`."""

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

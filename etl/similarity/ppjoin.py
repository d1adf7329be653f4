"""The exact set-similarity join behind `etl.similarity.pairs`, compiled.

PPJoin (Xiao, Wang, Lin, Yu: Efficient similarity joins for near duplicate detection, WWW 2008): if the
elements of all sets are in one order, the rarest first, two sets whose Jaccard similarity reaches the
threshold share an element among their first few; and where that element stands in both says how much more
they can share. What is left is verified element by element, so no pair is missed and none is wrong.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_SLACK = 1e-9  # a bound that is wrong by the last bit may let a pair through to be verified, never lose one


@njit(cache=True, nogil=True)
def trigrams(codes, ends, packed, packed_ends):  # type: ignore[no-untyped-def]
    """The distinct character trigrams of each text, each as one integer.

    Args:
        codes: the texts' code points one after another, `uint32`.
        ends: where each text ends, `int64`.
        packed: filled with the trigrams, sorted within each text, `int64`; as long as `codes`.
        packed_ends: filled with where those of each text end, `int64`. A text of one or two characters is its
            own only trigram.
    """
    count = begin = 0
    for text in range(len(ends)):
        end, first = ends[text], count
        for at in range(begin, max(end - 2, min(begin + 1, end))):
            gram = np.int64(0)
            for position in range(at, min(at + 3, end)):
                gram = (gram << 21) | np.int64(codes[position] + 1)
            packed[count] = gram
            count += 1
        packed[first:count].sort()
        kept = first
        for place in range(first, count):
            if place == first or packed[place] != packed[place - 1]:
                packed[kept] = packed[place]
                kept += 1
        count = kept
        packed_ends[text] = count
        begin = end


@njit(cache=True, nogil=True)
def join(tokens, ends, order, threshold, kinds, is_asked, state, first, second, similarity):  # type: ignore[no-untyped-def]
    """Finds pairs until the buffers are full or all sets were looked at; call it again to go on.

    Args:
        tokens: the sets one after another, `int32`: elements numbered from the rarest, ascending in each set.
        ends: where each set ends, `int64`.
        order: the sets by ascending size, `int64`.
        threshold: the least Jaccard similarity of a pair.
        kinds: the kind of each set, a small integer, `int64`.
        is_asked: between which two kinds pairs are looked for, a symmetric square of booleans.
        state: what is carried from call to call: `etl.similarity.pairs` makes it.
        first, second, similarity: filled with the pairs; longer than there are sets.

    Returns:
        How many pairs were found.
    """
    progress, heads, links, sets, places, overlaps, touched = state
    found = 0
    while progress[0] < len(order) and found <= len(first) - len(order):
        one = order[progress[0]]
        begin = ends[one - 1] if one else 0
        size = ends[one] - begin
        n_touched = 0
        for kind in range(len(is_asked)):
            if is_asked[kinds[one], kind]:
                n_touched = _candidates(
                    tokens,
                    ends,
                    begin,
                    size,
                    threshold,
                    heads[kind],
                    links,
                    sets,
                    places,
                    overlaps,
                    touched,
                    n_touched,
                )
        for number in range(n_touched):
            other = touched[number]
            is_possible = overlaps[other] > 0
            overlaps[other] = 0
            if is_possible:
                other_begin = ends[other - 1] if other else 0
                jaccard = _jaccard(tokens, begin, ends[one], other_begin, ends[other], threshold)
                if jaccard >= threshold:
                    first[found], second[found], similarity[found] = other, one, jaccard
                    found += 1
        # Who comes later is at least as large, so fewer of this one's elements need to be findable.
        indexed = size - int(np.ceil(2 * threshold / (1 + threshold) * size - _SLACK)) + 1
        for place in range(min(indexed, size)):
            token, entry = tokens[begin + place], progress[1]
            links[entry], sets[entry], places[entry] = heads[kinds[one], token], one, place
            heads[kinds[one], token] = entry
            progress[1] += 1
        progress[0] += 1
    return found


@njit(cache=True, nogil=True)
def _candidates(  # type: ignore[no-untyped-def]
    tokens, ends, begin, size, threshold, heads, links, sets, places, overlaps, touched, n_touched
):
    """Earlier sets that share something: in `touched`, with a positive overlap if they may be similar."""
    for place in range(min(size, size - int(np.ceil(threshold * size - _SLACK)) + 1)):
        entry = heads[tokens[begin + place]]
        while entry >= 0:
            other = sets[entry]
            other_size = ends[other] - (ends[other - 1] if other else 0)
            if other_size < threshold * size - _SLACK:
                break  # the newest come first, and they are the largest
            if overlaps[other] == 0:
                touched[n_touched] = other
                n_touched += 1
            if overlaps[other] >= 0:
                needed = int(np.ceil(threshold / (1 + threshold) * (size + other_size) - _SLACK))
                rest = min(size - place - 1, other_size - places[entry] - 1)
                if overlaps[other] + 1 + rest >= needed:
                    overlaps[other] += 1
                else:
                    overlaps[other] = -1
            entry = links[entry]
    return n_touched


@njit(cache=True, nogil=True)
def _jaccard(tokens, one, one_end, other, other_end, threshold):  # type: ignore[no-untyped-def]
    """The Jaccard similarity of two ascending sets, or 0 as soon as it cannot reach the threshold."""
    total = (one_end - one) + (other_end - other)
    needed = int(np.ceil(threshold / (1 + threshold) * total - _SLACK))
    common = 0
    while one < one_end and other < other_end:
        if common + min(one_end - one, other_end - other) < needed:
            return 0.0
        if tokens[one] == tokens[other]:
            common, one, other = common + 1, one + 1, other + 1
        elif tokens[one] < tokens[other]:
            one += 1
        else:
            other += 1
    return common / (total - common)


@njit(cache=True, nogil=True)
def sort_each(tokens, ends):  # type: ignore[no-untyped-def]
    """Sorts each set, in place."""
    begin = 0
    for end in ends:
        tokens[begin:end].sort()
        begin = end


@njit(cache=True, nogil=True)
def join_new(  # type: ignore[no-untyped-def]
    codes,
    ends,
    kinds,
    known_keys,
    known_ranks,
    tokens,
    token_ends,
    token_kinds,
    heads,
    links,
    sets,
    is_asked,
    threshold,
    stamps,
    progress,
    first,
    second,
    similarity,
):
    """Finds the pairs of an old set and a new one until the buffers are full; call it again to go on.

    Only the elements that new sets have are in the index. All others stand before them in the order, so an
    old set whose first few elements are of that sort is passed over without being compared with anything.

    Args:
        codes, ends: the old texts, as for `trigrams`.
        kinds, token_kinds: the kinds of the old and of the new sets, `int64`.
        known_keys, known_ranks: a hash table from trigram to element; key 0 is a free place.
        tokens, token_ends: the new sets, as for `join`.
        heads, links, sets: the inverted index over the first few elements of the new sets.
        is_asked, threshold: as for `join`.
        stamps: for each new set the old one it was last compared with, `int64`, -1 at first.
        progress: the next old set.
        first, second, similarity: filled with the number of the old and of the new set; longer than there are
            new sets.

    Returns:
        How many pairs were found.
    """
    mask = len(known_keys) - 1
    scratch, others = np.empty(0, np.int32), np.empty(0, np.int64)
    found = 0
    while progress[0] < len(ends) and found <= len(first) - len(token_ends):
        old = progress[0]
        progress[0] += 1
        begin, end = ends[old - 1] if old else 0, ends[old]
        if end - begin > len(scratch):
            scratch, others = np.empty(2 * (end - begin), np.int32), np.empty(2 * (end - begin), np.int64)
        present, absent = _elements(codes, begin, end, known_keys, known_ranks, mask, scratch, others)
        size = present + absent
        probes = min(present, size - int(np.ceil(threshold * size - _SLACK)) + 1 - absent)
        for probe in range(max(0, probes)):
            entry = heads[scratch[probe]]
            while entry >= 0:
                new = sets[entry]
                entry = links[entry]
                if stamps[new] == old or not is_asked[kinds[old], token_kinds[new]]:
                    continue
                stamps[new] = old
                new_begin = token_ends[new - 1] if new else 0
                new_size = token_ends[new] - new_begin
                if min(size, new_size) < threshold * max(size, new_size) - _SLACK:
                    continue
                common = _common(scratch, present, tokens, new_begin, token_ends[new])
                jaccard = common / (size + new_size - common)
                if jaccard >= threshold:
                    first[found], second[found], similarity[found] = old, new, jaccard
                    found += 1
    return found


@njit(cache=True, nogil=True)
def _elements(codes, begin, end, keys, ranks, mask, elements, others):  # type: ignore[no-untyped-def]
    """The distinct elements of a text that are in the table, ascending in `elements`.

    Returns:
        How many of them there are, and how many distinct ones that are not in the table.
    """
    present = absent = 0
    for at in range(begin, max(end - 2, min(begin + 1, end))):
        gram = np.int64(0)
        for position in range(at, min(at + 3, end)):
            gram = (gram << 21) | np.int64(codes[position] + 1)
        rank = _rank(gram, keys, ranks, mask)
        if rank >= 0:
            elements[present] = rank
            present += 1
        else:
            others[absent] = gram
            absent += 1
    if not present:  # then nobody asks how many others there are
        return 0, absent
    elements[:present].sort()
    others[:absent].sort()
    return _distinct(elements, present), _distinct(others, absent)


@njit(cache=True, nogil=True)
def fill_table(grams, ranks, keys, values):  # type: ignore[no-untyped-def]
    """Fills a hash table of twice as many places as there are trigrams or more, a power of two."""
    mask = len(keys) - 1
    for number in range(len(grams)):
        place = _place(grams[number], mask)
        while keys[place] != 0:
            place = (place + 1) & mask
        keys[place], values[place] = grams[number], ranks[number]


@njit(cache=True, nogil=True)
def count_grams(grams, keys, counts):  # type: ignore[no-untyped-def]
    """Counts trigrams in a hash table with room for all of them; returns how many are new to it."""
    mask = len(keys) - 1
    new = 0
    for gram in grams:
        place = _place(gram, mask)
        while keys[place] != 0 and keys[place] != gram:
            place = (place + 1) & mask
        new += keys[place] == 0
        keys[place] = gram
        counts[place] += 1
    return new


@njit(cache=True, nogil=True)
def rank_each(grams, keys, ranks, tokens):  # type: ignore[no-untyped-def]
    """Fills `tokens` with the ranks of trigrams that are all in the table."""
    mask = len(keys) - 1
    for number in range(len(grams)):
        tokens[number] = _rank(grams[number], keys, ranks, mask)


@njit(cache=True, nogil=True)
def index_all(tokens, ends, threshold, heads, links, sets):  # type: ignore[no-untyped-def]
    """Puts the first few elements of each set into the inverted index; returns the number of entries."""
    count = begin = 0
    for one in range(len(ends)):
        size = ends[one] - begin
        for place in range(min(size, size - int(np.ceil(threshold * size - _SLACK)) + 1)):
            token = tokens[begin + place]
            links[count], sets[count] = heads[token], one
            heads[token] = count
            count += 1
        begin = ends[one]
    return count


@njit(cache=True, nogil=True)
def _place(gram, mask):  # type: ignore[no-untyped-def]
    mixed = np.uint64(gram) * np.uint64(0x9E3779B97F4A7C15)  # the golden ratio: neighbours are scattered
    return np.int64(mixed >> np.uint64(33)) & mask


@njit(cache=True, nogil=True)
def _rank(gram, keys, values, mask):  # type: ignore[no-untyped-def]
    place = _place(gram, mask)
    while keys[place] != 0:
        if keys[place] == gram:
            return values[place]
        place = (place + 1) & mask
    return -1


@njit(cache=True, nogil=True)
def _distinct(ascending, count):  # type: ignore[no-untyped-def]
    kept = 0
    for place in range(count):
        if place == 0 or ascending[place] != ascending[place - 1]:
            ascending[kept] = ascending[place]
            kept += 1
    return kept


@njit(cache=True, nogil=True)
def _common(one, one_end, tokens, other, other_end):  # type: ignore[no-untyped-def]
    common = place = 0
    while place < one_end and other < other_end:
        if one[place] == tokens[other]:
            common, place, other = common + 1, place + 1, other + 1
        elif one[place] < tokens[other]:
            place += 1
        else:
            other += 1
    return common

"""The exact set-similarity join behind `etl.similarity.pairs`, compiled by numba.

PPJoin (Xiao, Wang, Lin, Yu: Efficient similarity joins for near duplicate detection, WWW 2008): if the
elements of all sets are in one order, the rarest first, two sets whose Jaccard similarity reaches the
threshold share an element among their first few (prefix filter), and its positions in both sets bound how
many more they can share (positional filter). Each pair that passes is verified element by element, so no
pair is missed and none is wrong.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_SLACK = 1e-9  # rounding of a bound may let a pair through to verification, but never lose one


@njit(cache=True, nogil=True)
def trigrams(codes, ends, packed, packed_ends):  # type: ignore[no-untyped-def]
    """Extracts the distinct character trigrams of each text, each as one integer of three 21-bit code points.

    Args:
        codes: the texts' code points one after another, `uint32`.
        ends: where each text ends, `int64`.
        packed: filled with the trigrams, sorted within each text, `int64`; as long as `codes`.
        packed_ends: filled with where each text ends in `packed`, `int64`. A text of one or two characters is
            its own only trigram.
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
        for position in range(first, count):
            if position == first or packed[position] != packed[position - 1]:
                packed[kept] = packed[position]
                kept += 1
        count = kept
        packed_ends[text] = count
        begin = end


@njit(cache=True, nogil=True)
def join(tokens, ends, order, threshold, groups, compare, state, first, second, similarity):  # type: ignore[no-untyped-def]
    """Finds pairs of one collection of sets until the buffers are full or all is done; call again to go on.

    Args:
        tokens: the sets one after another, `int32`: elements numbered from the rarest, ascending in each set.
        ends: where each set ends, `int64`.
        order: the sets by ascending size, `int64`.
        threshold: least Jaccard similarity of a pair.
        groups: the group of each set, a small integer, `int64`.
        compare: whether two groups are compared, symmetric, bool, (n_groups, n_groups).
        state: kept from call to call; see `etl.similarity.pairs._empty_state`.
        first, second, similarity: filled with the pairs; longer than there are sets.

    Returns:
        How many pairs were found.
    """
    progress, heads, links, sets, positions, overlaps, touched = state
    found = 0
    while progress[0] < len(order) and found <= len(first) - len(order):
        one = order[progress[0]]
        begin = ends[one - 1] if one else 0
        size = ends[one] - begin
        n_touched = 0
        for group in range(len(compare)):
            if compare[groups[one], group]:
                n_touched = _candidates(
                    tokens,
                    ends,
                    begin,
                    size,
                    threshold,
                    heads[group],
                    links,
                    sets,
                    positions,
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
        # Sets that follow are at least as large, so fewer elements of this one need to be indexed.
        indexed = size - int(np.ceil(2 * threshold / (1 + threshold) * size - _SLACK)) + 1
        for position in range(min(indexed, size)):
            token, entry = tokens[begin + position], progress[1]
            links[entry], sets[entry], positions[entry] = heads[groups[one], token], one, position
            heads[groups[one], token] = entry
            progress[1] += 1
        progress[0] += 1
    return found


@njit(cache=True, nogil=True)
def _candidates(  # type: ignore[no-untyped-def]
    tokens, ends, begin, size, threshold, heads, links, sets, positions, overlaps, touched, n_touched
):
    """Collects in `touched` the earlier sets that share an element; overlap > 0 where they may be similar."""
    for position in range(min(size, size - int(np.ceil(threshold * size - _SLACK)) + 1)):
        entry = heads[tokens[begin + position]]
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
                rest = min(size - position - 1, other_size - positions[entry] - 1)
                if overlaps[other] + 1 + rest >= needed:
                    overlaps[other] += 1
                else:
                    overlaps[other] = -1
            entry = links[entry]
    return n_touched


@njit(cache=True, nogil=True)
def _jaccard(tokens, one, one_end, other, other_end, threshold):  # type: ignore[no-untyped-def]
    """Returns the Jaccard similarity of two ascending sets, or 0 as soon as it cannot reach the threshold."""
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
    groups,
    known_keys,
    known_ranks,
    tokens,
    token_ends,
    token_groups,
    heads,
    links,
    sets,
    compare,
    threshold,
    stamps,
    progress,
    first,
    second,
    similarity,
):
    """Finds the pairs of an old and a new set until the buffers are full or all is done; call again to go on.

    Only elements of new sets are indexed. All others come before them in the order, so an old set whose first
    few elements are not indexed is skipped without being compared with anything.

    Args:
        codes, ends: the old texts, as for `trigrams`.
        groups, token_groups: the groups of the old and of the new sets, `int64`.
        known_keys, known_ranks: a hash table from trigram to element; key 0 is a free slot.
        tokens, token_ends: the new sets, as for `join`.
        heads, links, sets: the inverted index over the first few elements of the new sets.
        compare, threshold: as for `join`.
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
                if stamps[new] == old or not compare[groups[old], token_groups[new]]:
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
    """Writes the distinct elements of a text that are in the table to `elements`, ascending.

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
    if not present:  # the number of others does not matter then
        return 0, absent
    elements[:present].sort()
    others[:absent].sort()
    return _distinct(elements, present), _distinct(others, absent)


@njit(cache=True, nogil=True)
def fill_table(grams, ranks, keys, values):  # type: ignore[no-untyped-def]
    """Fills a hash table, at least half empty, whose number of slots is a power of two."""
    mask = len(keys) - 1
    for number in range(len(grams)):
        slot = _hash_slot(grams[number], mask)
        while keys[slot] != 0:
            slot = (slot + 1) & mask
        keys[slot], values[slot] = grams[number], ranks[number]


@njit(cache=True, nogil=True)
def count_grams(grams, keys, counts):  # type: ignore[no-untyped-def]
    """Counts trigrams in a hash table with room for all of them; returns how many were not in it."""
    mask = len(keys) - 1
    new = 0
    for gram in grams:
        slot = _hash_slot(gram, mask)
        while keys[slot] != 0 and keys[slot] != gram:
            slot = (slot + 1) & mask
        new += keys[slot] == 0
        keys[slot] = gram
        counts[slot] += 1
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
        for position in range(min(size, size - int(np.ceil(threshold * size - _SLACK)) + 1)):
            token = tokens[begin + position]
            links[count], sets[count] = heads[token], one
            heads[token] = count
            count += 1
        begin = ends[one]
    return count


@njit(cache=True, nogil=True)
def _hash_slot(gram, mask):  # type: ignore[no-untyped-def]
    mixed = np.uint64(gram) * np.uint64(0x9E3779B97F4A7C15)  # the golden ratio: neighbours are scattered
    return np.int64(mixed >> np.uint64(33)) & mask


@njit(cache=True, nogil=True)
def _rank(gram, keys, values, mask):  # type: ignore[no-untyped-def]
    slot = _hash_slot(gram, mask)
    while keys[slot] != 0:
        if keys[slot] == gram:
            return values[slot]
        slot = (slot + 1) & mask
    return -1


@njit(cache=True, nogil=True)
def _distinct(ascending, count):  # type: ignore[no-untyped-def]
    kept = 0
    for position in range(count):
        if position == 0 or ascending[position] != ascending[position - 1]:
            ascending[kept] = ascending[position]
            kept += 1
    return kept


@njit(cache=True, nogil=True)
def _common(one, one_end, tokens, other, other_end):  # type: ignore[no-untyped-def]
    common = position = 0
    while position < one_end and other < other_end:
        if one[position] == tokens[other]:
            common, position, other = common + 1, position + 1, other + 1
        elif one[position] < tokens[other]:
            position += 1
        else:
            other += 1
    return common

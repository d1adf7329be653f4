"""The exact set-similarity join behind `etl.near`, compiled.

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
        state: what is carried from call to call: `etl.near` makes it.
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

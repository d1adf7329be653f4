"""The trigrams of texts, their entries, and the similarity of two texts, compiled by numba.

A text is the set of its distinct character trigrams. **Prefix filter** (Vernica, Carey, Li: Efficient
parallel set-similarity joins using MapReduce, SIGMOD 2010): all sets are in one order, the rarest first; two
sets that share `o` elements share one among the first `size - o + 1` of each. So each set has an *entry* for
each of its first few trigrams, and only entries of the same trigram are compared. An entry also holds the
size of the set, the position of the trigram in it, and a **bitmap** of 64 bits, in which every trigram
inverts one bit: sets that differ in few trigrams differ in few bits (Sandes, Teodoro, Melo: Bitmap filter:
speeding up exact set similarity joins, Inf. Syst. 2020). What passes is verified trigram by trigram.

The filters may let a pair through, but never lose one, whatever the order: it is fixed for the life of an
index only so that old and new entries agree. Two trigrams may even share a place in it.

An entry's `order` has 64 bits, so that sorting by it is sorting by all of its fields:

    40 bits  hash of the trigram; two trigrams that share it cost some comparisons, and change no result
     4 bits  group
    14 bits  number of distinct trigrams of the text, at most `MOST_SIZE`
     6 bits  position of the trigram in the text's prefix, at most `MOST_POSITION`
"""

from __future__ import annotations

import numpy as np
from numba import njit, uint64

GROUP_BITS, SIZE_BITS, POSITION_BITS = 4, 14, 6
TOKEN_SHIFT = GROUP_BITS + SIZE_BITS + POSITION_BITS
MOST_SIZE, MOST_POSITION = (1 << SIZE_BITS) - 1, (1 << POSITION_BITS) - 1
CLASSES_BITS = 22  # slots of the table of frequencies

SLACK = 1e-9  # rounding of a bound may let a pair through to verification, but never lose one
_BITS = 61
_MASK = uint64((1 << _BITS) - 1)
_CODES = uint64(0x110001)  # one more than there are code points: 0 stands for none
_ODD_1 = uint64(0x1F58476D1CE4E5B9)
_ODD_2 = uint64(0x14D049BB133111EB)
_HALF = uint64(31)
_ONE = uint64(1)


@njit(cache=True, nogil=True, inline="always")
def _mix(gram):  # type: ignore[no-untyped-def]
    """Scatters the numbers of `_BITS` bits; one to one, so equal values are equal trigrams."""
    gram = (gram * _ODD_1) & _MASK
    gram ^= gram >> _HALF
    gram = (gram * _ODD_2) & _MASK
    return gram ^ (gram >> _HALF)


@njit(cache=True, nogil=True)
def decode(utf8, begin, end, codes):  # type: ignore[no-untyped-def]
    """Writes the code points of valid UTF-8 to `codes`, each plus one; returns how many there are."""
    count = 0
    at = begin
    while at < end:
        lead = uint64(utf8[at])
        if lead < 0x80:
            code, length = lead, 1
        elif lead < 0xE0:
            code, length = lead & uint64(0x1F), 2
        elif lead < 0xF0:
            code, length = lead & uint64(0x0F), 3
        else:
            code, length = lead & uint64(0x07), 4
        for offset in range(1, length):
            code = (code << uint64(6)) | (uint64(utf8[at + offset]) & uint64(0x3F))
        codes[count] = code + _ONE
        count += 1
        at += length
    return count


@njit(cache=True, nogil=True)
def hash_trigrams(utf8, begin, end, codes, grams):  # type: ignore[no-untyped-def]
    """Writes the hash of each trigram of a text to `grams`, repeated ones too; returns how many there are.

    A text of one or two characters is its own only trigram.
    """
    count = decode(utf8, begin, end, codes)
    if 0 < count < 3:
        second = codes[1] if count == 2 else uint64(0)
        grams[0] = _mix(codes[0] * _CODES + second)
        return 1
    for at in range(count - 2):
        grams[at] = _mix((codes[at] * _CODES + codes[at + 1]) * _CODES + codes[at + 2])
    return max(count - 2, 0)


@njit(cache=True, nogil=True)
def sort_distinct(values, count):  # type: ignore[no-untyped-def]
    """Sorts the first `count` values and moves the distinct ones to the front; returns how many there are."""
    if count <= 64:
        for at in range(1, count):
            value = values[at]
            place = at
            while place > 0 and values[place - 1] > value:
                values[place] = values[place - 1]
                place -= 1
            values[place] = value
    else:
        values[:count].sort()
    kept = 0
    for at in range(count):
        if at == 0 or values[at] != values[kept - 1]:
            values[kept] = values[at]
            kept += 1
    return kept


@njit(cache=True, nogil=True)
def count_classes(utf8, offsets, counts):  # type: ignore[no-untyped-def]
    """Counts trigrams of texts in a table of `1 << CLASSES_BITS` slots."""
    codes, grams = np.empty(64, np.uint64), np.empty(64, np.uint64)
    for text in range(len(offsets) - 1):
        begin, end = offsets[text], offsets[text + 1]
        if end - begin > len(codes):
            codes, grams = np.empty(2 * (end - begin), np.uint64), np.empty(2 * (end - begin), np.uint64)
        for at in range(hash_trigrams(utf8, begin, end, codes, grams)):
            counts[grams[at] >> uint64(_BITS - CLASSES_BITS)] += 1


@njit(cache=True, nogil=True)
def prefix_length(size, threshold):  # type: ignore[no-untyped-def]
    """Returns how many of a set's rarest elements must be entered."""
    if size == 0:
        return 0
    return min(size, size - max(1, int(np.ceil(threshold * size * (1 - 1e-12) - SLACK))) + 1)


@njit(cache=True, nogil=True)
def count_entries(utf8, offsets, groups, threshold):  # type: ignore[no-untyped-def]
    """Returns how many entries texts have at most."""
    total = 0
    for text in range(len(offsets) - 1):
        characters = 0
        for at in range(offsets[text], offsets[text + 1]):
            characters += (utf8[at] & 0xC0) != 0x80
        mask, members = groups[text], 0
        while mask:
            members += mask & 1
            mask >>= 1
        total += members * prefix_length(max(min(characters, 1), characters - 2), threshold)
    return total


@njit(cache=True, nogil=True)
def make_entries(utf8, offsets, groups, numbers, threshold, classes, order, texts, bitmaps):  # type: ignore[no-untyped-def]
    """Fills in the entries of texts.

    Args:
        utf8: the texts one after another, `uint8`.
        offsets: where each text begins, and the end of the last one, `int64`.
        groups: the groups that each text is entered for, one bit for each, unsigned.
        numbers: the number of each text, `uint32`.
        threshold: least Jaccard similarity of a pair.
        classes: for each slot of `count_classes` the class of its frequency, 0 (the rarest) to 7, `uint8`.
        order, texts, bitmaps: filled with the entries; as long as `count_entries` says.

    Returns:
        How many entries there are.
    """
    codes, grams = np.empty(64, np.uint64), np.empty(64, np.uint64)
    found = 0
    for text in range(len(offsets) - 1):
        begin, end = offsets[text], offsets[text + 1]
        if end - begin > len(codes):
            codes, grams = np.empty(2 * (end - begin), np.uint64), np.empty(2 * (end - begin), np.uint64)
        count = hash_trigrams(utf8, begin, end, codes, grams)
        for at in range(count):
            gram = grams[at]
            grams[at] = gram | (uint64(classes[gram >> uint64(_BITS - CLASSES_BITS)]) << uint64(_BITS))
        size = sort_distinct(grams, count)
        bitmap = uint64(0)
        for at in range(size):
            bitmap ^= _ONE << (grams[at] & uint64(63))
        for position in range(prefix_length(size, threshold)):
            token = (grams[position] & _MASK) >> uint64(_BITS - 64 + TOKEN_SHIFT)
            mask, group = groups[text], -1
            while mask:
                group += 1
                mask >>= 1
                if (groups[text] >> group) & 1:
                    key = (token << uint64(GROUP_BITS)) | uint64(group)
                    key = (key << uint64(SIZE_BITS)) | uint64(min(size, MOST_SIZE))
                    order[found] = (key << uint64(POSITION_BITS)) | uint64(min(position, MOST_POSITION))
                    texts[found], bitmaps[found] = numbers[text], bitmap
                    found += 1
    return found


@njit(cache=True, nogil=True)
def deal(order, texts, bitmaps, bits, bounds, dealt_order, dealt_texts, dealt_bitmaps):  # type: ignore[no-untyped-def]
    """Deals entries out by the first `bits` of their `order`; `bounds` is filled with where ranges begin."""
    if bits == 0:
        bounds[0], bounds[1] = 0, len(order)
        dealt_order[:], dealt_texts[:], dealt_bitmaps[:] = order, texts, bitmaps
        return
    shift = uint64(64 - bits)
    bounds[:] = 0
    for value in order:
        bounds[(value >> shift) + _ONE] += 1
    for place in range(1, len(bounds)):
        bounds[place] += bounds[place - 1]
    free = bounds[:-1].copy()
    for at in range(len(order)):
        place = order[at] >> shift
        dealt_order[free[place]], dealt_texts[free[place]] = order[at], texts[at]
        dealt_bitmaps[free[place]] = bitmaps[at]
        free[place] += 1


@njit(cache=True, nogil=True)
def gallop(order, start, key):  # type: ignore[no-untyped-def]
    """Returns the first place from `start` on whose value is at least `key`."""
    if start >= len(order) or order[start] >= key:
        return start
    low, step = start, 1
    while low + step < len(order) and order[low + step] < key:
        low += step
        step *= 2
    high = min(low + step, len(order))
    low += 1
    while low < high:
        middle = (low + high) >> 1
        if order[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def find_keys(high, low, known_high, known_low, places):  # type: ignore[no-untyped-def]
    """Writes where each key stands among known ones, or -1; both are sorted by `high`, then `low`."""
    at = 0
    for key in range(len(high)):
        places[key] = -1
        at = gallop(known_high, at, high[key])
        other = at
        while other < len(known_high) and known_high[other] == high[key]:
            if known_low[other] == low[key]:
                places[key] = other
            other += 1


@njit(cache=True, nogil=True)
def copy_texts(utf8, starts, offsets, content):  # type: ignore[no-untyped-def]
    """Copies texts that begin at `starts` to where they stand in `content`, one after another."""
    for text in range(len(starts)):
        for at in range(offsets[text + 1] - offsets[text]):
            content[offsets[text] + at] = utf8[starts[text] + at]


@njit(cache=True, nogil=True)
def verify(utf8, offsets, first, second, threshold, similarity):  # type: ignore[no-untyped-def]
    """Computes the Jaccard similarity of pairs of texts.

    Args:
        utf8, offsets: the texts, as for `make_entries`.
        first, second: places of the texts of each pair, `int64`; pairs of one `first` stand together.
        threshold: least similarity.
        similarity: filled with that of each pair, or -1 where it is less than the threshold.
    """
    codes, grams, others = np.empty(64, np.uint64), np.empty(64, np.uint64), np.empty(64, np.uint64)
    last, size = -1, 0
    for pair in range(len(first)):
        one, other = first[pair], second[pair]
        longest = max(offsets[one + 1] - offsets[one], offsets[other + 1] - offsets[other])
        if longest > len(codes):
            codes, others = np.empty(2 * longest, np.uint64), np.empty(2 * longest, np.uint64)
            grams, last = np.empty(2 * longest, np.uint64), -1
        if one != last:
            count = hash_trigrams(utf8, offsets[one], offsets[one + 1], codes, grams)
            size, last = sort_distinct(grams, count), one
        count = hash_trigrams(utf8, offsets[other], offsets[other + 1], codes, others)
        other_size = sort_distinct(others, count)
        common = place = other_place = 0
        while place < size and other_place < other_size:
            if grams[place] == others[other_place]:
                common, place, other_place = common + 1, place + 1, other_place + 1
            elif grams[place] < others[other_place]:
                place += 1
            else:
                other_place += 1
        jaccard = common / max(1, size + other_size - common)
        similarity[pair] = jaccard if jaccard >= threshold else -1.0

"""Finds the words of Okt's dictionaries in a run of Hangul, compiled.

A word of at most eight syllables fits into two integers, so the hash table compares words exactly. Many
pieces of a run are no word, and a small bitmap that stays in the processor's cache says so for nearly all
of them.
"""

from __future__ import annotations

import numpy as np
from numba import njit

LONGEST_WORD = 8  # MAX_TRACE_BACK of the original: longer words only count for a run as a whole
FIRST_SYLLABLE = 0xAC00
_SYLLABLE_BITS, _BITMAP_BITS = np.uint64(14), 23
# Bits of a word's mask, above those of the thirteen parts of speech.
PARTS_OF_SPEECH = (1 << 13) - 1
FAMILY_NAME, GIVEN_NAME, FULL_NAME = 1 << 13, 1 << 14, 1 << 15
_PER_ONSET, _PER_VOWEL = 588, 28
_SILENT_ONSET, _VOWEL_I = 11, 20


def empty_index(n_words: int) -> tuple[np.ndarray, np.ndarray]:
    """Slots `(high, low, row + 1)` for so many words, and the bitmap; `index_words` fills both."""
    return np.zeros((1 << (2 * n_words).bit_length(), 3), np.uint64), np.zeros(
        1 << _BITMAP_BITS - 6, np.uint64
    )


@njit(cache=True, nogil=True, inline="always")
def _extended(high, low, code, length):  # type: ignore[no-untyped-def]
    """The key of a word with one more syllable than the `length` it has."""
    syllable = np.uint64(code - FIRST_SYLLABLE + 1)
    if length < 4:
        return (high << _SYLLABLE_BITS) | syllable, low
    return high, (low << _SYLLABLE_BITS) | syllable


@njit(cache=True, nogil=True, inline="always")
def _mixed(high, low):  # type: ignore[no-untyped-def]
    mixed = (high ^ (low * np.uint64(0xC2B2AE3D27D4EB4F))) * np.uint64(0x9E3779B97F4A7C15)
    return mixed ^ (mixed >> np.uint64(32))


@njit(cache=True, nogil=True)
def index_words(codes, ends, slots, bitmap):  # type: ignore[no-untyped-def]
    """Fills the index.

    Args:
        codes: the words' syllables one after another, `uint16`.
        ends: where each word ends, `int64`; at most eight syllables each.
        slots: see `empty_index`.
        bitmap: likewise.
    """
    start = 0
    for row in range(len(ends)):
        high, low = np.uint64(0), np.uint64(0)
        for position in range(start, ends[row]):
            high, low = _extended(high, low, codes[position], position - start)
        mixed = _mixed(high, low)
        bit = mixed & np.uint64((1 << _BITMAP_BITS) - 1)
        bitmap[bit >> np.uint64(6)] |= np.uint64(1) << (bit & np.uint64(63))
        slot = np.int64(mixed & np.uint64(len(slots) - 1))
        while slots[slot, 2] != 0:
            slot = (slot + 1) & (len(slots) - 1)
        slots[slot, 0], slots[slot, 1], slots[slot, 2] = high, low, np.uint64(row + 1)
        start = ends[row]


@njit(cache=True, nogil=True)
def _find(high, low, slots, bitmap):  # type: ignore[no-untyped-def]
    mixed = _mixed(high, low)
    bit = mixed & np.uint64((1 << _BITMAP_BITS) - 1)
    if (bitmap[bit >> np.uint64(6)] >> (bit & np.uint64(63))) & np.uint64(1) == 0:
        return -1
    slot = np.int64(mixed & np.uint64(len(slots) - 1))
    while slots[slot, 2] != 0:
        if slots[slot, 0] == high and slots[slot, 1] == low:
            return np.int64(slots[slot, 2]) - 1
        slot = (slot + 1) & (len(slots) - 1)
    return -1


@njit(cache=True, nogil=True)
def find_words(codes, begin, end, slots, bitmap, rows):  # type: ignore[no-untyped-def]
    """Looks up all pieces: `rows[i, n - 1]` is the row of the `n` syllables from `begin + i`, or -1."""
    for start in range(begin, end):
        high, low = np.uint64(0), np.uint64(0)
        for length in range(min(LONGEST_WORD, end - start)):
            high, low = _extended(high, low, codes[start + length], length)
            rows[start - begin, length] = _find(high, low, slots, bitmap)


@njit(cache=True, nogil=True, inline="always")
def _mask(rows, masks, start, length):  # type: ignore[no-untyped-def]
    row = rows[start, length - 1]
    return masks[row] if row >= 0 else 0


@njit(cache=True, nogil=True)
def _is_name(rows, masks, start, length):  # type: ignore[no-untyped-def]
    """KoreanSubstantive.isName: a name as a whole, or a family name and a given name of two syllables."""
    if _mask(rows, masks, start, length) & (FULL_NAME | GIVEN_NAME):
        return True
    if length != 3 and length != 4:
        return False
    family = _mask(rows, masks, start, length - 2) & FAMILY_NAME
    return family != 0 and _mask(rows, masks, start + length - 2, 2) & GIVEN_NAME != 0


@njit(cache=True, nogil=True)
def _is_number(codes, start, end, number_marks):  # type: ignore[no-untyped-def]
    """KoreanSubstantive.isKoreanNumber."""
    for position in range(start, end):
        mark = number_marks[codes[position] - FIRST_SYLLABLE]
        if mark == 0 or (mark == 2 and position < end - 1):
            return False
    return True


@njit(cache=True, nogil=True)
def _is_name_variation(codes, start, end, index, masks, codas, ending):  # type: ignore[no-untyped-def]
    """KoreanSubstantive.isKoreanNameVariation: a name whose last consonant slid over to the ending."""
    length = end - start
    if length < 3 or length > 5:
        return False
    last = codes[end - 1] - FIRST_SYLLABLE
    onset, vowel, coda = last // _PER_ONSET, last % _PER_ONSET // _PER_VOWEL, last % _PER_VOWEL
    if codas[onset] == 0 or onset == _SILENT_ONSET or vowel != _VOWEL_I or coda != 0:
        return False
    if (codes[end - 2] - FIRST_SYLLABLE) % _PER_VOWEL != 0:
        return False
    recovered = codes[start:end].copy()
    recovered[length - 1] = ending
    recovered[length - 2] += codas[onset]
    rows = np.empty((length, LONGEST_WORD), np.int32)
    find_words(recovered, 0, length, index[0], index[1], rows)
    return _is_name(rows, masks, 0, length) or _is_name(rows, masks, 0, length - 1)


@njit(cache=True, nogil=True)
def is_known_noun(codes, begin, start, length, rows, index, masks, name_rules):  # type: ignore[no-untyped-def]
    """Whether a piece that no dictionary has as a noun is one all the same: a name or a number."""
    number_marks, codas, ending = name_rules
    first = begin + start
    return (
        _is_name(rows, masks, start, length)
        or _is_number(codes, first, first + length, number_marks)
        or _is_name_variation(codes, first, first + length, index, masks, codas, ending)
    )

"""Finds the words of Okt's dictionaries in a run of Hangul, compiled.

A word of at most eight syllables fits into two integers, so the hash table compares words exactly. Many
pieces of a run are no word, and a small bitmap that stays in the processor's cache says so for nearly all
of them. Arrays are pointers here: `index` stands for the slots `(high, low, row + 1)`, how many there are
less one, and the bitmap.
"""

from __future__ import annotations

import numpy as np

from etl.tagging.native.kernel import kernel
from etl.tagging.okt.layout import (
    BITMAP_BITS,
    FAMILY_NAME,
    FIRST_SYLLABLE,
    FULL_NAME,
    GIVEN_NAME,
    LONGEST_WORD,
)

_SYLLABLE_BITS, _HALF = np.uint64(14), np.uint64(32)
_BITS, _WORD_BITS, _IN_WORD = np.uint64((1 << BITMAP_BITS) - 1), np.uint64(6), np.uint64(63)
_ONE, _NONE = np.uint64(1), np.uint64(0)
_MIX_LOW, _MIX = np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x9E3779B97F4A7C15)
_PER_ONSET, _PER_VOWEL = 588, 28
_SILENT_ONSET, _VOWEL_I = 11, 20


@kernel
def _mixed(high, low):  # type: ignore[no-untyped-def]
    mixed = (high ^ (low * _MIX_LOW)) * _MIX
    return mixed ^ (mixed >> _HALF)


@kernel
def index_words(codes, ends, n_words, slots, last, bitmap):  # type: ignore[no-untyped-def]
    """Fills the index.

    Args:
        codes: the words' syllables one after another, `uint16`.
        ends: where each word ends, `int64`, (n_words,); at most eight syllables each.
        slots: zeros, `uint64`, (last + 1, 3).
        bitmap: zeros, `uint64`.
    """
    start = np.int64(0)
    for row in range(n_words):
        high, low = _NONE, _NONE
        for at in range(start, ends[row]):
            syllable = np.uint64(codes[at] - FIRST_SYLLABLE + 1)
            if at - start < 4:
                high = (high << _SYLLABLE_BITS) | syllable
            else:
                low = (low << _SYLLABLE_BITS) | syllable
        mixed = _mixed(high, low)
        bit = mixed & _BITS
        bitmap[bit >> _WORD_BITS] |= _ONE << (bit & _IN_WORD)
        slot = np.int64(mixed) & last
        while slots[3 * slot + 2] != 0:
            slot = (slot + 1) & last
        slots[3 * slot], slots[3 * slot + 1], slots[3 * slot + 2] = high, low, np.uint64(row + 1)
        start = ends[row]


@kernel
def _find(high, low, index):  # type: ignore[no-untyped-def]
    slots, last, bitmap = index
    mixed = _mixed(high, low)
    bit = mixed & _BITS
    if (bitmap[bit >> _WORD_BITS] >> (bit & _IN_WORD)) & _ONE == 0:
        return -1
    slot = np.int64(mixed) & last
    while slots[3 * slot + 2] != 0:
        if slots[3 * slot] == high and slots[3 * slot + 1] == low:
            return np.int64(slots[3 * slot + 2]) - 1
        slot = (slot + 1) & last
    return -1


@kernel
def find_words(codes, begin, length, known, index, rows):  # type: ignore[no-untyped-def]
    """Looks up all pieces that end behind the first `known` syllables.

    `rows[8 * i + n - 1]` is the row of the `n` syllables from `begin + i`, or -1.
    """
    for start in range(max(known - LONGEST_WORD + 1, 0), length):
        high, low = _NONE, _NONE
        for at in range(start, min(start + LONGEST_WORD, length)):
            syllable = np.uint64(codes[begin + at] - FIRST_SYLLABLE + 1)
            if at - start < 4:
                high = (high << _SYLLABLE_BITS) | syllable
            else:
                low = (low << _SYLLABLE_BITS) | syllable
            if at >= known:
                rows[LONGEST_WORD * start + at - start] = _find(high, low, index)


@kernel
def _mask(rows, masks, start, length):  # type: ignore[no-untyped-def]
    row = rows[LONGEST_WORD * start + length - 1]
    return masks[row] if row >= 0 else np.int32(0)


@kernel
def _is_name(rows, masks, start, length):  # type: ignore[no-untyped-def]
    """KoreanSubstantive.isName: a name as a whole, or a family name and a given name of two syllables."""
    if _mask(rows, masks, start, length) & (FULL_NAME | GIVEN_NAME) != 0:
        return True
    if length != 3 and length != 4:
        return False
    is_family = _mask(rows, masks, start, length - 2) & FAMILY_NAME != 0
    return is_family and _mask(rows, masks, start + length - 2, np.int64(2)) & GIVEN_NAME != 0


@kernel
def _is_number(codes, start, end, number_marks):  # type: ignore[no-untyped-def]
    """KoreanSubstantive.isKoreanNumber."""
    for at in range(start, end):
        mark = number_marks[codes[at] - FIRST_SYLLABLE]
        if mark == 0 or (mark == 2 and at < end - 1):
            return False
    return True


@kernel
def _is_name_variation(codes, start, length, index, masks, codas, ending, spare):  # type: ignore[no-untyped-def]
    """KoreanSubstantive.isKoreanNameVariation: a name whose last consonant slid over to the ending."""
    if length < 3 or length > 5:
        return False
    end = start + length
    last = codes[end - 1] - FIRST_SYLLABLE
    onset = last // _PER_ONSET
    if last % _PER_ONSET != _VOWEL_I * _PER_VOWEL or codas[onset] == 0 or onset == _SILENT_ONSET:
        return False
    if (codes[end - 2] - FIRST_SYLLABLE) % _PER_VOWEL != 0:
        return False
    recovered, rows = spare
    for at in range(length - 2):
        recovered[at] = codes[start + at]
    recovered[length - 2] = codes[end - 2] + codas[onset]
    recovered[length - 1] = ending
    find_words(recovered, np.int64(0), length, np.int64(0), index, rows)
    return _is_name(rows, masks, np.int64(0), length) or _is_name(rows, masks, np.int64(0), length - 1)


@kernel
def is_known_noun(codes, begin, start, length, rows, index, masks, rules, spare):  # type: ignore[no-untyped-def]
    """Whether a piece that no dictionary has as a noun is one all the same: a name or a number."""
    number_marks, codas, ending = rules
    first = begin + start
    return (
        _is_name(rows, masks, start, length)
        or _is_number(codes, first, first + length, number_marks)
        or _is_name_variation(codes, first, length, index, masks, codas, ending[0], spare)
    )

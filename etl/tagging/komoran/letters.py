"""Syllables as letters, as Komoran takes them apart and puts them together; compiled."""

from __future__ import annotations

import numpy as np

from etl.tagging.komoran.layout import FIRST_LETTER
from etl.tagging.native.kernel import kernel

SPACE = 0x20
_FIRST_SYLLABLE, _LAST_SYLLABLE, _PER_ONSET, _PER_VOWEL = 0xAC00, 0xD7A3, 588, 28
_FIRST_VOWEL, _LAST_VOWEL = 0x314F, 0x3163
_HIGH, _LOW = 0xD800, 0xDC00  # the first halves of characters beyond U+FFFF in UTF-16
_FIRST_BYTES = np.array([0, 0xC0, 0xE0, 0xF0], np.int64)
# The letters of the consonants that begin a syllable, and of those that end one, in their order.
ONSETS = np.array([1, 2, 4, 7, 8, 9, 17, 18, 19, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30], np.uint16) + 0x3130
CODAS = np.array([*range(1, 8), *range(9, 19), *range(20, 25), *range(26, 31)], np.uint16) + 0x3130
_ONSET_OF, _CODA_OF = np.full(30, -1, np.int64), np.full(30, 0, np.int64)
_ONSET_OF[ONSETS - FIRST_LETTER] = np.arange(len(ONSETS))
_CODA_OF[CODAS - FIRST_LETTER] = np.arange(1, len(CODAS) + 1)


@kernel
def encode(code, out, at):  # type: ignore[no-untyped-def]
    """Writes a character as UTF-8; returns where the next one goes."""
    if code < 0x80:
        out[at] = code
        return at + 1
    n_more = 1 if code < 0x800 else 2 if code <= 0xFFFF else 3
    out[at] = _FIRST_BYTES[n_more] | code >> 6 * n_more
    for place in range(1, n_more + 1):
        out[at + place] = 0x80 | code >> 6 * (n_more - place) & 0x3F
    return at + n_more + 1


@kernel
def put_letters(code, letters, count):  # type: ignore[no-untyped-def]
    """Writes the letters of a character, KoreanUnitParser.parse; returns how many there are then."""
    if _FIRST_SYLLABLE <= code <= _LAST_SYLLABLE:
        onset, rest = divmod(code - _FIRST_SYLLABLE, _PER_ONSET)
        vowel, coda = divmod(rest, _PER_VOWEL)
        letters[count], letters[count + 1] = ONSETS[onset], _FIRST_VOWEL + vowel
        count += 2
        if coda > 0:
            letters[count] = CODAS[coda - 1]
            count += 1
    else:
        letters[count] = code
        count += 1
    return count


@kernel
def has_coda(code):  # type: ignore[no-untyped-def]
    """Whether a letter may end a syllable, Lattice.hasJongsung."""
    letter = np.int64(code) - FIRST_LETTER
    return 0 <= letter < 30 and _CODA_OF[letter] > 0


@kernel
def _is_vowel(codes, at, end):  # type: ignore[no-untyped-def]
    return at < end and _FIRST_VOWEL <= codes[at] <= _LAST_VOWEL


@kernel
def write(codes, begin, end, out, at):  # type: ignore[no-untyped-def]
    """Writes letters put together to syllables, KoreanUnitParser.combine; returns where the next one goes."""
    place = begin
    while place < end:
        code = np.int64(codes[place])
        place += 1
        letter = code - FIRST_LETTER
        if 0 <= letter < 30 and _ONSET_OF[letter] >= 0 and _is_vowel(codes, place, end):
            code = _FIRST_SYLLABLE + _ONSET_OF[letter] * _PER_ONSET
            code += (np.int64(codes[place]) - _FIRST_VOWEL) * _PER_VOWEL
            place += 1
            coda = np.int64(codes[place]) - FIRST_LETTER if place < end else -1
            if 0 <= coda < 30 and _CODA_OF[coda] > 0 and not _is_vowel(codes, place + 1, end):
                code += _CODA_OF[coda]
                place += 1
        elif _HIGH <= code < _LOW and place < end:  # half of a character, in the dictionary alone
            code = 0x10000 + (code - _HIGH << 10) + np.int64(codes[place]) - _LOW
            place += 1
        at = encode(code, out, at)
    return at


def taken_apart(text: str) -> list[int]:
    """The letters of a few words."""
    units = np.frombuffer(text.encode("utf-16-le"), np.uint16)
    found, count = np.empty(3 * len(units), np.uint16), 0
    for unit in units:
        count = put_letters.py_func(int(unit), found, count)
    return [int(code) for code in found[:count]]

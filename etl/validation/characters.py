"""Classifies the characters of sentences: Korean and other letters, white space, invisible, damaged.

Looks at one table entry a character, for all rows at once; only rows with characters that a damaged Korean
text has, and a sound one hardly ever, are decoded again to see whether they become Korean.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

# One bit for each property of a character.
LETTER, HANGUL, SPACE, UNSEEN, FILLER, CONTROL, REPLACEMENT, VISIBLE, SUSPECT = (1 << bit for bit in range(9))

_HANGUL = (
    (0x1100, 0x11FF),
    (0x3131, 0x318E),
    (0xA960, 0xA97F),
    (0xAC00, 0xD7A3),
    (0xD7B0, 0xD7FF),
    (0xFFA1, 0xFFDC),
)
# Nothing to see, and no white space to most programs: soft hyphen, combining grapheme joiner, Hangul fillers,
# zero-width space and joiners, word joiner, blank Braille cell, byte order mark.
_FILLERS = (
    0xAD,
    0x34F,
    0x115F,
    0x1160,
    0x17B4,
    0x17B5,
    0x180E,
    0x200B,
    0x2060,
    0x2800,
    0x3164,
    0xFEFF,
    0xFFA0,
)
# Invisible alone, and part of an emoji or of a script elsewhere: joiners, marks of direction, variation
# selectors, tags. With the fillers and controls they are what ingest's cleaner takes for nothing.
_JOINERS_AND_SELECTORS = (
    (0x61C, 0x61C),
    (0x180B, 0x180D),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0xFE00, 0xFE0F),
    (0xFFF9, 0xFFFB),
    (0xE0000, 0xE01EF),
)
_LATIN_1 = (0xA1, 0xFF)
_HANJA = ((0x4E00, 0x9FFF), (0xF900, 0xFAFF))
_PLANES_OF_MANY_KINDS = 0x20000
_PLANES_OF_HANJA = (0x20000, 0x40000)
_LINE_BREAKS_AND_TABS = (0x09, 0x0A, 0x0B, 0x0C, 0x0D)

# What each Hangul syllable's three UTF-8 bytes are in Latin-1 or Windows-1252: the first of four, then two
# continuation bytes, whose Windows-1252 forms lie elsewhere in Unicode.
_CONTINUATION = "\u0080-\u00bf" + "".join(
    bytes([byte]).decode("cp1252") for byte in range(0x80, 0xA0) if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
)
_UTF8_AS_LATIN = re.compile(f"[\u00ea-\u00ed][{_CONTINUATION}]{{2}}")
# A KS X 1001 syllable is two bytes, B0 to C8 and A1 to FE. Two of them in a row, accented letters among them:
# "····" and "°°°°" are only dots.
_CP949_AS_LATIN = re.compile("(?:[\u00b0-\u00c8][\u00a1-\u00fe]){2,}")
_ACCENTED = re.compile("[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00fe]")
_NOT_ASCII = re.compile("[^\x00-\x7f]{3,}")
_SYLLABLE = re.compile(f"[{chr(0xAC00)}-{chr(0xD7A3)}]")
_HANJA_CHARACTER = re.compile("[\u4e00-\u9fff\uf900-\ufaff]")
_STRANGE_CHARACTERS = 3


def kinds(text: pl.Series) -> tuple[NDArray[np.uint16], NDArray[np.int64], NDArray[np.int64]]:
    """Classifies the characters of each text.

    Args:
        text: strings; a null counts as empty.

    Returns:
        For each row the bits that any of its characters has (0 for an empty text), the number of its letters,
        and of its Hangul letters.
    """
    codes = np.frombuffer("".join(text.fill_null("")).encode("utf-32-le"), np.uint32)
    lengths = text.str.len_chars().fill_null(0).to_numpy().astype(np.int64)
    bits = np.zeros(len(lengths), np.uint16)
    letters, hangul = np.zeros(len(lengths), np.int64), np.zeros(len(lengths), np.int64)
    filled = np.flatnonzero(lengths)
    if len(filled):
        starts = (np.cumsum(lengths) - lengths)[filled]
        of_character = _table()[codes]
        bits[filled] = np.bitwise_or.reduceat(of_character, starts)
        letters[filled] = np.add.reduceat(of_character & LETTER, starts, dtype=np.int64)
        hangul[filled] = np.add.reduceat(of_character & HANGUL, starts, dtype=np.int64) // HANGUL
    return bits, letters, hangul


def is_garbled(sentence: str) -> bool:
    """Whether Korean was read in another encoding than it was written in.

    Finds UTF-8 read as Latin-1, Windows-1252 or cp949, and cp949 read as Latin-1. What no decoder could
    read is U+FFFD and counted apart.
    """
    if _UTF8_AS_LATIN.search(sentence):
        return True
    if any(len(_ACCENTED.findall(run)) > 1 for run in _CP949_AS_LATIN.findall(sentence)):
        return True
    return any(_is_utf8_as_cp949(run) for run in _NOT_ASCII.findall(sentence)) or _has_rare_syllables(
        sentence
    )


def _is_utf8_as_cp949(run: str) -> bool:
    try:
        return len(_SYLLABLE.findall(run.encode("cp949").decode("utf-8"))) > 1
    except UnicodeError:
        return False


def _has_rare_syllables(sentence: str) -> bool:
    """Whether a quarter of the syllables, several of them different, are Hanja or outside KS X 1001.

    UTF-8 read as cp949 is full of both; where a byte had no partner and became a question mark, decoding
    again fails. Real sentences rarely have more than one that is outside KS X 1001, perhaps repeated.
    """
    syllables = _SYLLABLE.findall(sentence)
    rare = [syllable for syllable in syllables if not _is_in_ks_x_1001(syllable)]
    if not rare:
        return False
    hanja = _HANJA_CHARACTER.findall(sentence)
    strange = [*rare, *hanja]
    return len(set(strange)) >= _STRANGE_CHARACTERS and 4 * len(strange) >= len(syllables) + len(hanja)


def _is_in_ks_x_1001(syllable: str) -> bool:
    try:
        return bool(syllable.encode("euc_kr"))
    except UnicodeError:
        return False


@cache
def _table() -> NDArray[np.uint16]:
    """The bits of every character, by code point."""
    table = np.zeros(0x110000, np.uint16)
    categories = np.array([unicodedata.category(chr(code)) for code in range(_PLANES_OF_MANY_KINDS)])
    is_letter = np.isin(categories, ("Lu", "Ll", "Lt", "Lm", "Lo"))
    table[: len(categories)] = np.where(is_letter, LETTER, 0) | np.where(categories == "Cc", CONTROL, 0)
    table[slice(*_PLANES_OF_HANJA)] |= LETTER
    table[[*_LINE_BREAKS_AND_TABS]] &= ~np.uint16(CONTROL)
    table[[code for code in range(0x3001) if chr(code).isspace()]] |= SPACE
    table[: len(categories)] |= np.where(categories == "Cc", UNSEEN, 0).astype(np.uint16)
    table[table & SPACE > 0] &= ~np.uint16(UNSEEN)
    for first, last in _JOINERS_AND_SELECTORS:
        table[first : last + 1] |= UNSEEN
    for first, last in _HANGUL:
        table[first : last + 1] |= np.where(table[first : last + 1] & LETTER, HANGUL, 0).astype(np.uint16)
    table[[*_FILLERS]] = FILLER | UNSEEN
    table[0xFFFD] |= REPLACEMENT
    table[table & (SPACE | UNSEEN) == 0] |= VISIBLE
    for first, last in (_LATIN_1, *_HANJA):
        table[first : last + 1] |= SUSPECT
    rare = [code for code in range(0xAC00, 0xD7A4) if not _is_in_ks_x_1001(chr(code))]
    table[rare] |= SUSPECT
    return table

"""Repairs mojibake: UTF-8 or cp949 that was taken for another encoding, as exports of Facebook have it."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress

# The first byte of a character in UTF-8 and one that follows, in Latin-1 or Windows-1252.
_SUSPICIOUS = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
)
# Two syllables in cp949 that were taken for Latin-1.
_KOREAN_AS_LATIN = re.compile("(?:[\u00b0-\u00c8][\u00a1-\u00fe]){2}")


def repair_mojibake(text: str) -> str:
    """Returns the text with its encoding repaired; one without mojibake as it is."""
    if _KOREAN_AS_LATIN.search(text) and (korean := _as_korean(text)):
        return korean
    if not _SUSPICIOUS.search(text):
        return text
    from ftfy import fix_encoding

    return fix_encoding(text)


def _as_korean(text: str) -> str | None:
    """The text with its bytes taken for cp949, if that makes Korean of all of them and they are no UTF-8."""
    try:
        content = text.encode("latin-1")
    except UnicodeEncodeError:
        return None
    with suppress(UnicodeDecodeError):
        content.decode("utf-8")
        return None
    with suppress(UnicodeDecodeError):
        korean = content.decode("cp949")
        return korean if all(map(_is_korean, korean)) else None
    return None


def _is_korean(character: str) -> bool:
    """Whether a character is a Korean letter, ASCII, or a mark that stands between letters."""
    is_mark = unicodedata.category(character)[0] in "PZ"
    return character.isascii() or is_mark or unicodedata.name(character, "").startswith("HANGUL")

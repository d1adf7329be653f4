"""Repairs mojibake: UTF-8 that was taken for another encoding, as in exports of Facebook and Instagram."""

from __future__ import annotations

import re

# The first byte of a character in UTF-8 and one that follows, in Latin-1 or Windows-1252.
_SUSPICIOUS = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
)


def repair_mojibake(text: str) -> str:
    """Returns the text with its encoding repaired; one without mojibake as it is."""
    if not _SUSPICIOUS.search(text):
        return text
    from ftfy import fix_encoding

    return fix_encoding(text)

"""Which Korean particle fits a word: 은 or 는, 이 or 가, 을 or 를, 과 or 와, 으로 or 로, by its last sound.

Most words here are file names, numbers and English words. tossi (0.3.1), the library for this, answers
은(는) to those.
"""

from __future__ import annotations

import re

_FIRST_SYLLABLE, _CODAS, _RIEUL = 0xAC00, 28, 8
# What is written after a word and not read: quotes, closing brackets, and what stands in round ones.
_UNREAD = re.compile(r"(?:\([^()]*\)|[\s\"'`’”»\])}>.,:;!?…*_/-])+$")
_TAKES_RIEUL = "으로"
# 0 영 (or 십, 백, 천, 만), 1 일, 3 삼, 6 육, 7 칠, 8 팔 end in a consonant.
_DIGITS = {"0": "n", "1": "l", "3": "n", "6": "n", "7": "l", "8": "l"}
# The names of letters: 엘, 엠, 엔, 알.
_LETTERS = {"l": "l", "m": "n", "n": "n", "r": "l"}
# How an English word is written in Korean: label 라벨, file 파일; train 트레인, pack 팩, web 웹, step 스텝.
_ENDINGS = (("l", re.compile(r"(?:l|le)$")), ("n", re.compile(r"(?:[mn]e?|ng|ck|[bp])$")))
_WORD = re.compile(r"[A-Za-z]+$")
# Of a word, in characters: its end decides, and to look for where the end begins takes the square of this.
_LOOKED_AT = 100


def fitting(word: str, pair: str) -> str:
    """Returns the one of two particles that fits a word.

    Args:
        word: what stands before the particle.
        pair: the particle after a consonant and after a vowel: `은/는`.
    """
    after_consonant, after_vowel = pair.split("/")
    sound = _last_sound(_UNREAD.sub("", word[-_LOOKED_AT:]))
    if sound == "l" and after_consonant.startswith(_TAKES_RIEUL):
        return after_vowel
    return after_consonant if sound else after_vowel


def _last_sound(word: str) -> str:
    """`l` for ㄹ, `n` for any other consonant, nothing for a vowel or where nobody can tell."""
    last = word[-1:]
    if "\uac00" <= last <= "\ud7a3":
        coda = (ord(last) - _FIRST_SYLLABLE) % _CODAS
        return "l" if coda == _RIEUL else "n" if coda else ""
    if last.isdigit():
        return _DIGITS.get(last, "")
    found = _WORD.search(word)
    if not found:
        return ""
    # One or two letters, capitals and what hardly is a word (csv) are read letter by letter.
    if len(found[0]) < 3 or found[0].isupper() or not re.search("[aeiouy]", found[0].lower()):
        return _LETTERS.get(last.lower(), "")
    return next((sound for sound, ending in _ENDINGS if ending.search(found[0].lower())), "")

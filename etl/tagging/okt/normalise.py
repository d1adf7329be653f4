"""Okt's normaliser for colloquial Korean (`norm=True`), eojeol by eojeol.

What open-korean-text's KoreanNormalizer does to a run of Hangul and jamo, in its order: emotion that is
attached to a syllable is detached (그랰ㅋㅋ), repeats are cut, a swallowed copula is put back (소린가), typos
are corrected. Few eojeols need any of it, so those are found first.
"""

from __future__ import annotations

import re
from functools import cached_property

import numpy as np
import polars as pl

from etl.schema import resources
from etl.tagging.lists import replaced
from etl.tagging.okt.tables import (
    ADJECTIVE,
    ADVERB,
    CODA_OF_ONSET,
    CONJUNCTION,
    EOMI,
    NOUN,
    VERB,
    Tables,
)
from etl.tagging.okt.words import words_of

_FIRST, _LAST, _FIRST_VOWEL = 0xAC00, 0xD7A3, 0x314F
_PER_ONSET, _PER_VOWEL = 588, 28
CODA_N, CODAS_OF_LAUGHTER = 4, (24, 27)  # ㄴ; ㅋ and ㅎ


class Normaliser:
    """Normalises eojeols with the dictionaries of the tables."""

    def __init__(self, tables: Tables):
        self._tables = tables
        rules = resources.load("schemas", "okt.yaml")["normalise"]
        self._run, self._emotion, self._repeated, self._repeated_pair = (
            re.compile(rules[name]) for name in ("run", "emotion", "repeated", "repeated_pair")
        )
        self._hangul = re.compile(f"[{chr(_FIRST)}-{chr(_LAST)}]+")
        self._exceptions, self._endings = rules["coda_n_exceptions"], rules["coda_n_endings"]
        self._inserted = rules["coda_n_inserted"]
        self._typos_by_length: dict[int, dict[str, str]] = {}
        for typo, meant in tables.typos:
            self._typos_by_length.setdefault(len(typo), {})[typo] = meant
        with_coda_n = "".join(
            chr(_FIRST + number) for number in range(CODA_N, _LAST - _FIRST + 1, _PER_VOWEL)
        )
        self._detachable = rules["detachable"]
        self._coda_n = f"[{with_coda_n}][{self._endings}]"

    def __call__(self, eojeols: pl.Series) -> pl.Series:
        """The eojeols, normalised, in order."""
        may_change = (
            eojeols.str.contains(self._detachable)
            | eojeols.str.contains(self._coda_n)
            | eojeols.str.contains_any(pl.Series([typo for typo, _ in self._tables.typos]).implode())
            | _has_repeats(eojeols)
        )
        changed = [self._run.sub(self._normalised, eojeol) for eojeol in eojeols.filter(may_change)]
        return replaced(eojeols, may_change.arg_true(), pl.Series(changed, dtype=pl.String))

    @cached_property
    def _words(self) -> dict[int, frozenset[str]]:
        words = self._tables.words
        return {
            pos: frozenset(words.filter((words["mask"] & (1 << pos)) != 0)["word"])
            for pos in (NOUN, ADVERB, CONJUNCTION, EOMI)
        }

    def _normalised(self, run: re.Match[str]) -> str:
        text = self._emotion.sub(self._detach, run[0])
        text = self._repeated.sub(lambda repeat: repeat[0][:3], text)
        text = self._repeated_pair.sub(lambda repeat: repeat[0][:4], text)
        return self._correct(self._with_copula(text))

    def _detach(self, match: re.Match[str]) -> str:
        word, emotion = match.groups()
        endings = self._words[EOMI]
        if word in self._words[NOUN] or word[-1:] in endings or word[-2:] in endings:
            return match[0]
        onset, vowel, coda = _decomposed(word[-1])
        if coda in CODAS_OF_LAUGHTER:
            return word[:-1] + chr(ord(word[-1]) - coda) + emotion
        # 머구뮤ㅠㅠ: the last consonant belongs to the syllable before, the vowel to the tears.
        is_open = len(word) > 1 and _decomposed(word[-2])[2] == 0
        if coda == 0 and is_open and _FIRST_VOWEL + vowel == ord(emotion[0]) and CODA_OF_ONSET[onset]:
            return word[:-2] + chr(ord(word[-2]) + CODA_OF_ONSET[onset]) + emotion
        return match[0]

    def _with_copula(self, text: str) -> str:
        if len(text) < 2 or text[-1] not in self._endings:
            return text
        before = text[-2]
        if (
            not _FIRST <= ord(before) <= _LAST
            or _decomposed(before)[2] != CODA_N
            or before in self._exceptions
        ):
            return text
        if (
            any(text in self._words[pos] for pos in (NOUN, CONJUNCTION, ADVERB))
            or text[-2:] in self._words[NOUN]
        ):
            return text
        head = text[:-2] + chr(ord(before) - CODA_N)
        if head not in self._words[NOUN] or self._begins_with_predicate(text):
            return text
        return f"{head}{self._inserted}{text[-1]}"

    def _begins_with_predicate(self, text: str) -> bool:
        hangul = self._hangul.match(text)
        if not hangul:
            return False
        tokens, _ = words_of(pl.Series([hangul[0]]), self._tables)
        return int(tokens[0, 2]) in (VERB, ADJECTIVE)

    def _correct(self, text: str) -> str:
        for length, typos in self._typos_by_length.items():
            for piece in [text[at : at + length] for at in range(len(text) - length + 1)]:
                if piece in typos:
                    text = text.replace(piece, typos[piece])
        return text


def _decomposed(syllable: str) -> tuple[int, int, int]:
    number = ord(syllable) - _FIRST
    return number // _PER_ONSET, number % _PER_ONSET // _PER_VOWEL, number % _PER_VOWEL


def _has_repeats(eojeols: pl.Series) -> pl.Series:
    """Which may hold one character four times in a row, or two three times: a superset, found fast."""
    codes = np.frombuffer(eojeols.str.join("\n").item().encode("utf-16-le", "surrogatepass"), np.uint16)
    if len(codes) < 4:
        return pl.repeat(False, len(eojeols), dtype=pl.Boolean, eager=True)
    # In both kinds of repeat each of four characters equals the one two places before it.
    is_like_before = codes[2:] == codes[:-2]
    starts = np.flatnonzero(is_like_before[:-1] & is_like_before[1:])
    eojeol_of = np.cumsum(codes == ord("\n"))
    flags = np.zeros(len(eojeols), np.bool_)
    flags[eojeol_of[starts]] = True
    return pl.Series(flags)

"""What the library `tokenizers` takes each code point for: it is asked about all of them at once, and once.

Its tables of Unicode are older or newer than those of Python and of a browser, and it has no function that
shows them. `etl.models.export.pack.word_pieces` says what the results mean.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tokenizers.normalizers import Normalizer

_SURROGATES, _SYLLABLES = range(0xD800, 0xE000), range(0xAC00, 0xD7A4)
# Marks of the lowest combining class, and of a high one.
_LOW, _HIGH = "\u0334", "\u0315"
_LETTER = "x"


def pack_normalizer(settings: dict[str, Any]) -> dict[str, Any]:
    """Returns what a BertNormalizer does with each character.

    Args:
        settings: its part of tokenizer.json.
    """
    has_accents = settings["strip_accents"]
    is_stripped = settings["lowercase"] if has_accents is None else has_accents
    cleaned = _changed("clean_text", between=_LETTER) if settings["clean_text"] else {}
    padded = _changed("handle_chinese_chars") if settings["handle_chinese_chars"] else {}
    return {
        "removed": _ranges(own for own, found in cleaned.items() if not found),
        "spaces": _ranges(own for own, found in cleaned.items() if found),
        "padded": _ranges(padded),
        **(_accents() if is_stripped else {"decomposed": None, "classes": [], "marks": []}),
        "lowered": _changed("lowercase") if settings["lowercase"] else None,
    }


@cache
def pack_cutter() -> dict[str, Any]:
    """Returns where a BertPreTokenizer cuts words."""
    from tokenizers.pre_tokenizers import BertPreTokenizer

    every = _LETTER.join(_characters())
    words: list[tuple[str, tuple[int, int]]] = BertPreTokenizer().pre_tokenize_str(every)
    # Each character has a letter at both sides: punctuation stands alone, between two words there is a blank.
    ends = [end for _, (_, end) in words[:-1]]
    starts = [start for _, (start, _) in words[1:]]
    return {
        "blanks": _ranges("".join(map(every.__getitem__, map(slice, ends, starts)))),
        "punctuation": _ranges(word for word, _ in words if len(word) == 1 and word != _LETTER),
    }


@cache
def _characters() -> str:
    return "".join(chr(number) for number in range(sys.maxunicode + 1) if number not in _SURROGATES)


def _only(step: str) -> Normalizer:
    """A BertNormalizer that does one thing."""
    from tokenizers.normalizers import BertNormalizer

    steps = ("clean_text", "handle_chinese_chars", "strip_accents", "lowercase")
    return BertNormalizer(**{name: name == step for name in steps})


def _ask(normalizer: Normalizer, questions: Iterable[str], between: str = "\n") -> list[str]:
    """Returns what becomes of each of some texts, which do not hold what stands between them."""
    asked = between + between.join(questions) + between
    answers: list[str] = normalizer.normalize_str(asked).split(between)[1:-1]
    return answers


@cache
def _changed(step: str, between: str = "\n") -> dict[str, str]:
    """What becomes of each character that a step changes."""
    every = _characters().replace(between, "")
    answers = _ask(_only(step), every, between)
    return {own: found for own, found in zip(every, answers, strict=True) if own != found}


@cache
def _accents() -> dict[str, Any]:
    from tokenizers.normalizers import NFD

    every = _characters().replace("\n", "")
    whole = dict(zip(every, _ask(NFD(), every), strict=True))
    stripped = dict(zip(every, _ask(_only("strip_accents"), every), strict=True))
    return {
        "decomposed": {
            own: found for own, found in whole.items() if own != found and ord(own) not in _SYLLABLES
        },
        "classes": _classes([own for own, found in whole.items() if own == found]),
        "marks": _ranges(own for own, found in stripped.items() if not found and whole[own] == own),
    }


def _classes(candidates: Sequence[str]) -> list[list[int]]:
    """The combining class of each character that has one: it changes places with marks of other classes."""
    from tokenizers.normalizers import NFD

    normalizer = NFD()
    is_above = _ask(normalizer, (own + _LOW for own in candidates))
    is_below = _ask(normalizer, (_HIGH + own for own in candidates))
    moving = [
        own
        for own, first, second in zip(candidates, is_above, is_below, strict=True)
        if first != own + _LOW or second != _HIGH + own
    ]
    marks: dict[int, str] = {}
    for own in moving:
        if number := unicodedata.combining(own):
            marks.setdefault(number, own)
    classes = dict.fromkeys(moving, 0)
    for number, mark in sorted(marks.items()):
        for own, found in zip(moving, _ask(normalizer, (mark + own for own in moving)), strict=True):
            if found == mark + own:  # the mark is not of a higher class
                classes[own] = number
    spans = (
        [*span, number]
        for number in marks
        for span in _ranges(own for own in moving if classes[own] == number)
    )
    return sorted(spans)


def _ranges(characters: Iterable[str]) -> list[list[int]]:
    """Sorted characters as ranges of code points, `[first, last]`."""
    ranges: list[list[int]] = []
    for number in map(ord, characters):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges

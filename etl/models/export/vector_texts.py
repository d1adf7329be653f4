"""The texts of the conformance vectors: made-up sentences, words of the model, and what is odd in texts.

`schemas/sample/phrases.yaml` and `schemas/vectors.yaml` hold the words; `etl.models.export.vectors` says what
a model makes of the texts. The same settings and words give the same texts.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from random import Random
from typing import Any

from etl.sample.phrases import deal_sentences
from etl.schema import resources
from etl.settings import Clean

SEED = 11
SENTENCES, OF_WORDS, MIXED, SPELLED = 420, 240, 120, 20
_MOST_WORDS, _MOST_PIECES = 12, 3
# A longer text costs more than it proves: of limits above it no text is made.
_MOST_CHARS = 20_000
# Hangul syllables: initial by initial, in each vowel by vowel, in each final by final.
_FIRST_SYLLABLE, _LAST_SYLLABLE, _VOWELS, _FINALS = 0xAC00, 0xD7A3, 21, 28
# Full-width forms stand in the order of ASCII, but for the space.
_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}

Spell = Callable[[str, Random], str]


def make_texts(clean: Clean, words: Sequence[str]) -> list[str]:
    """Returns some 2,000 distinct texts, the empty one among them.

    Args:
        clean: its limits of length have texts at, below and above them.
        words: that the model knows.
    """
    rng = Random(SEED)  # noqa: S311 - made-up sentences are no secret
    known: dict[str, Any] = resources.load("schemas", "vectors.yaml")
    carriers: list[str] = known["carriers"]
    pieces: list[str] = [piece for group in known["pieces"].values() for piece in group]
    sentences = _deal(rng, SENTENCES)
    made = chain(
        known["texts"],
        sentences,
        _join_words(words, rng),
        chain.from_iterable(_place(piece, carriers, rng) for piece in pieces),
        _mix(pieces, carriers, rng),
        (spell(carrier, rng) for spell in SPELLINGS for carrier in rng.sample(carriers, SPELLED)),
        _reach_limits(clean, sentences),
    )
    return list(dict.fromkeys(made))


def _deal(rng: Random, count: int) -> list[str]:
    """Returns made-up sentences, of each emotion as many."""
    by_emotion = deal_sentences(rng).values()
    rounds = zip(*by_emotion, strict=False)
    return [sentence.text for sentence in islice(chain.from_iterable(rounds), count)]


def _join_words(words: Sequence[str], rng: Random) -> Iterator[str]:
    """Yields texts of words that the model knows: in the other texts a small model may know none."""
    for number in range(OF_WORDS if words else 0):
        yield " ".join(rng.choice(words) for _ in range(1 + number % _MOST_WORDS))


def _place(piece: str, carriers: Sequence[str], rng: Random) -> Iterator[str]:
    """Yields a piece alone, as a word of a sentence, and glued to one of its words."""
    yield piece
    yield _put(piece, rng.choice(carriers), rng)
    words = rng.choice(carriers).split(" ")
    at = rng.randrange(len(words))
    words[at] = rng.choice([f"{words[at]}{piece}", f"{piece}{words[at]}"])
    yield " ".join(words)


def _put(piece: str, sentence: str, rng: Random) -> str:
    words = sentence.split(" ")
    words.insert(rng.randint(0, len(words)), piece)
    return " ".join(words)


def _mix(pieces: Sequence[str], carriers: Sequence[str], rng: Random) -> Iterator[str]:
    """Yields sentences with several pieces."""
    for _ in range(MIXED):
        text = rng.choice(carriers)
        for piece in rng.sample(pieces, rng.randint(2, _MOST_PIECES)):
            text = _put(piece, text, rng)
        yield text


def _reach_limits(clean: Clean, sentences: Sequence[str]) -> Iterator[str]:
    """Yields long texts: more tokens than a model reads, and what is just not, or just, too long."""
    for limit in (clean.max_chars, clean.max_raw_chars):
        for chars in (limit // 5, limit // 2, limit - 1, limit, limit + 1, 2 * limit):
            if 0 < chars <= _MOST_CHARS:
                yield _cut(sentences, chars)
                yield "a" * chars  # a run, which cleaning shortens


def _cut(sentences: Sequence[str], chars: int) -> str:
    """Returns a text of exactly so many characters that cleaning leaves as it is."""
    text = " ".join(sentences)
    text = (text * (chars // len(text) + 1))[:chars]
    return text if text[-1] != " " else f"{text[:-1]}."


def _decompose(text: str, rng: Random) -> str:  # noqa: ARG001
    return unicodedata.normalize("NFD", text)


def _decompose_a_word(text: str, rng: Random) -> str:
    words = text.split(" ")
    at = rng.randrange(len(words))
    words[at] = unicodedata.normalize("NFD", words[at])
    return " ".join(words)


def _widen(text: str, rng: Random) -> str:
    return f"{text} OK {rng.randrange(1000)}%!?".translate(_WIDE)


def _glue(text: str, rng: Random) -> str:  # noqa: ARG001
    return text.replace(" ", "")


def _spread(text: str, rng: Random) -> str:  # noqa: ARG001
    return " ".join(text.replace(" ", ""))


def _stretch(text: str, rng: Random) -> str:
    at = _choose_syllable(text, rng)
    return text[:at] + text[at] * rng.randint(2, 9) + text[at + 1 :]


def _repeat(text: str, rng: Random) -> str:
    return " ".join([text] * rng.randint(2, 5))


def _swap(text: str, rng: Random) -> str:
    at = rng.randrange(len(text) - 1)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _drop(text: str, rng: Random) -> str:
    at = rng.randrange(len(text))
    return text[:at] + text[at + 1 :]


def _change_final(text: str, rng: Random) -> str:
    return _change(text, rng, lambda code: code - code % _FINALS + rng.randrange(_FINALS))


def _change_vowel(text: str, rng: Random) -> str:
    step = _VOWELS * _FINALS
    return _change(
        text, rng, lambda code: code - code % step + rng.randrange(_VOWELS) * _FINALS + code % _FINALS
    )


def _change(text: str, rng: Random, change: Callable[[int], int]) -> str:
    """Replaces a syllable by another one."""
    at = _choose_syllable(text, rng)
    code = ord(text[at]) - _FIRST_SYLLABLE
    return text[:at] + chr(_FIRST_SYLLABLE + change(code)) + text[at + 1 :]


def _choose_syllable(text: str, rng: Random) -> int:
    syllables = [
        at for at, character in enumerate(text) if _FIRST_SYLLABLE <= ord(character) <= _LAST_SYLLABLE
    ]
    return rng.choice(syllables)


def _mark_up(text: str, rng: Random) -> str:
    words = text.split(" ")
    at = rng.randrange(len(words))
    words[at] = f'<b class="x">{words[at]}</b>&nbsp;'
    return "<br>".join(words)


def _escape(text: str, rng: Random) -> str:
    escaped = f"<p>{text}</p>"
    for _ in range(rng.randint(1, 3)):
        escaped = html.escape(escaped)
    return escaped


def _number(text: str, rng: Random) -> str:
    spelled = rng.choice(["&#{};", "&#x{:x};", "&#X{:X};"])
    return "".join(spelled.format(ord(character)) for character in text)


def _hide(text: str, rng: Random) -> str:
    return rng.choice(["\u200b", "\u00ad", "\u2060", "\ufeff"]).join(text)


def _break_lines(text: str, rng: Random) -> str:
    return text.replace(" ", rng.choice(["\n", "\r\n", "\t", "\u3000", "\u2028"]))


def _close(text: str, rng: Random) -> str:
    return text + "".join(rng.choice(".!?~,;") for _ in range(rng.randint(1, 6)))


SPELLINGS: tuple[Spell, ...] = (
    *(_decompose, _decompose_a_word, _widen, _glue, _spread, _stretch, _repeat, _swap, _drop, _change_final),
    *(_change_vowel, _mark_up, _escape, _number, _hide, _break_lines, _close),
)

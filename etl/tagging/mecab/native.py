"""mecab-ko as a native tagger, for `etl.tagging.native`."""

from __future__ import annotations

import random
from pathlib import Path

from etl.runtime.scratch import temporary_folder
from etl.schema import resources
from etl.settings import Tag
from etl.tagging.mecab import tables
from etl.tagging.mecab.exact import ExactMecab
from etl.tagging.mecab.own_words import compile_words
from etl.tagging.native import known
from etl.tagging.native.native import Native, TagTexts, Words

_TEXTS, _SAME_BETWEEN = 3000, 0.5


def _is_known() -> bool:
    return known.is_known(resources.load("schemas", "mecab.yaml")["known"], tables.dictionary_folder)


def _load(folder: Path, words: Words) -> tables.Tables:
    if not words:
        return tables.load(folder)
    with temporary_folder("mecab") as scratch:
        return tables.load(folder, compile_words(words, scratch))


def _tagger(found: tables.Tables, _: Tag, tag_left: TagTexts) -> TagTexts:
    return ExactMecab(found, tag_left)


def _made_up_texts(found: tables.Tables) -> list[str]:
    """Words of the dictionary between all that its rules tell apart, with spaces or without."""
    chance = random.Random(3)  # noqa: S311 - no secret; the same texts every time
    signs = resources.load("schemas", "mecab.yaml")["proof_signs"]
    words = found.some_words(chance, _TEXTS)
    texts = []
    for _ in range(_TEXTS):
        parts = chance.choices(words, k=chance.randint(1, 8)) + chance.choices(signs, k=chance.randint(0, 4))
        chance.shuffle(parts)
        texts.append(
            chance.choice(["", " "]).join(parts)
            if chance.random() < _SAME_BETWEEN
            else _spaced(parts, chance)
        )
    return texts


def _spaced(parts: list[str], chance: random.Random) -> str:
    return "".join(part + chance.choice(["", "", " ", "  "]) for part in parts)


NATIVE = Native(
    name="mecab",
    title="mecab-ko",
    format=1,
    is_known=_is_known,
    make=tables.make,
    load=_load,
    tagger=_tagger,
    made_up_texts=_made_up_texts,
    proved=(Tag(tagger="mecab"),),
)

"""Texts that show whether the tables are understood: Komoran's own words and signs, drawn by chance."""

from __future__ import annotations

import json
import random
from pathlib import Path

from etl.schema import resources
from etl.tagging.komoran import tables

FORMS = "forms.json"  # the contracted forms, beside the tables
_LONGEST = 60


def made_up_texts(folder: Path, count: int = 3000, seed: int = 2) -> list[str]:
    """Texts of all kinds that Komoran's rules tell apart, each once; the same every time.

    Args:
        folder: what `dump` has written.
        count: how many are drawn.
        seed: others with another one.
    """
    chance = random.Random(seed)  # noqa: S311 - no secret
    schema = resources.load("schemas", "komoran.yaml")
    forms: list[str] = json.loads((folder / FORMS).read_text(encoding="utf-8"))
    # Most words of the dictionary are names of several words; what people write is in its short ones.
    words = tables.words_of_dictionary(folder)
    short = words.filter(words.str.len_chars() <= 3).to_list()
    kinds = (words.to_list(), short, forms, forms, schema["endings"], schema["endings"], schema["signs"])
    texts = []
    for _ in range(count):
        parts = [chance.choice(chance.choice(kinds)) for _ in range(chance.randint(1, 9))]
        texts.append(chance.choice(("", "", " ")).join(parts)[:_LONGEST])
    return [text for text in dict.fromkeys(texts) if text.strip()]

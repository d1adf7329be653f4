"""Made-up eojeols, with which Okt is compared with its library."""

from __future__ import annotations

import random
from itertools import chain

from etl.schema import resources

_N_WORDS, _N_LINKS = 3000, 1000


def eojeols(words: list[str], typos: list[str]) -> list[str]:
    """Eojeols of all kinds that Okt's rules tell apart: words, typos, numbers, jamo, signs, links."""
    chance = random.Random(2)  # noqa: S311 - no secret; the same eojeols every time
    rules = resources.load("schemas", "okt.yaml")
    signs: list[str] = rules["proof_signs"]
    made_up: list[str] = []
    for number in range(_N_WORDS):
        parts = chance.choices(words, k=chance.randint(1, 3))
        if number % 3 == 1:
            parts.insert(chance.randint(0, len(parts)), chance.choice(typos))
        if number % 2:
            parts.insert(
                chance.randint(0, len(parts)), "".join(chance.choices(signs, k=chance.randint(1, 3)))
            )
        made_up.append("".join(parts)[:40])
    links = list(chain.from_iterable(rules["proof_links"]))
    return made_up + ["".join(chance.choices(links, k=chance.randint(2, 8))) for _ in range(_N_LINKS)]

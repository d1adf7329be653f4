"""Deals made-up Korean sentences from `schemas/sample/phrases.yaml`, none of them twice.

A sentence is `<time> <event><link> <predicate><ending>`; only the predicate carries the emotion. No two
sentences share both event and predicate, so none is a near-duplicate of another. What stands around a
sentence in a corpus is left to the module of that corpus.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from random import Random
from typing import Any

from etl.errors import SettingsError
from etl.schema import resources


@dataclass(frozen=True)
class Sentence:
    """A sentence, the emotion it expresses, and whether it is `plain` (반말) or `polite` (존댓말)."""

    text: str
    emotion: str
    register: str


def phrases() -> dict[str, Any]:
    """The slots and templates, as they stand in the file."""
    loaded: dict[str, Any] = resources.load("schemas", "sample", "phrases.yaml")
    return loaded


def emotions() -> list[str]:
    """The emotions there are sentences for, in the order of the file."""
    return list(phrases()["emotions"])


def deal(rng: Random) -> dict[str, Iterator[Sentence]]:
    """For each emotion its sentences in random order; taking one more than exist raises SettingsError."""
    # Each emotion has a generator of its own, so that taking more of one does not change the others.
    seeds = {emotion: rng.getrandbits(64) for emotion in emotions()}
    return {emotion: _deal_one(emotion, Random(seed)) for emotion, seed in seeds.items()}  # noqa: S311


def capacity() -> dict[str, int]:
    """How many different sentences there are of each emotion."""
    return {emotion: len(_pairs(emotion)) for emotion in emotions()}


def _pairs(emotion: str) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """Every (kind, event) with every (register, predicate)."""
    slots = phrases()
    events = [(kind, event) for kind, named in slots["events"].items() for event in named]
    predicates = [
        (register, predicate)
        for register in ("plain", "polite")
        for predicate in slots["emotions"][emotion][register]
    ]
    return list(product(events, predicates))


def _deal_one(emotion: str, rng: Random) -> Iterator[Sentence]:
    slots = phrases()
    pairs = _pairs(emotion)
    rng.shuffle(pairs)
    for (kind, event), (register, predicate) in pairs:
        time, who, very, link, ending = (
            rng.choice(options)
            for options in (
                slots["times"],
                slots["who"],
                slots["very"],
                slots["links"][kind][register],
                slots["emotions"][emotion]["endings"],
            )
        )
        text = f"{time} {event.format(who=who)}{link} {predicate.format(very=very)}{ending}"
        yield Sentence(text, emotion, register)
    raise SettingsError(
        f"there are not enough made-up sentences for this many rows of {emotion}",
        details=[f"expected at most {len(pairs):,} of each emotion over all corpora together"],
        next_step="ask for fewer --dialogues or --clips",
    )

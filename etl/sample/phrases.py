"""Generates made-up Korean sentences from `schemas/sample/phrases.yaml`, none of them twice.

A sentence is `<time> <event><link> <predicate><ending>`; only the predicate carries the emotion. No two
sentences share both event and predicate, so none is a near-duplicate of another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from random import Random
from typing import Any

from etl.errors import SettingsError
from etl.language.message import tr
from etl.schema import resources


@dataclass(frozen=True)
class SampleSentence:
    """A sentence with its emotion; `register` is `plain` (반말) or `polite` (존댓말)."""

    text: str
    emotion: str
    register: str


def load_phrases() -> dict[str, Any]:
    """Loads the slots and templates of the sentences."""
    loaded: dict[str, Any] = resources.load("schemas", "sample", "phrases.yaml")
    return loaded


def load_corpus(name: str) -> dict[str, Any]:
    """Loads the entry of one corpus in `schemas/sample/corpora.yaml`: its folders, columns and labels."""
    loaded: dict[str, Any] = resources.load("schemas", "sample", "corpora.yaml")[name]
    return loaded


def emotions() -> list[str]:
    """Returns the emotions that have sentences, in the order of the file."""
    return list(load_phrases()["emotions"])


def deal_sentences(rng: Random) -> dict[str, Iterator[SampleSentence]]:
    """Returns for each emotion an iterator over its sentences, in random order.

    Raises:
        SettingsError: by an iterator that has no sentence left.
    """
    # Each emotion has a generator of its own, so that taking more of one does not change the others.
    seeds = {emotion: rng.getrandbits(64) for emotion in emotions()}
    return {emotion: _deal_one(emotion, Random(seed)) for emotion, seed in seeds.items()}  # noqa: S311


def capacity() -> dict[str, int]:
    """Returns the number of sentences of each emotion."""
    return {emotion: len(_pairs(emotion)) for emotion in emotions()}


def _pairs(emotion: str) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """Returns each (kind, event) with each (register, predicate)."""
    slots = load_phrases()
    events = [(kind, event) for kind, named in slots["events"].items() for event in named]
    predicates = [
        (register, predicate)
        for register in ("plain", "polite")
        for predicate in slots["emotions"][emotion][register]
    ]
    return list(product(events, predicates))


def _deal_one(emotion: str, rng: Random) -> Iterator[SampleSentence]:
    slots = load_phrases()
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
        yield SampleSentence(text, emotion, register)
    raise SettingsError(
        tr("there are not enough made-up sentences for this many rows of {emotion}", emotion=emotion),
        details=[tr("expected at most {most:,} of each emotion over all corpora together", most=len(pairs))],
        next_step=tr("ask for fewer --dialogues or --clips"),
    )

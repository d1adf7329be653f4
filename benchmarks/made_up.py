"""Generates unlimited made-up Korean sentences, for inputs that are larger than those of `etl sample`.

They are put together from the phrases of `etl sample`; unlike there, two of them may be alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from etl.sample.phrases import load_phrases


def sentences(rng: Random) -> Iterator[str]:
    """Yields sentences `<time> <event><link> <predicate><ending>` of about 30 characters."""
    slots = load_phrases()
    openings = [
        f"{event.format(who=who)}{link}"
        for kind, events in slots["events"].items()
        for event in events
        for who in slots["who"]
        for link in slots["links"][kind]["plain"]
    ]
    closings = [
        f"{predicate.format(very=very)}{ending}"
        for emotion in slots["emotions"].values()
        for predicate in emotion["plain"]
        for very in slots["very"]
        for ending in emotion["endings"]
    ]
    while True:
        yield f"{rng.choice(slots['times'])} {rng.choice(openings)} {rng.choice(closings)}"

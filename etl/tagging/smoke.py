"""Tries a tagger on a few sentences and hazards of `schemas/doctor.yaml`, for a limited time.

It runs as it does in `etl ingest`; only the time a sentence may take is shorter.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl

from etl.errors import EtlError
from etl.schema import resources
from etl.settings import Tag
from etl.tagging.tagger import open_tagger

if TYPE_CHECKING:
    from etl.tagging.tagger import Tagger

_SHOWN_CHARS = 60


@dataclass
class Smoke:
    """How far a tagger came.

    Args:
        texts: how many there were to tag.
        tagged: how many of them were.
        failed: sentences that it should have cut: `what`, `text`, `problem`, `found`.
        marked: hazards that it did not cut, in the same form; a run would go on without these sentences.
        error: what ended it before the last text; empty if nothing did.
        is_out_of_time: whether the time was up before the last text.
        seconds: how long it took.
    """

    texts: int = 0
    tagged: int = 0
    failed: list[dict[str, str]] = field(default_factory=list)
    marked: list[dict[str, str]] = field(default_factory=list)
    error: str = ""
    is_out_of_time: bool = False
    seconds: float = 0.0


def smoke_test(tag: Tag, seconds: float) -> Smoke:
    """Tags what doctor.yaml lists, one text after the other, for at most so many seconds.

    Raises nothing: that something is broken is the answer.
    """
    tried = resources.load("schemas", "doctor.yaml")
    sentences = [{"what": "a sentence", "text": sentence} for sentence in tried["sentences"]]
    hazards = [{"what": each["what"], "text": each["text"] * each["times"]} for each in tried["hazards"]]
    smoke = Smoke(texts=len(sentences) + len(hazards))
    started = time.monotonic()
    try:
        settings = msgspec.structs.replace(tag, seconds=tried["text_seconds"])
        with open_tagger(settings, 1, is_cached=False) as tagger:
            watchdog = threading.Timer(seconds, tagger.stop)
            watchdog.daemon = True
            watchdog.start()
            try:
                _tag_each(tagger, sentences, smoke, smoke.failed)
                if smoke.tagged:  # else it is no hazard that it stumbles over
                    _tag_each(tagger, hazards, smoke, smoke.marked)
            finally:
                watchdog.cancel()
    except CancelledError:
        smoke.is_out_of_time = True
    except EtlError as error:
        smoke.error = "; ".join([error.what, *error.details])
    except Exception as error:  # noqa: BLE001 - whatever is broken here is what a person wants to know
        smoke.error = f"{type(error).__name__}: {error}".splitlines()[0]
    smoke.seconds = time.monotonic() - started
    return smoke


def _tag_each(
    tagger: Tagger, texts: list[dict[str, Any]], smoke: Smoke, refused: list[dict[str, str]]
) -> None:

    for each in texts:
        [row] = tagger(pl.Series("text", [each["text"]], pl.String)).to_dicts()
        if row["problem"] is None:
            smoke.tagged += 1
        else:
            shown = each["text"][:_SHOWN_CHARS]
            refused.append({**each, "text": shown, "problem": row["problem"], "found": row["found"]})

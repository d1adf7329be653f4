"""Tries a tagger on the sentences of `schemas/doctor.yaml`, as `etl ingest` would run it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import CancelledError
from dataclasses import dataclass, field

import polars as pl

from etl.errors import EtlError
from etl.language.message import joined
from etl.schema import resources
from etl.settings import Tag
from etl.tagging.tagger import open_tagger


@dataclass
class Smoke:
    """Result of trying a tagger.

    Args:
        texts: how many sentences there were to tag.
        tagged: how many of them were tagged.
        failed: the others: `text`, `problem`, `found`.
        error: what ended it before the last sentence; empty if nothing did.
        is_out_of_time: whether it was stopped before the last sentence, because it seemed to hang.
        seconds: how long it took.
    """

    texts: int = 0
    tagged: int = 0
    failed: list[dict[str, str]] = field(default_factory=list)
    error: str = ""
    is_out_of_time: bool = False
    seconds: float = 0.0


def smoke_test(tag: Tag, hang_seconds: float) -> Smoke:
    """Tags the sentences of doctor.yaml one after the other. Raises nothing: a failure is the result.

    Args:
        tag: which tagger, with which options.
        hang_seconds: after so long it is stopped.
    """
    sentences = resources.load("schemas", "doctor.yaml")["sentences"]
    smoke = Smoke(texts=len(sentences))
    started = time.monotonic()
    try:
        with open_tagger(tag, 1, is_cached=False) as tagger:
            watchdog = threading.Timer(hang_seconds, tagger.stop)
            watchdog.daemon = True
            watchdog.start()
            try:
                for sentence in sentences:
                    [row] = tagger(pl.Series("text", [sentence], pl.String)).to_dicts()
                    if row["problem"] is None:
                        smoke.tagged += 1
                    else:
                        smoke.failed.append({name: row[name] for name in ("text", "problem", "found")})
            finally:
                watchdog.cancel()
    except CancelledError:
        smoke.is_out_of_time = True
    except EtlError as error:
        smoke.error = joined("; ", [error.what, *error.details])
    except Exception as error:  # noqa: BLE001 - whatever is broken here is what a person wants to know
        smoke.error = f"{type(error).__name__}: {error}".splitlines()[0]
    smoke.seconds = time.monotonic() - started
    return smoke

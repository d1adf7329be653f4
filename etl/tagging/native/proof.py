"""Proves a native tagger: its library, in a worker process, and ours tag the same made-up texts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from etl.language.message import joined, tr
from etl.settings import Tag
from etl.tagging.native.native import Checked, Native
from etl.tagging.pool import Pool
from etl.tagging.worker import Outcome

_LEFT = "left"


def prove(native: Native, folder: Path) -> Checked:
    """Tags the made-up texts with all settings that the tagger is proved for, by the library and by ours.

    Args:
        native: the tagger.
        folder: what its `make` made.

    Raises:
        EtlError: the library does not run.
    """
    texts = native.made_up_texts(native.load(folder, ()))
    return compare(native, folder, texts, ask_library(native, texts))


def ask_library(native: Native, texts: list[str]) -> list[list[Outcome]]:
    """What the library answers, for each of the settings.

    Raises:
        EtlError: the library does not run.
    """
    return [_by_library(native, settings, texts) for settings in native.proved]


def compare(native: Native, folder: Path, texts: list[str], answers: list[list[Outcome]]) -> Checked:
    """Compares ours with what `ask_library` answered for these texts.

    A text is not compared where ours leaves a part of it to the library.
    """
    tables = native.load(folder, ())
    compared, differing = 0, []
    for settings, library in zip(native.proved, answers, strict=True):
        ours = native.tagger(tables, settings, _mark_left)(pl.Series("text", texts, pl.String))
        rows = ours.select("tokens", "tags", "problem", "found").iter_rows()
        for text, answer, outcome in zip(texts, rows, library, strict=True):
            if answer[2] != _LEFT:
                compared += 1
                differing += [joined(": ", (repr(text), each)) for each in _difference(answer, outcome)]
    return Checked(tr("made-up texts"), compared, tuple(differing))


def _mark_left(texts: pl.Series) -> pl.DataFrame:
    """In the place of the library: a text with a part of it has this problem."""
    lists = [pl.lit([], pl.List(pl.String)).alias(name) for name in ("tokens", "tags")]
    reason = [pl.lit(_LEFT).alias("problem"), pl.lit("").alias("found")]
    return pl.DataFrame({"text": texts}, schema={"text": pl.String}).with_columns(*lists, *reason)


def _by_library(native: Native, settings: Tag, texts: list[str]) -> list[Outcome]:
    pool = Pool(settings, 1, native.load_library)
    try:
        return pool.tag(texts)
    finally:
        pool.stop()


def _difference(ours: Outcome, library: Outcome) -> Iterable[str]:
    if library[2] is not None:
        yield tr("the library gives up: {problem}: {found}", problem=library[2], found=library[3])
    elif ours[:2] != library[:2]:
        yield tr("{ours}, from the library {theirs}", ours=_written(ours), theirs=_written(library))


def _written(outcome: Outcome) -> str:
    return " ".join(f"{token}/{tag}" for token, tag in zip(outcome[0], outcome[1], strict=True))

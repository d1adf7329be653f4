"""Okt as a native tagger, for `etl.tagging.native`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from etl.settings import Tag
from etl.tagging.native.native import Checked, Native, TagTexts, Words
from etl.tagging.okt import code, jar, made_up, tables
from etl.tagging.okt.exact import ExactOkt


def _make(folder: Path) -> None:
    """Takes all out of a library that is not known: its rules may be others than those that are restated."""
    if jar.is_known():
        jar.extract(folder)
        return
    from etl.tagging.okt.dump import dump_in_process

    dump_in_process(folder)


def _check_made(folder: Path) -> Sequence[Checked]:
    from etl.tagging.okt.check import check_tables

    return check_tables(folder)


def _load(folder: Path, words: Words) -> tables.Tables:
    code.parse()  # what the first text would have to wait for
    return tables.load(folder, [word for word, _ in words])


def _tagger(found: tables.Tables, settings: Tag, tag_left: TagTexts) -> TagTexts:
    return ExactOkt(found, settings, tag_left)


def _made_up_texts(found: tables.Tables) -> list[str]:
    return made_up.eojeols(found.words["word"].to_list(), [typo for typo, _ in found.typos])


NATIVE = Native(
    name="okt",
    title="Okt",
    format=3,
    is_known=jar.is_known,
    make=_make,
    load=_load,
    tagger=_tagger,
    made_up_texts=_made_up_texts,
    proved=(Tag(norm=False, stem=False), Tag(norm=True, stem=True)),
    weaken=tables.forget_patterns,
    check_made=_check_made,
)

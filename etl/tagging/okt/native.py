"""Okt as a native tagger, for `etl.tagging.native`."""

from __future__ import annotations

from pathlib import Path

from etl.settings import Tag
from etl.tagging.native.native import Native, TagTexts, Words
from etl.tagging.okt import made_up, tables
from etl.tagging.okt.dump import dump_in_process
from etl.tagging.okt.exact import ExactOkt


def _is_known() -> bool:
    return False


def _make(folder: Path) -> None:
    dump_in_process(folder)


def _load(folder: Path, words: Words) -> tables.Tables:
    return tables.load(folder, [word for word, _ in words])


def _tagger(found: tables.Tables, settings: Tag, tag_left: TagTexts) -> TagTexts:
    return ExactOkt(found, settings, tag_left)


def _made_up_texts(found: tables.Tables) -> list[str]:
    return made_up.eojeols(found.words["word"].to_list(), [typo for typo, _ in found.typos])


NATIVE = Native(
    name="okt",
    title="Okt",
    format=3,
    is_known=_is_known,
    make=_make,
    load=_load,
    tagger=_tagger,
    made_up_texts=_made_up_texts,
    proved=(Tag(norm=False, stem=False), Tag(norm=True, stem=True)),
    weaken=tables.forget_patterns,
)

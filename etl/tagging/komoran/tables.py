"""Komoran's dictionaries and rules, as `etl.tagging.komoran.dump` wrote them, ready for the search."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from etl.tagging.komoran import entries, trie
from etl.tagging.native.batch import is_blank as is_blank_token
from etl.tagging.native.batch import strings_of

EMOJI = "Emoji"  # the tag of what is handed around Komoran
_OWN_SCORE = 0.0


@dataclass(frozen=True)
class Tables:
    """Look-up tables of the search.

    Args:
        folder: where they were read from.
        words: what the entries of tokens stand for, strings.
        tags: the name of each tag, that of emoji last.
        automata: `states`, `keys` and `roots`, see `trie`, of the user's words, of the dictionary, and of the
            contracted forms.
        arrays: what `paths.tag` takes as `tables`: what `entries.WORDS` names of the user's words,
            `DICTIONARY` of the dictionary, and `CONTRACTED` but for the automaton; and the rules: scores of
            kinds after tags, see there, marks and classes of characters, see `candidates`, and whether a word
            is blank, bool, (n_words,).
    """

    folder: Path
    words: pl.Series
    tags: pl.Series
    automata: tuple[tuple[np.ndarray, ...], ...]
    arrays: tuple[tuple[np.ndarray, ...], ...]


def load(folder: Path, words: Sequence[tuple[str, str]]) -> Tables:
    """Reads the tables, with the user's own words added, as Komoran's setUserDic adds them.

    Args:
        folder: what `dump` has written.
        words: with the names of their tags.

    Raises:
        OSError: a file is not there.
        ValueError: a file is damaged.
        KeyError: likewise, or a tag is unknown.
    """
    tags: dict[str, int] = json.loads((folder / "tags.json").read_text(encoding="utf-8"))
    dictionary = {name: _read(folder, f"dictionary-{name}") for name in entries.DICTIONARY}
    contracted = {name: _read(folder, f"contracted-{name}") for name in entries.CONTRACTED}
    of_dictionary = words_of_dictionary(folder)
    own, own_words = _own(tags, words, len(of_dictionary))
    every_word = pl.concat([of_dictionary, own_words])
    marks = [tags["EC"], tags["EF"], 2 * tags["<start>"], tags["<end>"]]
    marks.extend(tags[name] for name in ("NA", "SW", "SL", "SN", "SH"))
    is_blank = is_blank_token(every_word).to_numpy()
    transitions, classes = _read(folder, "transitions"), _read(folder, "classes")
    return Tables(
        folder=folder,
        words=every_word,
        tags=pl.Series([*sorted(tags, key=lambda name: tags[name]), EMOJI]),
        automata=tuple(
            (each["states"], each["keys"], trie.roots(each["states"], each["keys"]))
            for each in (own, dictionary, contracted)
        ),
        arrays=(
            tuple(own[name] for name in entries.WORDS),
            tuple(dictionary[name] for name in entries.DICTIONARY),
            tuple(contracted[name] for name in entries.CONTRACTED if name not in entries.AUTOMATON),
            (transitions, np.array(marks, np.int64), classes, is_blank.copy()),
        ),
    )


def words_of_dictionary(folder: Path) -> pl.Series:
    """The words of Komoran's dictionary, strings."""
    return strings_of(_read(folder, "words"), _read(folder, "word-ends"))


def _own(
    tags: dict[str, int], words: Sequence[tuple[str, str]], first_entry: int
) -> tuple[dict[str, Any], pl.Series]:
    """The dictionary of the user's own words, and the words; a line that begins with # is a comment."""
    by_letters: dict[tuple[int, ...], list[int]] = {}
    if words:
        from etl.tagging.komoran.letters import taken_apart  # loads numba
    for word, tag in words:
        if not word.startswith("#"):
            by_letters.setdefault(tuple(taken_apart(word)), []).append(tags[tag])
    letters = sorted(by_letters)
    of_words = [list(dict.fromkeys(by_letters[each])) for each in letters]
    numbers = np.array(list(chain.from_iterable(of_words)), np.int64)
    tagged = np.array([len(each) for each in of_words], np.int64), numbers, np.full(len(numbers), _OWN_SCORE)
    arrays, written = entries.dictionary(tags, trie.of_words(letters), tagged, first_entry, is_regular=False)
    return arrays, strings_of(*written)


def _read(folder: Path, name: str) -> np.ndarray:
    return np.asarray(np.load(folder / f"{name}.npy", mmap_mode="c", allow_pickle=False))

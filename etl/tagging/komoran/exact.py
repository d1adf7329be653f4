"""Tags texts exactly as KoNLPy's Komoran does, from the tables: see the page of `etl.tagging.komoran`."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from etl.settings import Tag
from etl.tagging.komoran import code
from etl.tagging.komoran.layout import A_LETTER, AFTER, FIRST, MOST_OPEN, NODES_MARGIN
from etl.tagging.komoran.tables import Tables
from etl.tagging.lists import Lists, replaced, strings
from etl.tagging.native.batch import strings_of
from etl.tagging.native.native import TagTexts

# A line's end begins one more part, and a character beyond what Komoran can read two.
_LINE_END, _LAST_OF_KOMORAN = 0x0A, 0xFFFF
_NO_WORDS = 2  # states of a dictionary that has none


class ExactKomoran:
    """Komoran without its JVM.

    Args:
        tables: its dictionaries and rules, with the user's own words.
        settings: of which Komoran has no option.
        tag_left: tags the texts that only the library itself can: a frame like that of
            `etl.tagging.tagger`.
    """

    def __init__(self, tables: Tables, settings: Tag, tag_left: TagTexts):
        del settings
        self._tables, self._tag_left = tables, tag_left
        for function in (code.split, code.walk, code.tag, code.write_out):
            function()  # linked here, while texts are read

    def __call__(self, texts: pl.Series) -> pl.DataFrame:
        """Tags distinct texts; see `etl.tagging.tagger.Tagger`."""
        names = ("problem", "found")
        nothing = {name: pl.Series([None], dtype=pl.String).new_from_index(0, len(texts)) for name in names}
        if texts.is_empty():
            empty = pl.Series([], dtype=pl.List(pl.String))
            return pl.DataFrame({"text": texts, "tokens": empty, "tags": empty, **nothing})
        words, tags, is_left = self._tagged(texts)
        frame = pl.DataFrame({"text": texts, "tokens": words, "tags": tags, **nothing})
        if not is_left.any():
            return frame
        places = pl.Series(np.flatnonzero(is_left))
        left = self._tag_left(texts.gather(places))
        return frame.with_columns(
            replaced(frame[name], places, left[name]) for name in ("tokens", "tags", *names)
        )

    def _tagged(self, texts: pl.Series) -> tuple[pl.Series, pl.Series, np.ndarray]:
        """Tokens and tags of each text, and whether it is for the library, bool, (n_texts,)."""
        data, text_ends = _characters(texts)
        classes = self._tables.arrays[-1][2]
        letters, is_left = np.empty(3 * len(data), np.uint16), np.empty(len(texts), np.bool_)
        n_parts = len(texts) + int(np.sum(data == _LINE_END)) + 2 * int(np.sum(data > _LAST_OF_KOMORAN))
        parts = np.empty((n_parts, 5), np.int64)
        n_parts = code.split()(data, text_ends, classes, letters, parts, is_left)
        parts = parts[:n_parts]
        n_letters = int(parts[:, AFTER].max(initial=0))
        found = tuple(np.full(n_letters, -1, np.int32) for _ in self._tables.automata)
        for automaton, longest in zip(self._tables.automata, found, strict=True):
            if len(automaton[0]) > _NO_WORDS:
                code.walk()(letters, parts, n_parts, *automaton, longest)
        working = _room(int((parts[:, AFTER] - parts[:, FIRST]).max(initial=0)))
        tokens, ends = np.empty((n_letters + n_parts, 4), np.int32), np.zeros(len(texts), np.int64)
        emoji = len(self._tables.tags) - 1
        given = letters, parts, n_parts, found, self._tables.arrays, working, emoji
        tokens = tokens[: code.tag()(*given, tokens, ends, is_left)]
        written, written_ends = np.empty(4 * len(data), np.uint8), np.zeros(len(tokens) + 1, np.int64)
        characters = np.empty(len(data), np.uint16)
        n_written = code.write_out()(data, letters, parts, tokens, characters, written, written_ends)
        n_bytes = written_ends[n_written - 1] if n_written else 0
        others = strings_of(written[:n_bytes], written_ends[:n_written])
        entries, ends = tokens[:, 0].astype(np.int64), np.maximum.accumulate(ends)
        entries = np.where(entries < 0, len(self._tables.words) - 1 - entries, entries)
        words = strings(Lists(ends, entries), pl.concat([self._tables.words, others]))
        return words, strings(Lists(ends, tokens[:, 1].astype(np.int64)), self._tables.tags), is_left


def _characters(texts: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """The characters of texts one after another, uint32, and where each ends, int64."""
    ends = texts.str.len_chars().cum_sum().to_numpy().astype(np.int64)
    return np.frombuffer(texts.str.join("").item().encode("utf-32-le"), np.uint32), ends


def _room(longest: int) -> tuple[Any, ...]:
    """Arrays for `paths.tag` to work in.

    Args:
        longest: how many letters the longest line has.

    Returns:
        Nodes, candidates, open contractions and sizes: see `lattice` and `candidates.expand`.
    """
    n = A_LETTER * longest + 2 * NODES_MARGIN
    ends, n_last, starts = (np.empty(longest + 3, np.int64) for _ in range(3))
    nodes = np.empty(n), np.empty((n, 5), np.int32), starts
    candidates = ends, n_last, np.empty((n, 4), np.int32), np.empty(n)
    return nodes, candidates, np.empty((4 * MOST_OPEN, 2), np.int64), np.empty(4, np.int64)

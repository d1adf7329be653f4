"""Tags texts exactly as python-mecab-ko does, by `etl.tagging.mecab.lattice`."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from etl.tagging.lists import lists_of, replaced
from etl.tagging.mecab import code
from etl.tagging.mecab.layout import LONGEST_TEXT, N_CHOSEN, N_NODE, N_ROW
from etl.tagging.mecab.tables import Tables
from etl.tagging.native import batch
from etl.tagging.native.native import TagTexts

_ROOM = 1 << 15  # nodes; a text of 90 bytes has some 350
# MeCab ends a text at the first zero byte, and has no category for the last character.
_ONLY_LIBRARY = r"[\x00\x{FFFF}]"


class ExactMecab:
    """mecab-ko with the dictionary that is installed.

    Args:
        tables: the dictionary.
        tag_left: tags by the library the texts that only it can.
    """

    def __init__(self, tables: Tables, tag_left: TagTexts):
        self._tables = tables
        self._tag_left = tag_left
        code.tag()  # linked here, while texts are read

    def __call__(self, texts: pl.Series) -> pl.DataFrame:
        """Tags distinct texts; see `etl.tagging.tagger.Tagger`."""
        is_left = texts.str.contains(_ONLY_LIBRARY) | (texts.str.len_bytes() > LONGEST_TEXT)
        if not is_left.any():
            return self._tag(texts)
        places = is_left.arg_true()
        ours, left = self._tag(texts.set(is_left, "")), self._tag_left(texts.filter(is_left))
        return pl.DataFrame(
            [texts.rename("text"), *(replaced(ours[name], places, left[name]) for name in ours.columns[1:])]
        )

    def _tag(self, texts: pl.Series) -> pl.DataFrame:
        codes, begins = batch.codes_of(texts)
        rows, row_ends = _words(codes, begins, self._tables.arrays)
        tokens = batch.slices(codes, rows[:, 0], rows[:, 1])
        tags = self._tables.tag_names.gather(self._tables.tags_of(rows[:, 2], rows[:, 3]))
        if batch.may_have_blank_tokens(texts):
            is_kept = ~batch.is_blank(tokens)
            tokens, tags = tokens.filter(is_kept), tags.filter(is_kept)
            row_ends = np.concatenate([np.zeros(1, np.int64), is_kept.cum_sum().to_numpy()])[row_ends]
        nothing = [pl.lit(None, pl.String).alias(name) for name in ("problem", "found")]
        columns = {"text": texts, "tokens": lists_of(row_ends, tokens), "tags": lists_of(row_ends, tags)}
        return pl.DataFrame(columns).with_columns(nothing)


def _words(codes: np.ndarray, begins: np.ndarray, tables: tuple[Any, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The words of texts, as `lattice.tag` fills `rows` and `row_ends`."""
    n_texts = len(begins) - 1
    rows, row_ends = np.empty((len(codes), N_ROW), np.int32), np.empty(n_texts, np.int64)
    state, n_nodes = np.zeros(1, np.int64), _ROOM
    while state[0] < n_texts:
        room = _room(tables, n_nodes)
        code.tag()(codes, begins, int(state[0]), n_texts, tables, room, rows, row_ends, state)
        n_nodes *= 4
    return rows[: row_ends[-1] if n_texts else 0], row_ends


def _room(tables: tuple[Any, ...], n_nodes: int) -> tuple[Any, ...]:
    """What the search fills: nodes, the first that ends at each place, those of one place, and choices."""
    lefts = np.empty((3, n_nodes), np.int32)
    heads, chosen = np.empty(LONGEST_TEXT + 1, np.int32), np.zeros(len(tables[4][0]) * N_CHOSEN, np.int32)
    return np.empty(n_nodes * N_NODE, np.int32), n_nodes, heads, tuple(lefts), chosen

"""The words of runs of Hangul: the compiled parser, given what it looks up."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from etl.tagging.okt import code
from etl.tagging.okt.layout import FACTS_OF_POSITION, FLOATS_OF_POSITION, LONGEST_WORD
from etl.tagging.okt.tables import Tables, syllables

_BYTES_OF_A_SYLLABLE = 3  # in UTF-8


def words_of(runs: pl.Series, tables: Tables) -> tuple[np.ndarray, np.ndarray]:
    """Parses runs of Hangul: in sorted order fast, as what two runs begin with is parsed once.

    Returns:
        A row a token (`int32`): where it starts in all runs one after another, its length, part of speech,
        and the row in `tables.words` of the word or of the head it is built on, negative for a noun that no
        dictionary has; and where the tokens of each run end (`int64`).
    """
    codes, ends = syllables(runs)
    lengths = np.diff(ends, prepend=0)
    direct = np.full(len(ends), -1, np.int64)
    for run in np.flatnonzero(lengths > LONGEST_WORD):
        direct[run] = tables.rows_of_long.get(runs[int(run)], -1)
    tokens, token_ends = np.empty((len(codes), 4), np.int32), np.empty(len(ends), np.int64)
    work = _room(int(lengths.max(initial=1)))
    code.parse()(codes, ends, len(ends), direct, *tables.arrays, work, token_ends, tokens)
    return tokens[: token_ends[-1] if len(ends) else 0], token_ends


def _room(longest: int) -> tuple[Any, ...]:
    """What the parser fills for a run of so many syllables: parses, rows of pieces, the best parse."""
    return (
        np.zeros((longest + 1) * FACTS_OF_POSITION, np.int32),
        np.zeros((longest + 1) * FLOATS_OF_POSITION, np.float32),
        np.empty(longest * LONGEST_WORD, np.int32),
        np.empty(longest * 4, np.int32),
        (np.empty(LONGEST_WORD, np.uint16), np.empty(LONGEST_WORD * LONGEST_WORD, np.int32)),
    )


def texts_of(runs: pl.Series, tokens: np.ndarray) -> pl.Series:
    """The tokens of the runs as strings; they follow one another without a gap, so nothing is copied."""
    characters = runs.str.join("").item().encode() if len(runs) else b""
    starts = np.append(tokens[:, 0].astype(np.int64) * _BYTES_OF_A_SYLLABLE, len(characters))
    array = pa.LargeStringArray.from_buffers(len(tokens), pa.py_buffer(starts), pa.py_buffer(characters))
    return pl.Series(pl.from_arrow(array), dtype=pl.String)

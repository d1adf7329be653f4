"""Texts as the bytes that compiled code reads, and its words as columns; nothing is made one by one."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa

# What Python's `str.strip` takes for white space.
BLANK = r"^[\s\x1c-\x1f]+$"
_SPACE_BEYOND_ASCII = r"[[\s\x1c-\x1f]--[ ]]"


def codes_of(texts: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """Texts one after another in UTF-8.

    Returns:
        The bytes, uint8, and where each text begins, and the last one ends, int64, (n_texts + 1,).
    """
    array = texts.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    assert isinstance(array, pa.LargeStringArray)
    _, ends, codes = array.buffers()
    whole = np.frombuffer(ends, np.int64)[array.offset : array.offset + len(array) + 1]
    return np.frombuffer(codes or b"", np.uint8)[: whole[-1]], whole


def slices(codes: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> pl.Series:
    """Parts of texts as strings.

    Args:
        codes: of `codes_of`.
        starts: where each part begins, in their order; no two share a byte, and none is empty.
        ends: where it ends.
    """
    edges = np.zeros(len(codes) + 1, np.int8)
    edges[starts] += 1
    edges[ends] -= 1
    kept = codes[np.cumsum(edges[:-1], dtype=np.int8).view(np.bool_)]
    return strings_of(kept, np.cumsum(ends - starts, dtype=np.int64))


def strings_of(text: np.ndarray, ends: np.ndarray) -> pl.Series:
    """Strings from their UTF-8 one after another, uint8, and where each ends, int64."""
    offsets = np.concatenate([np.zeros(1, np.int64), ends])
    array = pa.LargeStringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(text))
    return pl.Series(pl.from_arrow(array), dtype=pl.String)


def is_blank(tokens: pl.Series) -> pl.Series:
    """Whether `str.strip` would leave an empty string: such tokens are none, see `etl.tagging.taggers`."""
    return tokens.str.contains(BLANK)


def may_have_blank_tokens(texts: pl.Series) -> bool:
    """Whether a text has white space other than the space itself, of which a tagger may make a token."""
    return bool(texts.str.contains(_SPACE_BEYOND_ASCII).any())

"""N-grams as numbers: of the tokens of a row, and of the characters of its words.

The symbols of a row are digits from 1, and an n-gram is the number that they spell, so that shorter ones are
smaller; 0 is a symbol that is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]

TOKENS, CHARACTERS = 2, 4  # the longest n-grams
CHUNK = 20_000  # rows
# The edge of a word. Every word has one at both ends.
EDGE = " "


class Found(NamedTuple):
    """The distinct n-grams of some rows, by code and then by row; and how many strange ones each row has."""

    rows: Ints
    codes: Ints
    strange: Ints  # (rows,): n-grams with a symbol that is not known


def find_token_grams(rows: pl.DataFrame, symbols: Sequence[str]) -> Found:
    """Returns the n-grams of one and two neighbouring tokens of each row.

    Args:
        rows: with `tokens`.
        symbols: the known tokens, each once.
    """
    tokens = rows["tokens"].list.drop_nulls()
    # An empty list explodes to one null.
    found = tokens.explode().drop_nulls().cast(pl.Enum(symbols), strict=False).to_physical()
    digits = (found.cast(pl.Int64) + 1).fill_null(0).to_numpy()
    owners = np.repeat(np.arange(rows.height), tokens.list.len().to_numpy())
    return _gather(_spell(digits, owners, owners, len(symbols) + 1, TOKENS), rows.height)


def find_character_grams(rows: pl.DataFrame, symbols: Sequence[str]) -> Found:
    """Returns the n-grams of one to four characters within the words of each row; edges alone are none.

    Args:
        rows: with `text`.
        symbols: the known characters in the order of their code points, `EDGE` among them.
    """
    owners, points = split_characters(rows["text"])
    known = np.array([ord(symbol) for symbol in symbols], dtype=np.int64)
    at = np.searchsorted(known, points).clip(max=len(known) - 1)
    digits = np.where(known[at] == points, at + 1, 0)
    # Edges come in pairs: that of the beginning of a word, and that of its end.
    words = (np.cumsum(points == ord(EDGE)) + 1) // 2
    base, edge = len(symbols) + 1, symbols.index(EDGE) + 1
    owners, codes, strange = _gather(_spell(digits, owners, words, base, CHARACTERS), rows.height)
    # Two edges are the word of an empty text.
    is_gram = ~np.isin(codes, [edge, edge * base + edge])
    return Found(owners[is_gram], codes[is_gram], strange)


def most_rows(n_symbols: int, longest: int) -> int:
    """Returns how many rows may be given at a time: row and n-gram have to fit into one number."""
    return int(min(CHUNK, np.iinfo(np.int64).max // (n_symbols + 1) ** longest))


def split_characters(texts: pl.Series) -> tuple[Ints, Ints]:
    """Returns row and code point of each character, every word between two edges."""
    edged = EDGE + texts.str.replace_all(" ", 2 * EDGE, literal=True) + EDGE
    # Half a surrogate pair is no text, and polars has none.
    points = np.frombuffer("".join(edged).encode("utf-32-le"), dtype=np.uint32).astype(np.int64)
    return np.repeat(np.arange(len(texts)), edged.str.len_chars().to_numpy()), points


def spell_grams(codes: Ints, symbols: Sequence[str]) -> list[tuple[str, ...]]:
    """Returns the symbols of each n-gram."""
    names = np.array(["", *symbols], dtype=object)
    digits, left = [], codes
    while left.any():
        left, digit = np.divmod(left, len(names))
        digits.append(names[digit])
    return [tuple(name for name in spelt if name) for spelt in zip(*reversed(digits), strict=True)]


def encode_grams(grams: Sequence[Sequence[str]], symbols: Sequence[str]) -> Ints:
    """Returns the numbers of n-grams whose symbols are all among `symbols`."""
    digits = {symbol: digit for digit, symbol in enumerate(symbols, start=1)}
    base = len(symbols) + 1
    codes = np.zeros(len(grams), dtype=np.int64)
    for index, gram in enumerate(grams):
        code = 0
        for symbol in gram:
            code = code * base + digits[symbol]
        codes[index] = code
    return codes


def _spell(
    digits: Ints, owners: Ints, segments: Ints, base: int, longest: int
) -> Iterator[tuple[Ints, Ints]]:
    """Yields row and code of the n-grams of each length that lie within one segment; 0 is a strange one."""
    codes = digits
    for length in range(1, min(longest, len(digits)) + 1):
        if length > 1:
            last = digits[length - 1 :]
            codes = np.where((codes[:-1] > 0) & (last > 0), codes[:-1] * base + last, 0)
        is_inside = segments[: len(codes)] == segments[length - 1 :]
        yield owners[: len(codes)][is_inside], codes[is_inside]


def _gather(spelt: Iterator[tuple[Ints, Ints]], n_rows: int) -> Found:
    keys, strange = [], np.zeros(n_rows, dtype=np.int64)
    for rows, codes in spelt:
        strange += np.bincount(rows[codes == 0], minlength=n_rows)
        keys.append((codes * n_rows + rows)[codes > 0])
    joined = np.sort(np.concatenate(keys)) if keys else np.empty(0, dtype=np.int64)
    distinct = joined[np.diff(joined, prepend=-1) > 0]
    codes, rows = np.divmod(distinct, max(1, n_rows))
    return Found(rows, codes, strange)

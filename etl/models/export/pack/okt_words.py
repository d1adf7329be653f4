"""The words of Okt's dictionaries as arrays that take little room and are read in one pass.

The words of Hangul with at most eight syllables are sorted, so each begins as the one before it does: a word
is how many syllables it shares with that one, and those that follow. Read in this order, each syllable that
follows is a new node of a trie in preorder. The other words stand in the config, as strings.

word_shapes       uint8 (words of Hangul,): 16 * syllables shared with the word before + those that follow
word_syllables    uint16: the syllables that follow, of one word after another, as code points
word_kinds        uint16 (words,): a place in `kinds`; of the words of Hangul, and then of `others`
kinds             int32: the bits of the parts of speech by their numbers, above them those of family names,
                  given names and full names (`etl.tagging.okt.layout`), and `has_frequency`
frequency_places  uint16: for each word with the bit `has_frequency`, in their order, a place in `frequencies`
frequencies       float32; the frequency of a word without the bit is 0
verb_stems        uint16: for each word with the bit of verbs, in their order, a place in the config's
                  `verb_stems`, which has the dictionary form that is its token
adjective_stems   likewise

The names of the arrays begin with `okt.`; stems are left out where tokens are not stemmed. All forms of verbs
and adjectives are among the words: stems and the rules of conjugation would be smaller by a sixth, and would
have to be written once more in each language.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from etl.models.export.pack.container import Tensors
from etl.tagging.okt.layout import LONGEST_WORD
from etl.tagging.okt.tables import ADJECTIVE, VERB, Tables, syllables

HAS_FREQUENCY = 1 << 16
_SHARED = 16
_STEMS = {"verb": VERB, "adjective": ADJECTIVE}


def pack_words(tables: Tables, *, is_stemmed: bool) -> tuple[dict[str, Any], Tensors]:
    """Returns what the config says of the words, and the arrays.

    Args:
        tables: Okt's dictionaries, with the user's own nouns.
        is_stemmed: whether the dictionary forms of verbs and adjectives are needed.

    Raises:
        ValueError: the tables are not as expected.
    """
    words = tables.words
    n_short = words.height - len(tables.rows_of_long)
    short = words[:n_short].with_row_index("row").sort("word")
    order = np.concatenate([short["row"].to_numpy(), np.arange(n_short, words.height)])
    words = words[order]
    masks, frequencies = words["mask"].to_numpy(), words["frequency"].to_numpy()
    kinds, word_kinds = np.unique(masks | HAS_FREQUENCY * (frequencies != 0), return_inverse=True)
    values, places = np.unique(frequencies[frequencies != 0], return_inverse=True)
    shapes, following = _front_coded(words["word"][:n_short])
    arrays: Tensors = {
        "word_shapes": shapes,
        "word_syllables": following,
        "word_kinds": word_kinds.astype(np.uint16),
        "kinds": kinds.astype(np.int32),
        "frequency_places": places.astype(np.uint16),
        "frequencies": values.astype(np.float32),
    }
    config: dict[str, Any] = {"has_frequency": HAS_FREQUENCY, "others": words["word"][n_short:].to_list()}
    for column, pos in _STEMS.items() if is_stemmed else ():
        config[f"{column}_stems"], arrays[f"{column}_stems"] = _stems(words[column], masks & (1 << pos) != 0)
    if max(len(kinds), len(values)) > np.iinfo(np.uint16).max:
        raise ValueError(f"{len(kinds)} kinds of words and {len(values)} frequencies do not fit")
    return config, {f"okt.{name}": array for name, array in arrays.items()}


def _front_coded(words: pl.Series) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint16]]:
    codes, ends = syllables(words)
    lengths = np.diff(ends, prepend=0)
    padded = np.zeros((len(words), LONGEST_WORD), np.uint16)
    padded[np.arange(LONGEST_WORD) < lengths[:, None]] = codes
    is_shared = np.zeros((len(words), LONGEST_WORD), np.bool_)
    is_shared[1:] = (padded[1:] == padded[:-1]) & (padded[1:] != 0)
    shared = np.cumprod(is_shared, axis=1).sum(axis=1)
    if (shared >= lengths).any():
        raise ValueError("a word stands twice in Okt's tables, or they are not sorted")
    following = np.concatenate([np.arange(LONGEST_WORD) >= shared[:, None]]) & (padded != 0)
    return (_SHARED * shared + lengths - shared).astype(np.uint8), padded[following]


def _stems(stems: pl.Series, has_stem: npt.NDArray[np.bool_]) -> tuple[list[str], npt.NDArray[np.uint16]]:
    if (stems.is_not_null().to_numpy() != has_stem).any():
        raise ValueError("a word of Okt's tables has no stem, or one that its parts of speech do not ask for")
    distinct = stems.drop_nulls().unique().sort()
    places = stems.drop_nulls().replace_strict(distinct, np.arange(len(distinct)), return_dtype=pl.UInt16)
    return distinct.to_list(), places.to_numpy()

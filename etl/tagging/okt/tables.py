"""Okt's dictionaries and rules, as `etl.tagging.okt.dump` wrote them, ready for the compiled parser."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from etl.schema import resources
from etl.tagging.okt import code
from etl.tagging.okt.layout import BITMAP_BITS, FIRST_SYLLABLE

# The number of each part of speech is its place, as in the library's KoreanPos.
POS_NAMES = (
    *("Noun", "Verb", "Adjective", "Adverb", "Determiner", "Exclamation", "Josa", "Eomi", "PreEomi"),
    *("Conjunction", "Modifier", "VerbPrefix", "Suffix"),
)
NOUN, VERB, ADJECTIVE, ADVERB, EOMI, CONJUNCTION = 0, 1, 2, 3, 7, 9
_N_SYLLABLES = 11172
# Of each initial consonant the number of the same final one, 0 for the three that cannot be final.
CODA_OF_ONSET = (1, 2, 4, 7, 0, 8, 16, 17, 0, 19, 20, 21, 22, 0, 23, 24, 25, 26, 27)


@dataclass(frozen=True)
class Tables:
    """Look-up tables of the parser and the normaliser.

    Args:
        words: a row a word, those of Hangul and at most eight syllables first: `word`, `mask`, `frequency`
            and the stems `verb` and `adjective`.
        rows_of_long: rows of the words of more than eight syllables.
        typos: typos with what they stand for, in the order in which they are corrected.
        patterns: what `cut.Cutter` takes.
        arrays: what `parse.parse` takes as `index`, `words` and `rules`.
    """

    words: pl.DataFrame
    rows_of_long: dict[str, int]
    typos: list[tuple[str, str]]
    patterns: list[tuple[str, str | None]]
    arrays: tuple[Any, ...]


def load(source: Path, nouns: list[str]) -> Tables:
    """Reads the tables, with the user's own nouns added.

    Raises:
        OSError: a file is not there.
        polars.exceptions.PolarsError: a file is damaged.
        ValueError: likewise.
    """
    words = pl.read_parquet(source / "words.parquet")
    rules = json.loads((source / "rules.json").read_text(encoding="utf-8"))
    if nouns:
        words = _with_nouns(words, nouns)
    is_long = pl.col("word").str.len_chars() > 8
    is_hangul = pl.col("word").str.contains(
        r"^[\x{AC00}-\x{D7A3}]+$"
    )  # others are never looked up by the parser
    others = words.filter(is_long | ~is_hangul)
    short = words.filter(~is_long & is_hangul)
    words = pl.concat([short, others])
    return Tables(
        words=words,
        rows_of_long={word: short.height + row for row, word in enumerate(others["word"])},
        typos=[(typo, meant) for typo, meant in rules["typos"]],
        patterns=[(kind, pattern) for kind, pattern in rules["patterns"]],
        arrays=(*_word_arrays(words, short.height), _rule_arrays(rules)),
    )


def forget_patterns(source: Path) -> None:
    """Leaves all eojeols that may be a URL, a mention or a tag to the library."""
    path = source / "rules.json"
    rules = json.loads(path.read_text(encoding="utf-8"))
    rules["patterns"] = [(kind, None) for kind, _ in rules["patterns"]]
    path.write_text(json.dumps(rules, ensure_ascii=False), encoding="utf-8")


def _with_nouns(words: pl.DataFrame, nouns: list[str]) -> pl.DataFrame:
    own = pl.DataFrame({"word": sorted(set(nouns))}).join(words, on="word", how="left")
    own = own.with_columns(pl.col("mask").fill_null(0) | (1 << NOUN), pl.col("frequency").fill_null(0.0))
    return pl.concat([words.join(own, on="word", how="anti"), own.select(words.columns)]).sort("word")


def _word_arrays(words: pl.DataFrame, n_short: int) -> tuple[Any, ...]:
    codes, ends = syllables(words["word"][:n_short])
    slots = np.zeros((1 << (2 * n_short).bit_length(), 3), np.uint64)
    index = slots, len(slots) - 1, np.zeros(1 << BITMAP_BITS - 6, np.uint64)
    code.index_words()(codes, ends, n_short, *index)
    return index, (
        words["mask"].to_numpy().astype(np.int32),
        words["frequency"].to_numpy().astype(np.float32),
    )


def _rule_arrays(rules: dict[str, Any]) -> tuple[Any, ...]:
    """Weights, trie, what makes a name or a number, and the syllables that the score looks at."""
    nodes, roots = rules["trie"]["nodes"], rules["trie"]["roots"]
    pos = np.array([node[0] for node in nodes], np.int32)
    # The row after the last node's holds the roots; -1 ends a row.
    following = np.full((len(nodes) + 1, 1 + max(len(roots), 4)), -1, np.int32)
    nouns_following = following.copy()
    for row, numbers in enumerate([*(node[1] for node in nodes), roots]):
        following[row, : len(numbers)] = numbers
        nouns = [number for number in numbers if pos[number] == NOUN]
        nouns_following[row, : len(nouns)] = nouns
    constants = resources.load("schemas", "okt.yaml")
    marks = np.zeros(_N_SYLLABLES, np.int8)
    for mark, name in ((2, "number_endings"), (1, "number_syllables")):
        for syllable in constants[name]:
            marks[ord(syllable) - FIRST_SYLLABLE] = mark
    josa, ha, ending = (
        np.array([ord(syllable) for syllable in constants[name]], np.uint16)
        for name in ("josa_syllables", "ha_syllables", "name_ending")
    )
    may_end = np.array([node[2] for node in nodes], np.int8)
    return (
        np.array(rules["weights"], np.float32),
        (pos, following, nouns_following, may_end, len(nodes), following.shape[1]),
        (marks, np.array(CODA_OF_ONSET, np.uint16), ending),
        josa,
        ha,
    )


def syllables(words: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """Words of Hangul one after another as `uint16`, and where each ends as `int64`."""
    codes = np.frombuffer(words.str.join("").item().encode("utf-16-le"), np.uint16)
    return codes, words.str.len_chars().cum_sum().to_numpy().astype(np.int64)

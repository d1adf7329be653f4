"""The features of a linear model: n-grams of tokens, and n-grams of characters within words, as ids.

A row has a feature or has it not: how often makes no difference on sentences (docs/baseline.md). Only n-grams
of train are features.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from etl.errors import InputError
from etl.language.message import tr
from etl.models.linear import grams
from etl.models.linear.grams import EDGE, Found, Ints
from etl.models.training.batches import Rows, make_rows
from etl.runtime.json_text import decode_json
from etl.user_files.plain import plain_file

FILE = "features.json"
FORMAT = 1
PADDING, UNKNOWN = 0, 1
RESERVED = 2
# An n-gram of one row says nothing about another row.
MIN_ROWS = 2
# Korean has 2,350 common syllables. Fewer characters would make shorter numbers, and larger chunks of rows.
MOST_CHARACTERS = 8_000


@dataclass(frozen=True)
class Grams:
    """The known symbols, and the n-grams of them that are features: ascending numbers."""

    symbols: tuple[str, ...]
    codes: Ints


class Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of `features.json`: n-grams in the order of their ids, which begin at `RESERVED`."""

    format: int
    tokens: list[tuple[str, ...]]
    characters: list[str]


@dataclass(frozen=True)
class FeatureEncoder:
    """An `Encoder`: each row becomes the ids of its features, ascending.

    Each stands once; all n-grams that are no features have the id of unknown ones, which has no weight.
    """

    tokens: Grams
    characters: Grams
    column = "tokens"
    file = FILE
    padding_id, unknown_id = PADDING, UNKNOWN
    special_ids = (PADDING,)

    def __len__(self) -> int:
        """Returns the number of ids."""
        return RESERVED + len(self.tokens.codes) + len(self.characters.codes)

    @cached_property
    def content(self) -> bytes:
        """The content of `features.json`: the same features, the same bytes."""
        tokens, characters = (
            grams.spell_grams(each.codes, each.symbols) for each in (self.tokens, self.characters)
        )
        return msgspec.json.encode(Content(FORMAT, tokens, ["".join(gram) for gram in characters])) + b"\n"

    def sha256(self) -> str:
        """Returns the hash of `features.json`."""
        return hashlib.sha256(self.content).hexdigest()

    def encode(self, frame: pl.DataFrame, labels: list[str]) -> Rows:
        """See `Encoder.encode`; `text` is a string, `tokens` a list of strings."""
        parts, sizes = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for chunk in frame.iter_slices(_most_rows(self.tokens.symbols, self.characters.symbols)):
            rows, ids = np.divmod(self._find(chunk), len(self))
            parts.append(ids)
            sizes.append(np.bincount(rows, minlength=chunk.height))
        return make_rows(frame, labels, np.concatenate(parts), np.concatenate(sizes), self)

    def _find(self, chunk: pl.DataFrame) -> Ints:
        """Returns row times the number of ids, plus id, of each n-gram, ascending."""
        keys, first = [], RESERVED
        for find, known in (
            (grams.find_token_grams, self.tokens),
            (grams.find_character_grams, self.characters),
        ):
            rows, codes, strange = find(chunk, known.symbols)
            at = np.searchsorted(known.codes, codes)
            is_known = np.append(known.codes, -1)[at] == codes
            keys.append(rows * len(self) + np.where(is_known, at + first, UNKNOWN))
            keys.append(np.repeat(np.arange(chunk.height), strange) * len(self) + UNKNOWN)
            first += len(known.codes)
        return np.sort(np.concatenate(keys))

    def cut(self, rows: Rows, max_len: int) -> Rows:  # noqa: ARG002
        """Returns the rows as they are: all features of a row count."""
        return rows

    def save(self, folder: Path) -> None:
        """Writes `features.json`."""
        (folder / self.file).write_bytes(self.content)


def count_features(train: pl.DataFrame) -> FeatureEncoder:
    """Returns the encoder whose features are the n-grams of at least `MIN_ROWS` rows of train.

    Args:
        train: (rows,), with `text` and `tokens`.
    """
    tokens = sorted(_frequent(train["tokens"].list.unique().explode().drop_nulls())["symbol"])
    owners, points = grams.split_characters(train["text"])
    distinct = pl.DataFrame({"row": owners, "symbol": points}).unique()["symbol"]
    common = _frequent(distinct).sort("n", "symbol", descending=[True, False])["symbol"]
    characters = sorted({EDGE, *map(chr, common.head(MOST_CHARACTERS))})
    rows = _most_rows(tokens, characters)
    return FeatureEncoder(
        Grams(tuple(tokens), _count_codes(train, grams.find_token_grams, tokens, rows)),
        Grams(tuple(characters), _count_codes(train, grams.find_character_grams, characters, rows)),
    )


def read_features(path: Path, next_step: str) -> FeatureEncoder:
    """Reads a `features.json`.

    Args:
        path: the file.
        next_step: the advice of an error.

    Raises:
        InputError: it is damaged, or of another version of this tool.
    """
    try:
        content = decode_json(plain_file(path).read_bytes(), Content)
        if content.format != FORMAT:
            raise ValueError(tr("expected format {expected}, got {got}", expected=FORMAT, got=content.format))
        return FeatureEncoder(
            _read_grams(content.tokens, []), _read_grams([tuple(gram) for gram in content.characters], [EDGE])
        )
    except (OSError, ValueError, KeyError, RecursionError) as error:
        raise InputError(
            tr("{path} cannot be read", path=path),
            details=[error],
            cause=tr("The file was edited or damaged, or another version of this tool wrote it."),
            next_step=next_step,
        ) from error


def _read_grams(spelt: Sequence[tuple[str, ...]], more: list[str]) -> Grams:
    # Every symbol of a longer n-gram is an n-gram itself.
    symbols = tuple(sorted({*(gram[0] for gram in spelt if len(gram) == 1), *more}))
    codes = grams.encode_grams(spelt, symbols)
    if (np.diff(codes) <= 0).any():
        raise ValueError(tr("expected n-grams in the order of their ids, each once"))
    return Grams(symbols, codes)


def _most_rows(tokens: Sequence[str], characters: Sequence[str]) -> int:
    return min(grams.most_rows(len(tokens), grams.TOKENS), grams.most_rows(len(characters), grams.CHARACTERS))


def _frequent(symbols: pl.Series) -> pl.DataFrame:
    """Returns `symbol` and `n` of those that occur at least `MIN_ROWS` times."""
    counted = pl.DataFrame({"symbol": symbols}).group_by("symbol").agg(pl.len().alias("n"))
    return counted.filter(pl.col("n") >= MIN_ROWS)


def _count_codes(
    train: pl.DataFrame,
    find: Callable[[pl.DataFrame, Sequence[str]], Found],
    symbols: Sequence[str],
    rows: int,
) -> Ints:
    """Returns the codes of the n-grams that enough rows have, ascending; `rows` are counted at a time."""
    counted = []
    for chunk in train.iter_slices(rows):
        codes = find(chunk, symbols).codes  # ascending
        starts = np.flatnonzero(np.diff(codes, prepend=-1))
        counts = np.diff(starts, append=len(codes))
        counted.append(pl.DataFrame({"code": codes[starts], "n": counts}))
    total = pl.concat(counted).group_by("code").agg(pl.col("n").sum())
    return total.filter(pl.col("n") >= MIN_ROWS)["code"].sort().to_numpy()

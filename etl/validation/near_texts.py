"""Finds near-duplicates between and within the splits, with the texts on disk.

Memory: one part of the texts, what the search may use, and a row for each text that has a near-duplicate.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import polars as pl

from etl.dataset.read import SPLITS
from etl.runtime.machine import read_processors
from etl.runtime.scratch import temporary_folder
from etl.similarity.index.near_index import NearIndex, open_index
from etl.validation.partitions import read_dealt

# Of memory, what the search may use beside the other checks.
_SHARE = 1 / 4
# Between these splits near-duplicates are looked for, in both directions; and within each.
_SIDES = (
    *((these, "train") for these in ("validation", "test")),
    *(("train", those) for those in ("validation", "test")),
    *((split, split) for split in SPLITS),
)
_PAIR = {"normalised": pl.UInt64(), "other": pl.UInt64(), "similarity": pl.Float64()}
SCHEMA = pl.Schema({"these": pl.String(), "those": pl.String(), "with_short": pl.Boolean(), **_PAIR})
# A bit for each split that a text stands in, and one that counts only if it stands there and is not short.
_BITS = {
    (split, with_short): 1 << n + len(SPLITS) * with_short
    for n, split in enumerate(SPLITS)
    for with_short in (False, True)
}
_COLUMNS = {name: pl.col(name) for name in _PAIR}
_NEAREST_FIRST = [False, True, False]


def find_near(
    texts: Path, n_rows: int, n_parts: int, threshold: float, memory: int, index_folder: Path | None
) -> pl.DataFrame:
    """Finds the texts that have a near-duplicate.

    Args:
        texts: a folder with the texts of all rows, dealt out by hash: `text`, its hash `normalised`, and
            `places`, the splits that the row stands in, see `places`.
        n_rows: how many rows have them.
        n_parts: in how many parts they are.
        threshold: least Jaccard similarity of the sets of character trigrams.
        memory: bytes that the run may use.
        index_folder: where the texts and pairs of all runs stay; None: nowhere.

    Returns:
        Columns as in `etl.validation.sentences.Sentences.near`. Of equally similar texts the one with the
        lower hash is the nearest, so that the result does not depend on the order of the rows.
    """
    with ExitStack() as stack:
        folder = index_folder or stack.enter_context(temporary_folder("near"))
        index = stack.enter_context(
            open_index(
                folder,
                threshold,
                memory=int(memory * _SHARE),
                hashed_by=f"polars {pl.__version__}",
                compare=((0, 0),),
                threads=read_processors().count,
                n_rows=n_rows,
                is_kept=index_folder is not None,
            )
        )
        index.add(range(n_parts), partial(_read_texts, texts))
        if index_folder:
            index.save()
        return _choose_nearest(index, texts, n_parts)


def places() -> pl.Expr:
    """Returns the expression of the splits that a row stands in, of `split` and `is_short`: UInt8."""
    bits = {split: _BITS[split, True] | _BITS[split, False] for split in SPLITS}
    short_bits = {split: _BITS[split, True] for split in SPLITS}
    in_all = pl.col("split").replace_strict(bits, return_dtype=pl.UInt8)
    in_short = pl.col("split").replace_strict(short_bits, return_dtype=pl.UInt8)
    return pl.when("is_short").then(in_short).otherwise(in_all)


def _read_texts(folder: Path, part: int) -> pl.DataFrame:
    """Reads the distinct texts of a part, as an index wants them: all on one side."""
    side = pl.lit(1, pl.UInt8)
    schema = {"key_high": pl.UInt64, "key_low": pl.UInt64, "side": pl.UInt8, "text": pl.String}
    rows = read_dealt(folder, part)
    if rows is None:
        return pl.DataFrame(schema=schema)
    # Two halves of a hash of 128 bits.
    key_low = pl.col("text").hash(1)
    return rows.unique("text").select(key_high="normalised", key_low=key_low, side=side, text="text")


def _choose_nearest(index: NearIndex, folder: Path, n_parts: int) -> pl.DataFrame:
    """Chooses the nearest of each text, for each two splits; an index may know texts that stand in none."""
    in_pairs = pl.concat([pl.Series("normalised", dtype=pl.UInt64), *_texts_of(index)]).unique()
    found = pl.concat(_read_places(in_pairs, folder, n_parts))
    other = found.rename({"normalised": "other", "places": "other_places"})
    wanted = [(these, those, with_short) for these, those in _SIDES for with_short in (False, True)]
    best = {between: pl.DataFrame(schema=_PAIR) for between in wanted}
    for pairs in _read_pairs(index):
        placed = pairs.join(found, on="normalised").join(other, on="other")
        for these, those, with_short in wanted:
            is_there = pl.col("places") & _BITS[these, with_short] > 0
            is_other = pl.col("other_places") & _BITS[those, with_short] > 0
            between = placed.filter(is_there & is_other).select(*_PAIR)
            both = pl.concat([best[these, those, with_short], between])
            ordered = both.sort("normalised", "similarity", "other", descending=_NEAREST_FIRST)
            nearest = ordered.unique("normalised", keep="first", maintain_order=True)
            best[these, those, with_short] = nearest
    named = [
        pairs.select(these=pl.lit(these), those=pl.lit(those), with_short=pl.lit(with_short), **_COLUMNS)
        for (these, those, with_short), pairs in best.items()
    ]
    return pl.concat([pl.DataFrame(schema=SCHEMA), *named])


def _read_pairs(index: NearIndex) -> Iterator[pl.DataFrame]:
    """Yields the pairs that the index knows, each in both directions."""
    for frame in index.pairs():
        names = ("train_high", "other_high"), ("other_high", "train_high")
        yield pl.concat(
            frame.select(pl.col(this).alias("normalised"), pl.col(that).alias("other"), "similarity")
            for this, that in names
        )


def _texts_of(index: NearIndex) -> Iterator[pl.Series]:
    for pairs in _read_pairs(index):
        yield pairs["normalised"].unique()


def _read_places(texts: pl.Series, folder: Path, n_parts: int) -> Iterator[pl.DataFrame]:
    """Reads in which splits texts stand, of those that do; at least one frame."""
    yield pl.DataFrame(schema={"normalised": pl.UInt64, "places": pl.UInt8})
    for part in range(n_parts):
        rows = read_dealt(folder, part)
        if rows is not None:
            of_part = rows.filter(pl.col("normalised").is_in(texts.implode()))
            yield of_part.group_by("normalised").agg(pl.col("places").bitwise_or())

"""Assigns each row with a label to train, validation or test.

Official splits are kept where a corpus has them. Other rows are assigned by a stable hash of their group, so
no group is in two splits and added rows never move an old one; each split has the label shares of the corpus
in expectation. As only the hash of the group matters, this step works batch by batch.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl
import xxhash

from etl.schema import votes
from etl.schema.splits import UNLABELLED
from etl.settings import Split

_HASH_RANGE = 2.0**64


def split(frame: pl.DataFrame, settings: Split) -> pl.DataFrame:
    """Fills `split`.

    Args:
        frame: rows with `source`, `group`, `label`, `label_votes`, and the official `split` or null; a row
            of the split `unlabelled` stays there until a decision gives it a label.
        settings: the mode, the shares of validation and test, and the seed.
    """

    # No source has this byte in its name, so (a, bc) and (ab, c) stay different.
    groups = frame.select(pl.concat_str("source", "group", separator="\0", ignore_nulls=True)).to_series()
    position = _hash_groups(groups, settings.seed)
    by_hash = (
        pl.when(position < settings.validation)
        .then(pl.lit("validation"))
        .when(position < settings.validation + settings.test)
        .then(pl.lit("test"))
        .otherwise(pl.lit("train"))
    )
    official = pl.col("split") if settings.mode == "official" else pl.lit(None, pl.String)
    is_waiting = (pl.col("split") == UNLABELLED) & ~votes.is_labelled()
    given = pl.when(is_waiting).then(pl.lit(UNLABELLED)).when(pl.col("split") != UNLABELLED).then(official)
    return frame.with_columns(pl.coalesce(given, by_hash).alias("split"))


def _hash_groups(groups: pl.Series, seed: int) -> pl.Series:
    """Maps each group to a position in [0, 1) by XXH3, whose values are fixed by its specification."""
    hash_group = partial(xxhash.xxh3_64_intdigest, seed=seed)
    hashes = np.fromiter(map(hash_group, groups.cast(pl.Binary).to_list()), np.uint64, len(groups))
    return pl.Series("position", hashes / _HASH_RANGE)

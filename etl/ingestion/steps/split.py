"""Decides for each row whether it is for training, validation or test.

Official splits are kept where a corpus has them. The rest goes by group and by a stable hash, so no group
is ever in two splits and added rows never move an old one; each label's share follows in expectation.
Since a group's hash is all it needs, this step sees one batch at a time.
"""

from __future__ import annotations

import polars as pl
import xxhash

from etl.settings import Split

_HASH_RANGE = 2.0**64


def split(frame: pl.DataFrame, settings: Split) -> pl.DataFrame:
    """Fills `split`.

    Args:
        frame: rows with `source`, `group`, and the official `split` or null.
        settings: the mode, the shares of validation and test, and the seed.
    """

    # A byte that no source's name holds keeps (a, bc) and (ab, c) apart.
    group = frame.select(group=pl.concat_str("source", "group", separator="\0", ignore_nulls=True))
    groups = group.unique(maintain_order=True)
    places = groups.with_columns(_places(groups["group"], settings.seed))
    if groups.height < frame.height:
        places = group.join(places, on="group", how="left", maintain_order="left")
    place = places["place"]
    by_hash = (
        pl.when(place < settings.validation)
        .then(pl.lit("validation"))
        .when(place < settings.validation + settings.test)
        .then(pl.lit("test"))
        .otherwise(pl.lit("train"))
    )
    official = pl.col("split") if settings.mode == "official" else pl.lit(None, pl.String)
    return frame.with_columns(pl.coalesce(official, by_hash).alias("split"))


def _places(groups: pl.Series, seed: int) -> pl.Series:
    """Where each group stands between 0 and 1: XXH3, whose values are fixed by its specification."""

    names = groups.cast(pl.Binary).to_list()
    return pl.Series(
        "place", [xxhash.xxh3_64_intdigest(name, seed=seed) / _HASH_RANGE for name in names], pl.Float64
    )

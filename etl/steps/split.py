"""Decides for each row whether it is for training, validation or test.

Official splits are kept where a corpus has them. The rest goes by group and by a stable hash, so no group
is ever in two splits and added rows never move an old one; each label's share follows in expectation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.settings import Split

if TYPE_CHECKING:
    import polars as pl

_HASH_RANGE = 2.0**64


def split(keys: pl.DataFrame, settings: Split) -> pl.DataFrame:
    """Fills `split`.

    Args:
        keys: one row for each row of the corpus, with `source`, `group`, and the official
            `split` or null.
        settings: the mode, the shares of validation and test, and the seed.
    """
    import polars as pl

    groups = keys.select("source", "group").unique(maintain_order=True)
    places = groups.select(
        pl.struct("source", "group").map_batches(
            lambda pairs: _places(pairs, settings.seed), return_dtype=pl.Float64
        )
    ).to_series()
    by_hash = (
        pl.when(places < settings.validation)
        .then(pl.lit("validation"))
        .when(places < settings.validation + settings.test)
        .then(pl.lit("test"))
        .otherwise(pl.lit("train"))
        .alias("_by_hash")
    )
    keys = keys.join(
        groups.with_columns(by_hash),
        on=["source", "group"],
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )
    official = pl.col("split") if settings.mode == "official" else pl.lit(None, pl.String)
    return keys.with_columns(pl.coalesce(official, "_by_hash").alias("split")).drop("_by_hash")


def _places(pairs: pl.Series, seed: int) -> pl.Series:
    """Where each group stands between 0 and 1: XXH3, whose values are fixed by its specification."""
    import polars as pl
    import xxhash

    columns = pairs.struct
    return pl.Series(
        [
            xxhash.xxh3_64_intdigest(f"{source}\0{group}".encode(), seed=seed) / _HASH_RANGE
            for source, group in zip(columns.field("source"), columns.field("group"), strict=True)
        ],
        dtype=pl.Float64,
    )

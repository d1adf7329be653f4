"""Counts the distinct tokens of rows, here or on an engine."""

from __future__ import annotations

import io

import polars as pl

from etl.dataset.read import Dataset
from etl.runtime.engine.protocol import Engine


def count_tokens(rows: pl.LazyFrame) -> pl.DataFrame:
    """Counts distinct tokens: columns token and n, in no fixed order."""
    exploded = rows.select(pl.col("tokens").explode().alias("token")).drop_nulls()
    return exploded.group_by("token").agg(pl.len().cast(pl.Int64).alias("n")).collect(engine="streaming")


def count_in_shards(dataset: Dataset, engine: Engine) -> pl.DataFrame:
    """Counts the tokens of train, one shard per task, sent as bytes: workers may share no disk."""
    shards = (shard.read_bytes() for shard in dataset.shards("train"))
    # Added up in between: the tokens of many shards are mostly the same.
    total = pl.DataFrame(schema={"token": pl.String, "n": pl.Int64})
    for counted in engine.map(_count_in_shard, shards):
        total = pl.concat([total, counted]).group_by("token").agg(pl.col("n").sum())
    return total


def _count_in_shard(shard: bytes) -> pl.DataFrame:
    return count_tokens(pl.scan_parquet(io.BytesIO(shard)))

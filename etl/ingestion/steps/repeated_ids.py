"""Marks rows whose id an earlier row has."""

from __future__ import annotations

import polars as pl

from etl.ingestion.exchange import KEY
from etl.ingestion.steps.mark import mark


def mark_repeated_ids(records: pl.DataFrame) -> pl.DataFrame:
    """Marks `duplicate_id`: the same raw row twice is an error of reading, in whatever split.

    Args:
        records: the `ids` of `etl.ingestion.steps.records` in the order of the rows, all with a `number`; and
            `reason` and `detail`. The id of a row with a reason is free.
    """
    is_alive = pl.col("reason").is_null()
    is_repeat = is_alive & ~pl.struct(*KEY, "number", is_alive.alias("alive")).is_first_distinct()
    return mark(records, is_repeat, "duplicate_id", "a row with this id was read before")

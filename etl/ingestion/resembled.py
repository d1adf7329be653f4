"""Names the rows that near-duplicates resemble; the step that finds them sees hashes and no ids."""

from __future__ import annotations

import polars as pl

from etl.ingestion.spool import Spool
from etl.ingestion.steps.near_leaks import RESEMBLED


def name_resembled(keys: pl.DataFrame, spool: Spool) -> pl.DataFrame:
    """Adds to `detail` the id of the row that each near-duplicate resembles; drops `resembled`.

    Args:
        keys: of all rows, in order, see `etl.ingestion.steps.near_leaks.mark_near`.
        spool: the rows.
    """
    if RESEMBLED not in keys.columns:
        return keys
    rows = keys[RESEMBLED].drop_nulls().unique().sort()
    ids = [frame.rename({"row": RESEMBLED}) for frame in spool.read(rows, ["id"])]
    if ids:
        keys = keys.join(pl.concat(ids), on=RESEMBLED, how="left", maintain_order="left")
        named = pl.format("{} to {}", "detail", "id")
        keys = keys.with_columns(detail=pl.coalesce(named, "detail")).drop("id")
    return keys.drop(RESEMBLED)

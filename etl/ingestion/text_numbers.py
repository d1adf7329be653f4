"""Numbers the rows that say the same: see `etl.schema.text_ids`.

Only the whole corpus knows how many there are, so it is done between the steps of one batch and those of the
corpus: which rows they are the keys tell, and the spool has their ids.
"""

from __future__ import annotations

import polars as pl

from etl.ingestion.spool import Spool, SpooledBatch
from etl.ingestion.steps.row_hashes import HAS_TEXT_ID, group_key
from etl.schema.text_ids import numbered
from etl.text.hashes import hash_text


def number_texts(keys: pl.DataFrame, spool: Spool) -> pl.DataFrame:
    """Gives the second and further rows of equal texts ids and groups of their own, in spool and keys.

    The split of a row is decided by then, by what it says: equal texts of a table are never in two splits.

    Args:
        keys: a row for each row of the corpus, in order, see `row_hashes`.
        spool: the rows.

    Returns:
        The keys, with the hashes of the new ids and groups.
    """
    of_texts = keys.select("id_key", HAS_TEXT_ID).with_row_index("row").filter(HAS_TEXT_ID)
    further = (
        of_texts.filter(pl.col("id_key").is_duplicated())
        .select("row", number=pl.int_range(1, pl.len() + 1).over("id_key"))
        .filter(pl.col("number") > 1)
    )
    renamed = [_rename(batch, further) for batch in spool] if further.height else []
    keys = keys.drop(HAS_TEXT_ID)
    if not renamed:
        return keys
    both = keys.with_row_index("row").join(pl.concat(renamed), on="row", how="left", maintain_order="left")
    return both.select(
        pl.coalesce(f"new_{name}", name).alias(name) if f"new_{name}" in both.columns else name
        for name in keys.columns
    )


def _rename(batch: SpooledBatch, further: pl.DataFrame) -> pl.DataFrame:
    """Gives rows of a batch their new ids; returns `row`, `new_id_key`, and `new_group_key` or null."""
    here = further.filter(pl.col("row").is_between(batch.start, batch.start + batch.height, closed="left"))
    at = here["row"] - batch.start
    rows = batch.select(["id", "source", "group"])[at].hstack(here)
    rows = rows.with_columns(new_id=numbered(pl.col("id"), pl.col("number")))
    if rows.height:
        batch.new_ids = at, rows["new_id"]
    is_own_group = pl.col("group") == pl.col("id")
    return rows.select(
        "row",
        new_id_key=hash_text(pl.col("new_id")),
        new_group_key=pl.when(is_own_group).then(group_key(pl.col("new_id"))),
    )

"""Finds the rows that decisions are about: by id and text, else by the text alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from etl.corrections.text_hashes import text_hash
from etl.text.hashes import hash_text

_SUBJECT = ["id", "text_hash"]
# The numbers of rows, in order -> frames with `row`, `source`, `id` and `text` of all of them.
ReadRows = Callable[[pl.Series], Iterator[pl.DataFrame]]


@dataclass(frozen=True)
class Located:
    """Where the rows of decisions are.

    Attributes:
        rows: `id` and `text_hash` as decided on; `row`, the number of the row, and its id now, `found_id`.
        known: the ids that some row has, with whatever text.
    """

    rows: pl.DataFrame
    known: pl.Series


def locate(decisions: pl.DataFrame, keys: pl.DataFrame, read: ReadRows) -> Located:
    """Finds the row of each id and text that was decided on.

    One that is not there, or has another text, is looked for among the rows of its source: if one row and no
    other has the text, it is meant. So decisions outlast ids that were made of names of files and lines.

    Args:
        decisions: `id` and `text_hash`, see `etl.corrections.decision.to_frame`.
        keys: of all rows, in order: `source`, and `id_key`, see `etl.text.hashes`.
        read: reads the texts of rows.
    """
    is_about_row = (pl.col("id") != "") & (pl.col("text_hash") != "")
    subjects = decisions.filter(is_about_row).select(_SUBJECT).unique(maintain_order=True)
    hashed = subjects.with_columns(hash_text(pl.col("id")).alias("id_key")).unnest("id_key")
    numbered = keys.select("source", "id_key").unnest("id_key").with_row_index("row")
    # By half of the hash: for a join by both, polars would write them side by side for all rows.
    by_id = numbered.join(hashed, on="high").filter(pl.col("low") == pl.col("low_right"))
    by_id = by_id.select("row", *_SUBJECT)
    texts = _hash_texts(read(by_id["row"].unique().sort()))
    by_id = by_id.join(texts, on="row").with_columns(found_id="id")
    fits = by_id.filter(pl.col("text_hash") == pl.col("found_hash"))
    missing = subjects.join(fits, on=_SUBJECT, how="anti")
    moved = _find_by_text(missing, numbered, read)
    columns = [*_SUBJECT, "row", "found_id"]
    rows = pl.concat([fits.select(columns), moved.select(columns)]).sort("row", *_SUBJECT)
    return Located(rows, by_id["id"].unique())


def _hash_texts(frames: Iterator[pl.DataFrame]) -> pl.DataFrame:
    hashed = [frame.select("row", text_hash(pl.col("text")).alias("found_hash")) for frame in frames]
    schema = {"row": pl.get_index_type(), "found_hash": pl.String}
    return pl.concat(hashed) if hashed else pl.DataFrame(schema=schema)


def _find_by_text(missing: pl.DataFrame, keys: pl.DataFrame, read: ReadRows) -> pl.DataFrame:
    """Returns for each id and text that only one row of the source has: `row` and `found_id`."""
    wanted = missing.with_columns(source=pl.col("id").str.split(":").list.first())
    rows = keys.filter(pl.col("source").is_in(wanted["source"].unique().implode()))["row"]
    found = [
        frame.select("row", "source", text_hash(pl.col("text")), found_id="id")
        .rename({"text": "text_hash"})
        .join(wanted, on=["source", "text_hash"])
        for frame in read(rows)
    ]
    if not found:
        return missing.with_columns(row=pl.lit(None, pl.get_index_type()), found_id="id").clear()
    return (
        pl.concat(found)
        .group_by(_SUBJECT)
        .agg(pl.col("row", "found_id").first(), rows=pl.len())
        .filter(pl.col("rows") == 1)
    )

"""Finds the rows that decisions are about: by id and text, else by the text alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from etl.corrections.text_hashes import text_hash

_SUBJECT = ["id", "text_hash"]


class Rows(Protocol):
    """The rows among which those of decisions are looked for."""

    def find(self, ids: pl.Series) -> pl.DataFrame:
        """Returns `row` and `id` of all rows that have one of some distinct ids."""

    def read(self, rows: pl.Series) -> Iterator[pl.DataFrame]:
        """Yields `row`, `source`, `id` and `text` of rows; their numbers are in order."""

    def read_all(self) -> Iterator[pl.DataFrame]:
        """Yields `row`, `source`, `id` and `text` of all rows."""


@dataclass(frozen=True)
class Located:
    """Where the rows of decisions are.

    Attributes:
        rows: `id` and `text_hash` as decided on; `row`, the number of the row, and its id now, `found_id`.
        known: the ids that some row has, with whatever text.
    """

    rows: pl.DataFrame
    known: pl.Series


def locate(decisions: pl.DataFrame, among: Rows) -> Located:
    """Finds the row of each id and text that was decided on.

    One that is not there, or has another text, is looked for among the rows of its source: if one row and no
    other has the text, it is meant. So decisions outlast ids that were made of names of files and lines.

    Args:
        decisions: `id` and `text_hash`, see `etl.corrections.decision.to_frame`.
        among: the rows.
    """
    is_about_row = (pl.col("id") != "") & (pl.col("text_hash") != "")
    subjects = decisions.filter(is_about_row).select(_SUBJECT).unique(maintain_order=True)
    by_id = among.find(subjects["id"].unique()).join(subjects, on="id")
    by_id = by_id.join(_hash_texts(among.read(by_id["row"].unique().sort())), on="row")
    fits = by_id.filter(pl.col("text_hash") == pl.col("found_hash")).with_columns(found_id="id")
    missing = subjects.join(fits, on=_SUBJECT, how="anti")
    columns = [*_SUBJECT, "row", "found_id"]
    found = [fits.select(columns)]
    if missing.height:
        found.append(_find_by_text(missing, among).select(columns))
    return Located(pl.concat(found).sort("row", *_SUBJECT), by_id["id"].unique())


def _hash_texts(frames: Iterator[pl.DataFrame]) -> pl.DataFrame:
    hashed = [frame.select("row", text_hash(pl.col("text")).alias("found_hash")) for frame in frames]
    return pl.concat(hashed) if hashed else pl.DataFrame(schema={"row": pl.UInt64(), "found_hash": pl.String})


def _find_by_text(missing: pl.DataFrame, among: Rows) -> pl.DataFrame:
    """Returns for each id and text that only one row of the source has: `row` and `found_id`."""
    wanted = missing.with_columns(source=pl.col("id").str.split(":").list.first())
    is_of_source = pl.col("source").is_in(wanted["source"].unique().implode())
    found = [
        rows.filter(is_of_source)
        .select("row", "source", text_hash(pl.col("text")), found_id="id")
        .rename({"text": "text_hash"})
        .join(wanted, on=["source", "text_hash"])
        for rows in among.read_all()
    ]
    if not found:
        return missing.with_columns(row=pl.lit(None, pl.UInt64()), found_id="id").clear()
    return (
        pl.concat(found)
        .group_by(_SUBJECT)
        .agg(pl.col("row", "found_id").first(), rows=pl.len())
        .filter(pl.col("rows") == 1)
    )

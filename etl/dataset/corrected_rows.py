"""The rows of which two datasets differ in what people decided."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from etl.dataset.read import Dataset
from etl.schema import votes
from etl.schema.splits import ALL_SPLITS


@dataclass(frozen=True)
class CorrectedRow:
    """A row with another decision than before, or with another label by one.

    Attributes:
        id: the row.
        decision: what is applied now; None: nothing any more.
        earlier_label, label: in words, before and now; None without one.
        is_kept: whether the row is in the dataset now.
    """

    id: str
    decision: str | None
    earlier_label: str | None
    label: str | None
    is_kept: bool


def find_corrected(earlier: Dataset, later: Dataset) -> tuple[CorrectedRow, ...]:
    """Returns the rows, kept or rejected, whose corrections differ; sorted by id."""
    before, now = _decided_rows(earlier), _decided_rows(later)
    ids = pl.concat([before.select("id"), now.select("id")]).unique()
    if ids.is_empty():
        return ()
    both = _rows(later, ids).join(_rows(earlier, ids), on="id", how="left", suffix="_before")
    differs = pl.col("corrected").ne_missing(pl.col("corrected_before")) | (
        pl.col("corrected").is_not_null() & pl.col("label").ne_missing(pl.col("label_before"))
    )
    columns = ("id", "corrected", "label_before", "label", "is_kept")
    return tuple(CorrectedRow(*each) for each in both.filter(differs).sort("id").select(columns).iter_rows())


def _decided_rows(dataset: Dataset) -> pl.DataFrame:
    if not dataset.manifest.corrections.files:
        return pl.DataFrame(schema={"id": pl.String})
    rows = [dataset.scan(*ALL_SPLITS), dataset.scan_rejects()]
    decided = [each.filter(pl.col("corrected").is_not_null()).select("id") for each in rows]
    return pl.concat(decided).collect(engine="streaming")


def _rows(dataset: Dataset, ids: pl.DataFrame) -> pl.DataFrame:
    parts = [
        rows.select("id", "corrected", votes.in_words().alias("label"), is_kept=pl.lit(value=is_kept))
        for rows, is_kept in ((dataset.scan(*ALL_SPLITS), True), (dataset.scan_rejects(), False))
    ]
    return pl.concat(parts).join(ids.lazy(), on="id", how="semi").unique("id", keep="first").collect()

"""Compares two datasets: rows that are added, removed, in another split, or relabelled.

Rows are known by id and text; one whose id is not there, or has another text now, by its text; and only then
by the id alone. So ids that were made of lines do no harm, nor do those of another kind. `etl validate
--against` measures how far validation and test drift apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from etl.dataset.corrected_rows import CorrectedRow, find_corrected
from etl.dataset.read import Dataset
from etl.schema import votes
from etl.schema.splits import ALL_SPLITS, SPLITS
from etl.settings import Labels

MAX_EXAMPLES = 5
# What two rows must share to be the same row, tried in turn. Of equal texts first those that say so alike.
_SAME = (
    ["id", "text"],
    ["source", "text", "answer", "split"],
    ["source", "text", "answer"],
    ["source", "text"],
    ["id"],
)


@dataclass(frozen=True)
class Difference:
    """The number of rows in each case; a row may be relabelled, reworded and moved at once.

    Attributes:
        rows, earlier_rows: by split, in the second and in the first dataset.
        added, removed: by split.
        relabelled: another label than before, or other votes, unless only their majority counts.
        reworded: another text than before.
        moved: from split to split, such as `("train", "test")`.
        label_drift: by split, the total variation between the shares of the labels, 0 to 1: the share of
            rows that would have to change their label. None where either side has no rows.
        examples: for each case that has rows, a few of their ids.
        corrected: all rows with another decision of a person than before.
    """

    rows: dict[str, int]
    earlier_rows: dict[str, int]
    added: dict[str, int]
    removed: dict[str, int]
    relabelled: int
    reworded: int
    moved: dict[tuple[str, str], int]
    label_drift: dict[str, float | None]
    examples: dict[str, tuple[str, ...]]
    corrected: tuple[CorrectedRow, ...] = ()

    @property
    def is_same(self) -> bool:
        """Whether no row differs."""
        return not (
            any(self.added.values())
            or any(self.removed.values())
            or self.moved
            or self.relabelled
            or self.reworded
            or self.corrected
        )


def compare(earlier: Dataset, later: Dataset) -> Difference:
    """Compares the kept rows of two datasets. Memory: an id, two hashes, two words and the votes of a row."""

    mode = later.manifest.settings.labels
    before, now = _rows(earlier, mode), _rows(later, mode)
    both = _match(before, now)
    is_both = pl.col("row").is_not_null() & pl.col("row_now").is_not_null()
    cases = {
        "added": pl.col("row").is_null(),
        "removed": pl.col("row_now").is_null(),
        "relabelled": pl.col("answer").ne_missing(pl.col("answer_now")) & is_both,
        "reworded": pl.col("text") != pl.col("text_now"),
        "moved": pl.col("split") != pl.col("split_now"),
    }
    found = {name: both.filter(case) for name, case in cases.items()}
    seen = {*before["split"].unique(), *now["split"].unique()}
    splits = [split for split in ALL_SPLITS if split in SPLITS or split in seen]
    moves = found["moved"].group_by("split", "split_now").len().sort("split", "split_now")
    return Difference(
        rows=_by_split(now, "split", splits),
        earlier_rows=_by_split(before, "split", splits),
        added=_by_split(found["added"], "split_now", splits),
        removed=_by_split(found["removed"], "split", splits),
        relabelled=found["relabelled"].height,
        reworded=found["reworded"].height,
        moved={(start, end): count for start, end, count in moves.iter_rows()},
        label_drift={split: _total_variation(before, now, split, mode) for split in SPLITS},
        examples={
            name: tuple(rows.select(pl.coalesce("id_now", "id")).to_series().sort().head(MAX_EXAMPLES))
            for name, rows in found.items()
            if rows.height
        },
        corrected=find_corrected(earlier, later),
    )


def _match(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Returns a row for each row of both: that of before, beside it that of now (`_now`); either may lack."""
    pairs = []
    left, right = before, now
    for keys in _SAME:
        sides = [side.with_columns(_nth=pl.int_range(pl.len()).over(keys)) for side in (left, right)]
        matched = sides[0].join(sides[1], on=[*keys, "_nth"], suffix="_now").select("row", "row_now")
        pairs.append(matched)
        left = left.join(matched, on="row", how="anti")
        right = right.join(matched, left_on="row", right_on="row_now", how="anti")
    numbers = [*pairs, left.select("row", row_now=None), right.select(row=None, row_now="row")]
    known = pl.concat([frame.cast({"row": pl.UInt32, "row_now": pl.UInt32}) for frame in numbers])
    after = now.rename({name: f"{name}_now" for name in now.columns})
    return known.join(before, on="row", how="left").join(after, on="row_now", how="left")


def _rows(dataset: Dataset, mode: Labels) -> pl.DataFrame:

    return (
        dataset.scan(*ALL_SPLITS)
        .with_row_index("row")
        .select(
            *("row", "id", "source", "split", "label", votes.COLUMN),
            votes.answer(mode).hash().alias("answer"),
            pl.col("text").hash(),
        )
        .collect(engine="streaming")
    )


def _by_split(rows: pl.DataFrame, column: str, splits: list[str]) -> dict[str, int]:
    counts = dict(rows.group_by(column).len().iter_rows())
    return {split: counts.get(split, 0) for split in splits}


def _total_variation(before: pl.DataFrame, now: pl.DataFrame, split: str, mode: Labels) -> float | None:

    shares = [
        votes.spread(rows.lazy().filter(pl.col("split") == split).select("label", votes.COLUMN), mode)
        .group_by("label")
        .agg(votes.amount(pl.col("weight")))
        .with_columns(share=pl.col("weight") / pl.col("weight").sum())
        .collect()
        for rows in (before, now)
    ]
    if any(share.is_empty() for share in shares):
        return None
    both = shares[0].join(shares[1], on="label", how="full", suffix="_now", coalesce=True)
    apart = pl.col("share").fill_null(0.0) - pl.col("share_now").fill_null(0.0)
    return float(both.select(apart.abs().sum() / 2).item())

"""Holds the rows of a dataset for the page, in memory and by column: a million of them in some 300 MB.

Kept rows come first, in the order of the dataset, then the rejected ones. The number of a row is its place in
this order; ids go to the file of corrections, numbers to the browser.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from etl.dataset.read import Dataset
from etl.schema import votes
from etl.schema.splits import ALL_SPLITS
from etl.text.normalise import normalised_key

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# In the place of a split, where rows are chosen: those that have a reason.
REJECTS = "rejects"
NEIGHBOURS = 3  # so many before and after a row of a dialogue
MOST_TWINS = 20
LISTED_CHARS = 300  # of a text in a list


class Filter(msgspec.Struct, frozen=True):
    """Which rows are wanted; "" is any.

    Args:
        source, label: of the row.
        split: of the row, or `REJECTS`.
        reason: of a rejected row.
        text: a part of the text, in any case, or the whole id.
    """

    source: str = ""
    label: str = ""
    split: str = ""
    reason: str = ""
    text: str = ""


@dataclass(frozen=True)
class Rows:
    """The rows of a dataset; made by `read_rows`.

    Attributes:
        dataset: where they come from.
        frame: `id`, `source`, `split`, `label`, `raw_label`, `text`, `raw_text` (null where it is the text),
            `votes` (in words), `set` (all its labels, joined by U+001F), `file`, `member`, `position`,
            `group` (a hash, 0 for none), `turn`, `annotations`, `reason`, `detail`; rows in order.
    """

    dataset: Dataset
    frame: pl.DataFrame

    @property
    def labels(self) -> list[str]:
        """The labels that a row may get, in the order of the taxonomy."""
        return self.dataset.labels

    @property
    def has_sets(self) -> bool:
        """Whether a row may have several labels."""
        return self.dataset.manifest.settings.labels == "multi"

    def labels_of(self, numbers: Sequence[int]) -> list[tuple[str, ...]]:
        """Returns the label of each row; where rows have several, all that it has, sorted. () is none."""
        column = "set" if self.has_sets else "label"
        given = self.frame[column].gather(list(numbers)).cast(pl.String).to_list()
        return [tuple(sorted(each.split(votes.SEPARATOR))) if each else () for each in given]

    @cached_property
    def said(self) -> pl.Series:
        """A hash of each normalised text: equal for what says the same."""
        return self.frame.select(normalised_key(pl.col("text")).hash().alias("said")).to_series()

    @cached_property
    def is_rejected(self) -> Flags:
        """Whether each row has a reason."""
        return self.frame["reason"].is_not_null().to_numpy()

    def matching(self, wanted: Filter) -> Flags | None:
        """Returns which rows a filter wants; None: all."""
        conditions = list(_conditions(wanted))
        if wanted.label:
            named = [wanted.label]
            if self.has_sets:
                named = [each for each in self._sets if wanted.label in each.split(votes.SEPARATOR)]
            conditions.append(pl.col("set" if self.has_sets else "label").cast(pl.String).is_in(named))
        if not conditions:
            return None
        return self.frame.select(pl.all_horizontal(conditions).fill_null(value=False)).to_series().to_numpy()

    @property
    def _sets(self) -> list[str]:
        return self.frame["set"].drop_nulls().unique().cast(pl.String).to_list()

    def choices(self) -> dict[str, list[str]]:
        """Returns the values that occur, by column: what one can filter by."""
        found = {
            name: self.frame[name].drop_nulls().unique().cast(pl.String).sort().to_list()
            for name in ("source", "label", "split", "reason")
        }
        if self.has_sets:
            found["label"] = sorted({label for each in self._sets for label in each.split(votes.SEPARATOR)})
        order = [*self.labels, *(label for label in found["label"] if label not in self.labels)]
        known = [split for split in ALL_SPLITS if split in found["split"]]
        return found | {
            "label": [label for label in order if label in found["label"]],
            "split": [*known, *([REJECTS] if found["reason"] else [])],
        }

    def summaries(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """Returns what a list shows of rows: `row`, `id`, the beginning of `text`, `label`, `source`, …"""
        wanted = self.frame[list(numbers)].select(
            pl.Series("row", list(numbers), pl.Int64),
            "id",
            pl.when(pl.col("text").str.len_chars() > LISTED_CHARS)
            .then(pl.format("{}…", pl.col("text").str.slice(0, LISTED_CHARS)))
            .otherwise(pl.col("text").fill_null(""))
            .alias("text"),
            *(pl.col(name).cast(pl.String) for name in ("label", "votes", "source", "split", "reason")),
        )
        return wanted.to_dicts()

    def details(self, number: int) -> dict[str, Any]:
        """Returns all that is known of a row, its columns by name."""
        row = self.frame.row(number, named=True)
        del row["group"], row["set"]
        labels = self.labels_of([number])[0]
        return {"row": number} | row | {"text": row["text"] or "", "labels": labels}

    def neighbours(self, number: int) -> list[int]:
        """Returns the rows around one in its dialogue, itself among them; none if it has no group."""
        group = self.frame["group"][number]
        if not group:
            return []
        together = (self.frame["group"] == group).arg_true()
        turns = self.frame[together.to_list()].select("turn", "file", "position")
        ordered = together.gather(
            turns.select(pl.arg_sort_by("turn", "file", "position")).to_series()
        ).to_list()
        at = ordered.index(number)
        near = ordered[max(0, at - NEIGHBOURS) : at + NEIGHBOURS + 1]
        return near if len(near) > 1 else []

    def twins(self, number: int) -> list[int]:
        """Returns other rows that say the same but for spaces and punctuation, at most `MOST_TWINS`.

        Until the hashes are there, which takes seconds for a million rows, those of exactly the same text.
        """
        text = self.frame["text"][number]
        if not text:
            return []
        is_hashed = "said" in self.__dict__
        same = (self.said == self.said[number] if is_hashed else self.frame["text"] == text).arg_true()
        return [other for other in same.head(MOST_TWINS + 1).to_list() if other != number][:MOST_TWINS]

    def numbers_of(self, ids: pl.Series) -> dict[str, int]:
        """Returns the row number of each id that there is; of several the first."""
        found = (
            self.frame.lazy()
            .select("id", number=pl.int_range(pl.len(), dtype=pl.Int64))
            .filter(pl.col("id").is_in(ids.unique().implode()))
            .unique("id", keep="first", maintain_order=True)
            .collect()
        )
        return dict(found.iter_rows())


def read_rows(dataset: Dataset) -> Rows:
    """Reads the kept and the rejected rows of a dataset.

    Raises:
        InputError: a file of the dataset is not as its manifest lists it.
    """
    kept = dataset.scan(*ALL_SPLITS).with_columns(
        reason=pl.lit(None, pl.String), detail=pl.lit(None, pl.String)
    )
    parts = [_held(rows).collect() for rows in (kept, dataset.scan_rejects())]
    return Rows(dataset, pl.concat(parts).rechunk())


def _held(rows: pl.LazyFrame) -> pl.LazyFrame:
    def word(name: str) -> pl.Expr:
        return pl.col(name).cast(pl.String).cast(pl.Categorical)

    group = pl.concat_str(pl.col("source").cast(pl.String), "group", separator="\x1f").hash()
    has_group = pl.col("group").fill_null("") != ""
    return rows.select(
        pl.col("id").fill_null(""),
        *map(word, ("source", "split", "label")),
        pl.col("raw_label"),
        # A rejected row may not have been cleaned.
        pl.coalesce("text", "raw_text").alias("text"),
        pl.when(pl.col("raw_text") != pl.col("text")).then("raw_text").alias("raw_text"),
        votes.shares_in_words().cast(pl.String).alias("votes"),
        votes.answer("multi").cast(pl.String).cast(pl.Categorical).alias("set"),
        *map(word, ("file", "member")),
        pl.col("position"),
        pl.when(has_group).then(group).otherwise(pl.lit(0, pl.UInt64)).alias("group"),
        pl.col("turn").cast(pl.Int32),
        pl.col("annotations"),
        word("reason"),
        pl.col("detail"),
    )


def _conditions(wanted: Filter) -> list[pl.Expr]:
    conditions = [pl.col(name) == value for name in ("source", "reason") if (value := getattr(wanted, name))]
    if wanted.split:
        is_rejected = pl.col("reason").is_not_null()
        is_wanted = ~is_rejected & (pl.col("split") == wanted.split)
        conditions.append(is_rejected if wanted.split == REJECTS else is_wanted)
    if text := unicodedata.normalize("NFC", wanted.text.strip()):
        has_case = text.lower() != text.upper()
        pattern = f"(?i){re.escape(text)}" if has_case else text
        contains = pl.col("text").str.contains(pattern, literal=not has_case)
        conditions.append(contains | (pl.col("id") == text))
    return conditions

"""Makes the queues: which rows people look at, in which order, and what is known of each beforehand.

A queue is a list of row numbers. Some come from the rows alone, others from what `etl validate --evidence`
found, or from a model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from etl.review.rows import Numbers, Rows
from etl.schema.splits import UNLABELLED

# In the order of the page.
QUEUES = (
    "conflicts",
    "suspects",
    "near",
    "unknown_labels",
    "low_confidence",
    "to_label",
    "audit",
    "rejects",
    "all",
)
# Reasons of rejected rows whose label may be the right one of a text.
_OF_SAME_TEXT = ("conflicting_labels", "leak_exact", "leak_normalised")
# One decision is about all rows of a group: the same text, or the same unknown label.
BY_GROUP = frozenset({"conflicts", "unknown_labels"})


@dataclass(frozen=True)
class Queue:
    """Rows in the order in which they are looked at.

    Attributes:
        rows: their numbers, each once.
        groups: for each a number, the same for rows that are looked at together; rows of a group stand
            beside each other. None: each row is for itself.
        facts: further columns, of the same rows: `likely_label`, `confidence`, `similarity`, `detail`.
    """

    rows: Numbers
    groups: Numbers | None = None
    facts: pl.DataFrame = field(default_factory=pl.DataFrame)


Make = Callable[[], Queue]


def conflicts(rows: Rows) -> Queue:
    """Returns the rows whose text stands in the dataset with several labels; the most frequent texts first.

    Texts are the same but for spaces and punctuation. Of rejected rows those count that were rejected for it,
    or as a leak: of a text in train and in validation one of the labels is wrong, too.
    """
    is_wanted = pl.col("reason").is_null() | pl.col("reason").cast(pl.String).is_in(_OF_SAME_TEXT)
    answer = pl.col("set") if rows.has_sets else pl.coalesce(pl.col("label").cast(pl.String), "votes")
    shared = (
        rows.frame.lazy()
        .select(
            number=pl.int_range(pl.len(), dtype=pl.Int64), said=rows.said, answer=answer, is_wanted=is_wanted
        )
        .filter(pl.col("is_wanted") & pl.col("answer").is_not_null() & pl.col("said").is_not_null())
        .filter(pl.col("said").is_duplicated())
        .filter(pl.col("answer").n_unique().over("said") > 1)
    )
    return _grouped(shared.collect(), "said")


def unknown_labels(rows: Rows) -> Queue:
    """Returns the rows with a label that nobody has mapped, value by value; the most frequent first."""
    unknown = (
        rows.frame.lazy()
        .select("source", "raw_label", number=pl.int_range(pl.len(), dtype=pl.Int64), reason="reason")
        .filter((pl.col("reason") == "unknown_label") & (pl.col("raw_label") != ""))
        .select("number", value=pl.struct("source", "raw_label"))
    )
    return _grouped(unknown.collect(), "value")


def rejects(rows: Rows) -> Queue:
    """Returns all rejected rows, by reason."""
    numbers = np.flatnonzero(rows.is_rejected)
    reasons = rows.frame["reason"].gather(numbers).cast(pl.String)
    return Queue(numbers[reasons.arg_sort().to_numpy()])


def to_label(rows: Rows) -> Queue:
    """Returns the rows without a label that wait for one."""
    is_unlabelled = (rows.frame["split"] == UNLABELLED).fill_null(value=False).to_numpy()
    return Queue(np.flatnonzero(is_unlabelled & ~rows.is_rejected))


def everything(rows: Rows) -> Queue:
    """Returns all rows, in the order of the dataset."""
    return Queue(np.arange(rows.frame.height))


def from_findings(rows: Rows, found: pl.DataFrame, *, is_grouped: bool) -> Queue:
    """Returns the rows that `etl validate` found, in its order.

    Args:
        rows: of the dataset.
        found: `id`, and where they are known `group`, `likely_label`, `confidence`, `similarity`, `detail`.
        is_grouped: whether rows of one `group` are looked at together.
    """
    numbers = rows.numbers_of(found["id"])
    placed = found.with_columns(
        number=pl.col("id").replace_strict(numbers, default=None, return_dtype=pl.Int64)
    ).drop_nulls("number")
    if is_grouped:
        together = _components(placed["group"].to_list(), placed["number"].to_list())
        # Groups stay in the order in which they are first named.
        placed = placed.with_columns(group=pl.Series(together, dtype=pl.Int64)).sort(
            "group", maintain_order=True
        )
    placed = placed.unique("number", keep="first", maintain_order=True)
    facts = [
        name for name in ("likely_label", "confidence", "similarity", "detail") if name in placed.columns
    ]
    groups = placed["group"].to_numpy() if is_grouped else None
    return Queue(placed["number"].to_numpy(), groups, placed.select(facts))


def _components(groups: list[int], numbers: list[int]) -> list[int]:
    """Returns for each line the place of the first line that it hangs together with, by group or by row."""
    parents = list(range(len(groups)))

    def root(line: int) -> int:
        while parents[line] != line:
            parents[line] = parents[parents[line]]
            line = parents[line]
        return line

    for keys in (groups, numbers):
        first: dict[int, int] = {}
        for line, key in enumerate(keys):
            one, other = sorted((root(first.setdefault(key, line)), root(line)))
            parents[other] = one
    return [root(line) for line in range(len(groups))]


def by_confidence(probabilities: pl.DataFrame) -> Queue:
    """Returns the rows in which a model trusts itself least, least first.

    Args:
        probabilities: `number`, `likely_label` and `confidence` of the rows that the model could read.
    """
    ordered = probabilities.sort("confidence", "number")
    return Queue(ordered["number"].to_numpy(), None, ordered.select("likely_label", "confidence"))


def _grouped(members: pl.DataFrame, key: str) -> Queue:
    """Returns rows group by group, largest group first, of equal ones that with the first row.

    Args:
        members: `number`, and what the rows of a group have in common.
        key: its name.
    """
    ordered = members.with_columns(size=pl.len().over(key), first=pl.col("number").min().over(key)).sort(
        "size", "first", "number", descending=[True, False, False]
    )
    return Queue(ordered["number"].to_numpy(), ordered["first"].to_numpy())

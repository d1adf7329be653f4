"""Makes one decision for each row of the decisions of all people; whether a row exists is not asked here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from etl.corrections.decision import SUBJECT, Decision, to_frame
from etl.settings import Corrections

# One text of one row, or one label of a source.
KEY = [*SUBJECT, "text_hash"]
_VERDICT = ["decision", "labels"]
_NO_REVIEWER = 2**31 - 1


@dataclass(frozen=True)
class Resolved:
    """What is to be applied, and on what people disagree. Both are sorted.

    Attributes:
        decisions: one row for each row and text, or label: `id`, `source`, `raw_label`, `text_hash`,
            `decision`, `labels`, and who decided so, `by`.
        disagreements: a row for each verdict where there are several: the same columns, and whether it is
            applied (`is_applied`).
        other_taxonomy: how many decisions chose from the labels of another taxonomy; they are left out.
    """

    decisions: pl.DataFrame
    disagreements: pl.DataFrame
    other_taxonomy: int = 0


def resolve(
    decisions: Iterable[Decision], settings: Corrections = Corrections(), taxonomy: str | None = None
) -> Resolved:
    """Finds for each row and text what is applied; the order of the decisions does not matter.

    The last decision of a person on a row counts, by time and then by content; `undo` takes it back, and a
    `note` is none. Where people disagree, the verdict of more than half of them is applied, or that of the
    first of the named reviewers who decided; without one, none is.

    Args:
        decisions: of all people.
        settings: how to resolve what people disagree on.
        taxonomy: the name of the labels of the dataset; None: decisions for any labels count.
    """
    return resolve_frame(to_frame(decisions), settings, taxonomy)


def resolve_frame(frame: pl.DataFrame, settings: Corrections, taxonomy: str | None) -> Resolved:
    """Resolves the decisions of a frame of `etl.corrections.decision.to_frame`; see `resolve`."""
    is_foreign = pl.lit(value=False)
    if taxonomy is not None:
        is_foreign = (pl.col("labels").list.len() > 0) & ~pl.col("taxonomy").is_in(["", taxonomy])
    verdicts = count_verdicts(last_decisions(frame.filter(~is_foreign)), settings)
    is_single = pl.col("verdicts") == 1
    shown = [*KEY, *_VERDICT, "by"]
    return Resolved(
        decisions=verdicts.filter("is_applied").select(shown),
        disagreements=verdicts.filter(~is_single).select(*shown, "is_applied"),
        other_taxonomy=frame.filter(is_foreign).height,
    )


def last_decisions(frame: pl.DataFrame) -> pl.DataFrame:
    """Returns the one decision of each person on each row or label that counts; see `resolve`.

    Args:
        frame: of `etl.corrections.decision.to_frame`.
    """
    return (
        frame.filter(pl.col("decision") != "note")
        .unique("line")
        .sort("at", "line")
        .unique(["by", *SUBJECT], keep="last", maintain_order=True)
        .filter(pl.col("decision") != "undo")
    )


def count_verdicts(last: pl.DataFrame, settings: Corrections) -> pl.DataFrame:
    """Returns a row for each verdict on a row and text, or a label: who gave it, and whether it is applied.

    Args:
        last: the decisions that count.
        settings: how to resolve what people disagree on.

    Returns:
        Sorted: the key, `decision`, `labels`, `by` (sorted), `verdicts` (how many there are on the same), and
        `is_applied`.
    """
    by_majority = settings.resolve == "majority"
    ranks = {} if by_majority else {name: rank for rank, name in enumerate(settings.resolve)}
    rank = pl.col("by").replace_strict(ranks, default=_NO_REVIEWER, return_dtype=pl.Int64)
    people = pl.col("people")
    is_first = (pl.col("rank") < _NO_REVIEWER) & (pl.col("rank") == pl.col("rank").min().over(KEY))
    is_chosen = (2 * people > people.sum().over(KEY)) if by_majority else is_first
    return (
        last.with_columns(rank=rank, answer=pl.col("labels").list.join("\x1f"))
        .group_by(*KEY, "decision", "answer")
        .agg(pl.col("labels", "rank").sort_by("rank").first(), pl.col("by").sort(), people=pl.len())
        .with_columns(verdicts=pl.len().over(KEY))
        .with_columns(is_applied=(pl.col("verdicts") == 1) | is_chosen)
        .sort(*KEY, "decision", "answer")
        .drop("rank", "answer", "people")
    )

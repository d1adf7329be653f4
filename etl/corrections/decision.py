"""One decision of one person about one row, or about all rows of an unknown label: a line of the file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import msgspec
import polars as pl
import pyarrow as pa

from etl.language.library_words import own_message, said
from etl.language.message import tr

Kind = Literal["relabel", "drop", "keep", "not_a_conflict", "note", "map_label", "undo"]

_ABOUT_A_TEXT = ("relabel", "drop", "keep", "not_a_conflict")
_WITH_A_LABEL = ("relabel", "keep", "map_label")
# A clock that is set wrong loses no decision; but in the first and last year a moment may have no UTC.
_YEARS = range(2, 9999)
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
# What a decision is about: a row, or a label of a source.
SUBJECT = ("id", "source", "raw_label")


class Decision(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    gc=False,  # a decision refers to no object that could refer to it, and there may be 100,000 of them
):
    """One decision.

    Attributes:
        id: the row; empty in a decision about a label.
        text_hash: of the text that was decided on, see `etl.corrections.text_hash`.
        source, raw_label: in `map_label`, the label as read that is unknown.
        decision: `relabel`, `drop`, `keep` (the label is right), `not_a_conflict` (the row stays, although
            other rows of its text have other labels), `note`, `map_label` (what an unknown label means), or
            `undo`.
        label: the right label, or several of them under `labels: multi`; None in `map_label`: it means none.
        taxonomy: the name of the labels that were chosen from; empty: not known.
        by: who decided.
        at: when.
        why: a sentence for people.
    """

    id: str = ""
    text_hash: Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{32})?$")] = ""
    source: str = ""
    raw_label: str = ""
    decision: Kind
    label: str | tuple[str, ...] | None = None
    taxonomy: str = ""
    by: Annotated[str, msgspec.Meta(min_length=1)]
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    why: str = ""

    def __post_init__(self) -> None:
        """Refuses a decision that lacks a part, or has one that means nothing in it."""
        if problem := _find_problem(self):
            raise ValueError(problem)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, sorted: one and the same for one and the same set."""
        return (self.label,) if isinstance(self.label, str) else tuple(sorted(set(self.label or ())))


def problem_of(error: Exception) -> str:
    """Returns what is wrong with a decision that msgspec refused; where the words are ours, as a message."""
    return own_message(error) or own_message(error.__cause__) or said(error)


def _find_problem(decision: Decision) -> str:
    kind = decision.decision
    if decision.at.year not in _YEARS:
        return tr("`at` is in the year {year}", year=decision.at.year)
    is_about_label = bool(decision.source and decision.raw_label)
    if kind == "map_label" and not is_about_label:
        return tr("`map_label` needs `source` and `raw_label`")
    if kind != "map_label" and not decision.id and not (kind == "undo" and is_about_label):
        return tr("`{kind}` needs the `id` of a row", kind=kind)
    if decision.id and (decision.source or decision.raw_label):
        return tr("a decision is about a row (`id`) or a label (`source`, `raw_label`), not both")
    if kind in _ABOUT_A_TEXT and not decision.text_hash:
        return tr("`{kind}` needs the `text_hash` of the text that was decided on", kind=kind)
    if kind == "relabel" and not decision.label:
        return tr("`relabel` needs a `label`")
    if decision.label is not None and kind not in _WITH_A_LABEL:
        return tr("`{kind}` has no `label`", kind=kind)
    if decision.label is not None and not all(decision.labels or ("",)):
        return tr("a `label` is empty")
    return ""


def to_line(decision: Decision) -> bytes:
    """Returns a decision as a line of JSON without its end: the same decision, the same bytes."""
    if decision.at.tzinfo is UTC and not isinstance(decision.label, tuple):
        return msgspec.json.encode(decision)
    return msgspec.json.encode(
        msgspec.structs.replace(
            decision,
            at=decision.at.astimezone(UTC),
            label=decision.labels[0] if len(decision.labels) == 1 else decision.labels or None,
        )
    )


def sort_decisions(decisions: Iterable[Decision]) -> list[Decision]:
    """Returns decisions in their order, by time and then by content, each once."""
    by_line = {to_line(each): each for each in decisions}
    return [each for _, each in sorted(by_line.items(), key=lambda item: (item[1].at, item[0]))]


def to_frame(decisions: Iterable[Decision]) -> pl.DataFrame:
    """Returns a row for each decision: its fields, `labels` in the place of `label`, and its `line`."""
    chosen = list(decisions)
    words = ("id", "text_hash", "source", "raw_label", "decision", "taxonomy", "by", "why")
    return pl.DataFrame(
        {
            **{name: [getattr(each, name) for each in chosen] for name in words},
            "at": [(each.at - _EPOCH) // _MICROSECOND for each in chosen],
            "line": [to_line(each) for each in chosen],
        },
        schema={**dict.fromkeys(words, pl.String), "at": pl.Int64, "line": pl.Binary},
    ).with_columns(pl.col("at").cast(pl.Datetime("us", "UTC")), _labels_column(chosen))


def _labels_column(decisions: list[Decision]) -> pl.Series:
    """By way of Arrow, which takes a tenth of the time of tuples, and imports pandas at its first array."""
    if not decisions:
        return pl.Series("labels", [], pl.List(pl.String))
    labels: list[str] = []
    offsets = [0]
    for each in decisions:
        if isinstance(each.label, str):
            labels.append(each.label)
        else:
            labels.extend(each.labels)
        offsets.append(len(labels))
    values = pa.array(labels, pa.string())
    column = pl.from_arrow(pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values))
    assert isinstance(column, pl.Series)
    return column.alias("labels")

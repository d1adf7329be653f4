"""What changed since an earlier dataset, split by split: rows, labels, sources, lengths, tokens.

Measures drift as between splits, see `drift`. Which rows are the same goes by id; where the ids of the two
datasets name different sentences, by the normalised text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from etl.dataset.read import SPLITS, Dataset
from etl.text.normalise import normalised_key
from etl.validation.checks import balance, drift, token_stats
from etl.validation.checks.drift import Drift
from etl.validation.checks.token_stats import Unseen
from etl.validation.findings import MAX_EXAMPLES, Finding, judge, listing

if TYPE_CHECKING:
    from etl.validation.checks.balance import Cell

EARLIER = "earlier"
# Of the rows that share an id, so many must share the text too, or the ids are but numbers of lines.
_SAME_TEXT = 0.5


@dataclass(frozen=True)
class Change:
    """What changed in one split.

    Attributes:
        rows, earlier_rows: now, and before.
        added: rows that the earlier dataset has in no split.
        moved_in: rows that it has in other splits only.
        relabelled: rows that it has, with one label, and another one than now.
        reworded: rows whose id it has with another normalised text; None where rows are matched by text.
        removed: rows that this split had, and no split has now.
        moved_out: rows that this split had, and only other splits have now.
        drifts: of labels, sources and lengths from the same split before.
        unseen: tokens that the same split did not have before; None where either has none.
        examples: ids of rows that moved in, the first in order.
    """

    split: str
    rows: int
    earlier_rows: int
    added: int
    moved_in: int
    relabelled: int
    reworded: int | None
    removed: int
    moved_out: int
    drifts: tuple[Drift, ...]
    unseen: Unseen | None
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Against:
    """A dataset compared with an earlier one.

    Attributes:
        matched_by: what says that two rows are the same: "id", or "text" where ids say nothing.
        changes: for each split that either has.
        labels_gone, labels_new, sources_gone, sources_new: names that only one of them has.
    """

    matched_by: Literal["id", "text"]
    changes: tuple[Change, ...]
    labels_gone: tuple[str, ...]
    labels_new: tuple[str, ...]
    sources_gone: tuple[str, ...]
    sources_new: tuple[str, ...]


def measure(dataset: Dataset, earlier: Dataset) -> Against:
    """Compares two datasets; memory: an id and two hashes a row, and the distinct tokens."""
    now, before = _rows(dataset), _rows(earlier)
    matched_by = _matched_by(now, before)
    moves = _moves(now, before, matched_by)
    cells = _cells(dataset), _cells(earlier)
    lengths = drift.count_characters(dataset), drift.count_characters(earlier)
    words = token_stats.count_tokens(dataset.scan()), token_stats.count_tokens(earlier.scan())
    labels, sources = ([{getattr(cell, of) for cell in side} for side in cells] for of in ("label", "source"))
    return Against(
        matched_by=matched_by,
        changes=tuple(
            Change(
                split=split,
                **moves[split],
                drifts=_drifts(split, cells, lengths),
                unseen=_unseen(split, words),
            )
            for split in SPLITS
            if moves[split]["rows"] or moves[split]["earlier_rows"]
        ),
        labels_gone=tuple(sorted(labels[1] - labels[0])),
        labels_new=tuple(sorted(labels[0] - labels[1])),
        sources_gone=tuple(sorted(sources[1] - sources[0])),
        sources_new=tuple(sorted(sources[0] - sources[1])),
    )


def check(found: Against) -> list[Finding]:
    """The findings of this module."""
    findings = [
        *judge("since_labels", len(found.labels_gone), names=listing(found.labels_gone)),
        *judge("since_sources", len(found.sources_gone), names=listing(found.sources_gone)),
        *_check_rows(found),
    ]
    for change in found.changes:
        findings += judge(
            "since_moved",
            change.moved_in,
            examples=change.examples,
            split=change.split,
            matched_by=found.matched_by,
        )
        if change.split != "train":
            added, removed = change.added + change.moved_in, change.removed + change.moved_out
            reworded = change.reworded or 0
            findings += judge(
                "since_evaluation",
                added + removed + reworded,
                split=change.split,
                added=added,
                removed=removed,
                reworded=reworded,
            )
        for drifted in change.drifts:
            findings += drift.judge_drift(drifted, f"since_{drifted.of}_drift", "since_length_shift")
        if change.unseen:
            findings += drift.judge_unseen(change.unseen, "since_unseen_tokens")
    return findings


def _check_rows(found: Against) -> list[Finding]:
    def total(field: str) -> int:
        return sum(getattr(change, field) or 0 for change in found.changes)

    rows, before = total("rows"), total("earlier_rows")
    kept = rows - total("added")
    findings = []
    if before:
        findings += judge(
            "since_removed",
            total("removed") / before,
            removed=total("removed"),
            of=before,
            matched_by=found.matched_by,
        )
    if kept:
        findings += judge("since_relabelled", total("relabelled") / kept, rows=total("relabelled"), of=kept)
    findings += judge(
        "since_rows",
        total("added") + total("removed"),
        added=total("added"),
        removed=total("removed"),
        rows=rows,
        before=before,
        matched_by=found.matched_by,
    )
    return findings


def _rows(dataset: Dataset) -> pl.DataFrame:
    """A row a sentence: `split`, `id`, `label`, and hashes: `id_key`, `text_key`; a null has a null hash."""

    rows = dataset.scan().filter(pl.col("split").is_in(SPLITS))
    return rows.select(
        "split",
        "id",
        "label",
        id_key=_key(pl.col("id")),
        text_key=_key(normalised_key(pl.col("text"))),
    ).collect(engine="streaming")


def _key(value: pl.Expr) -> pl.Expr:

    return pl.when(value.is_not_null()).then(value.hash())


def _matched_by(now: pl.DataFrame, before: pl.DataFrame) -> Literal["id", "text"]:
    ids = before.select("id_key", "text_key").unique("id_key", keep="any")
    shared = now.join(ids, on="id_key", how="inner", suffix="_before")
    same = int((shared["text_key"] == shared["text_key_before"]).sum())
    return "id" if shared.height and same >= _SAME_TEXT * shared.height else "text"


def _moves(
    now: pl.DataFrame, before: pl.DataFrame, matched_by: Literal["id", "text"]
) -> dict[str, dict[str, Any]]:
    """For each split, the fields of `Change` that count rows."""

    key = f"{matched_by}_key"
    matched = now.join(_by_key(before, key), on=key, how="left")
    left = before.join(_by_key(now, key), on=key, how="left")
    is_matched = pl.col("splits").is_not_null()
    has_moved = is_matched & ~pl.col("splits").list.contains(pl.col("split"))
    is_relabelled = (pl.col("labels") == 1) & (pl.col("label") != pl.col("other_label"))
    is_reworded = pl.col("text_key") != pl.col("other_text")
    moves = {}
    for split in SPLITS:
        these, those = (rows.filter(pl.col("split") == split) for rows in (matched, left))
        moved = these.filter(has_moved)["id"]
        moves[split] = {
            "rows": these.height,
            "earlier_rows": those.height,
            "added": these.filter(~is_matched).height,
            "moved_in": len(moved),
            "relabelled": these.filter(is_relabelled).height,
            "reworded": these.filter(is_reworded).height if matched_by == "id" else None,
            "removed": those.filter(~is_matched).height,
            "moved_out": those.filter(has_moved).height,
            "examples": tuple(moved.drop_nulls().sort().head(MAX_EXAMPLES)),
        }
    return moves


def _by_key(rows: pl.DataFrame, key: str) -> pl.DataFrame:
    """For each key its `splits`, how many different `labels` it has, and one label and text."""

    return rows.group_by(key).agg(
        splits=pl.col("split").unique(),
        labels=pl.col("label").n_unique(),
        other_label=pl.col("label").min(),
        other_text=pl.col("text_key").min(),
    )


def _cells(dataset: Dataset) -> list[Cell]:
    return balance.cells(balance.count(dataset))


def _drifts(
    split: str,
    cells: tuple[Sequence[Cell], Sequence[Cell]],
    lengths: tuple[pl.DataFrame, pl.DataFrame],
) -> tuple[Drift, ...]:
    measured = []
    for of in drift.NAMED:
        now, before = (balance.by_name(side, of, split) for side in cells)
        measured += drift.compare(of, now, before, split, EARLIER)
    now_lengths, before_lengths = (drift.by_length(side, split) for side in lengths)
    return (*measured, *drift.compare_lengths(now_lengths, before_lengths, split, EARLIER))


def _unseen(split: str, words: tuple[pl.DataFrame, pl.DataFrame]) -> Unseen | None:
    now, before = (token_stats.of_split(side, split) for side in words)
    if now.is_empty() or before.is_empty():
        return None
    return token_stats.unseen(now, before, split, EARLIER)

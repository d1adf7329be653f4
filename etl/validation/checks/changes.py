"""Compares with an earlier dataset, split by split: rows, labels, sources, lengths, tokens.

Drift is measured as between splits, see `drift`. Rows are matched by id; where the ids of the two datasets
name different sentences, by the normalised text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import polars as pl

from etl.dataset.read import SPLITS, Dataset
from etl.language.lists import listing
from etl.language.message import tr
from etl.schema import votes
from etl.settings import Labels
from etl.text.html import count, count_or_dash, name, section, table, text
from etl.text.normalise import normalised_key
from etl.validation import unseen
from etl.validation.check import Check, ReportContext
from etl.validation.checks import drift
from etl.validation.checks.drift import Drift
from etl.validation.checks.labels import count_labels
from etl.validation.findings import MAX_EXAMPLES, Finding
from etl.validation.rules import Rules
from etl.validation.selection import number_rows
from etl.validation.unseen import UnseenTokens
from etl.validation.view import View, count_labelled, count_rows, make_cells

EARLIER = "earlier"
# Of the rows that share an id, so many must share the text too, or the ids are but numbers of lines.
_SAME_TEXT = 0.5
_MATCHED_BY = {"id": tr("id"), "text": tr("text")}


@dataclass(frozen=True)
class SplitChanges:
    """Changes in one split.

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
    unseen: UnseenTokens | None
    examples: tuple[str, ...]


@dataclass(frozen=True)
class DatasetChanges:
    """The changes since an earlier dataset.

    Attributes:
        matched_by: what says that two rows are the same: "id", or "text" where ids say nothing.
        changes: for each split that either has.
        labels_gone, labels_new, sources_gone, sources_new: names that only one of them has.
    """

    matched_by: Literal["id", "text"]
    changes: tuple[SplitChanges, ...]
    labels_gone: tuple[str, ...]
    labels_new: tuple[str, ...]
    sources_gone: tuple[str, ...]
    sources_new: tuple[str, ...]


def measure(view: View) -> DatasetChanges:
    """Compares the dataset with the earlier one; memory: an id and two hashes a row, the distinct tokens."""
    assert view.earlier is not None
    dataset, earlier = view.dataset, view.earlier
    # What a label of a row is, is a question to both: the later dataset says which.
    mode = dataset.manifest.settings.labels
    now, before = _rows(dataset, mode), _rows(earlier, mode)
    matched_by = _matched_by(now, before)
    moves = _moves(now, before, matched_by)
    names = _count_names(dataset, mode), _count_names(earlier, mode)
    lengths = drift.count_characters(dataset), drift.count_characters(earlier)
    words = unseen.count_tokens(dataset.scan()), unseen.count_tokens(earlier.scan())
    labels, sources = ([{*side[of](None)} for side in names] for of in drift.NAMED)
    return DatasetChanges(
        matched_by=matched_by,
        changes=tuple(
            SplitChanges(
                split=split,
                **moves[split],
                drifts=_drifts(split, names, lengths),
                unseen=_unseen_tokens(split, words),
            )
            for split in SPLITS
            if moves[split]["rows"] or moves[split]["earlier_rows"]
        ),
        labels_gone=tuple(sorted(labels[1] - labels[0])),
        labels_new=tuple(sorted(labels[0] - labels[1])),
        sources_gone=tuple(sorted(sources[1] - sources[0])),
        sources_new=tuple(sorted(sources[0] - sources[1])),
    )


def select(view: View, codes: Collection[str], _measured: DatasetChanges | None) -> dict[str, pl.DataFrame]:
    """Selects the rows that moved or got another label, as detail what they had; and those that are gone."""
    wanted = {"since_moved": "has_moved", "since_relabelled": "is_relabelled"}
    if view.earlier is None or not {"since_removed", *wanted} & {*codes}:
        return {}
    mode = view.dataset.manifest.settings.labels
    now, before = _rows(view.dataset, mode), _rows(view.earlier, mode)
    key = f"{_matched_by(now, before)}_key"
    matched = _match(now, before, key)
    had = {"has_moved": pl.col("splits").list.sort().list.join(", "), "is_relabelled": pl.col("other_label")}
    selected = {
        code: number_rows(matched.filter(column).select("row", detail=had[column]).sort("row"))
        for code, column in wanted.items()
        if code in codes
    }
    if "since_removed" in codes:
        gone = _match(before, now, key).filter(pl.col("splits").is_null())
        selected["since_removed"] = number_rows(gone.select("row").sort("row"))
    return selected


def judge(changes: DatasetChanges, rules: Rules) -> list[Finding]:
    """Judges names that are gone, rows that came, went or changed, drifts, and new tokens."""
    findings = [
        *rules.judge("since_labels", len(changes.labels_gone), names=listing(changes.labels_gone)),
        *rules.judge("since_sources", len(changes.sources_gone), names=listing(changes.sources_gone)),
        *_judge_rows(changes, rules),
    ]
    for change in changes.changes:
        findings += rules.judge(
            "since_moved",
            change.moved_in,
            examples=change.examples,
            split=change.split,
            matched_by=_MATCHED_BY[changes.matched_by],
        )
        if change.split != "train":
            added, removed = change.added + change.moved_in, change.removed + change.moved_out
            reworded = change.reworded or 0
            findings += rules.judge(
                "since_evaluation",
                added + removed + reworded,
                split=change.split,
                added=added,
                removed=removed,
                reworded=reworded,
            )
        for drifted in change.drifts:
            findings += drift.judge_drift(drifted, rules, f"since_{drifted.of}_drift", "since_length_shift")
        if change.unseen:
            findings += unseen.judge_unseen(change.unseen, rules, "since_unseen_tokens")
    return findings


def _judge_rows(changes: DatasetChanges, rules: Rules) -> list[Finding]:
    def total(field: str) -> int:
        return sum(getattr(change, field) or 0 for change in changes.changes)

    rows, before = total("rows"), total("earlier_rows")
    kept = rows - total("added")
    findings = []
    if before:
        findings += rules.judge(
            "since_removed",
            total("removed") / before,
            removed=total("removed"),
            of=before,
            matched_by=_MATCHED_BY[changes.matched_by],
        )
    if kept:
        findings += rules.judge(
            "since_relabelled", total("relabelled") / kept, rows=total("relabelled"), of=kept
        )
    findings += rules.judge(
        "since_rows",
        total("added") + total("removed"),
        added=total("added"),
        removed=total("removed"),
        rows=rows,
        before=before,
        matched_by=_MATCHED_BY[changes.matched_by],
    )
    return findings


def _count_names(dataset: Dataset, mode: Labels) -> drift.CountNames:
    return {
        "label": partial(count_labels, make_cells(dataset, mode)),
        "source": partial(count_labelled, count_rows(dataset)),
    }


def _rows(dataset: Dataset, mode: Labels) -> pl.DataFrame:
    """Reads a row a sentence: `row`, `split`, `id`, `label`, hashes `id_key` and `text_key`, null for a null.

    The label is what the row says: where there are votes, all of them, unless only the majority counts.
    """
    rows = dataset.scan().with_row_index("row").filter(pl.col("split").is_in(SPLITS))
    return rows.select(
        "row",
        "split",
        "id",
        label=votes.answer(mode),
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
    matched, left = _match(now, before, key), _match(before, now, key)
    is_matched = pl.col("splits").is_not_null()
    is_reworded = pl.col("text_key") != pl.col("other_text")
    moves = {}
    for split in SPLITS:
        these, those = (rows.filter(pl.col("split") == split) for rows in (matched, left))
        moved = these.filter("has_moved")["id"]
        moves[split] = {
            "rows": these.height,
            "earlier_rows": those.height,
            "added": these.filter(~is_matched).height,
            "moved_in": len(moved),
            "relabelled": these.filter("is_relabelled").height,
            "reworded": these.filter(is_reworded).height if matched_by == "id" else None,
            "removed": those.filter(~is_matched).height,
            "moved_out": those.filter("has_moved").height,
            "examples": tuple(moved.drop_nulls().sort().head(MAX_EXAMPLES)),
        }
    return moves


def _match(these: pl.DataFrame, those: pl.DataFrame, key: str) -> pl.DataFrame:
    """Returns these rows with what `_by_key` says of those, and whether they moved or were relabelled."""
    return these.join(_by_key(those, key), on=key, how="left").with_columns(
        has_moved=pl.col("splits").is_not_null() & ~pl.col("splits").list.contains(pl.col("split")),
        is_relabelled=(pl.col("labels") == 1) & (pl.col("label") != pl.col("other_label")),
    )


def _by_key(rows: pl.DataFrame, key: str) -> pl.DataFrame:
    """Returns for each key its `splits`, how many different `labels` it has, and one label and text."""
    return rows.group_by(key).agg(
        splits=pl.col("split").unique(),
        labels=pl.col("label").n_unique(),
        other_label=pl.col("label").min(),
        other_text=pl.col("text_key").min(),
    )


def _drifts(
    split: str,
    names: tuple[drift.CountNames, drift.CountNames],
    lengths: tuple[pl.DataFrame, pl.DataFrame],
) -> tuple[Drift, ...]:
    measured = []
    for of in drift.NAMED:
        now, before = (side[of](split) for side in names)
        measured += drift.compare(of, now, before, split, EARLIER)
    now_lengths, before_lengths = (drift.by_length(side, split) for side in lengths)
    return (*measured, *drift.compare_lengths(now_lengths, before_lengths, split, EARLIER))


def _unseen_tokens(split: str, words: tuple[pl.DataFrame, pl.DataFrame]) -> UnseenTokens | None:
    now, before = (unseen.of_split(side, split) for side in words)
    if now.is_empty() or before.is_empty():
        return None
    return unseen.find_unseen(now, before, split, EARLIER)


def render(changes: DatasetChanges, _context: ReportContext) -> str:
    """Draws what changed in each split."""
    if not changes.changes:
        return ""
    about = (
        tr("What changed since the earlier dataset. Rows are the same where their ids are.")
        if changes.matched_by == "id"
        else tr("What changed since the earlier dataset. Rows are the same where their normalised texts are.")
    )
    drifts = [drifted for change in changes.changes for drifted in change.drifts]
    new_tokens = [change.unseen for change in changes.changes if change.unseen]
    return section(
        tr("Since the earlier dataset"),
        about,
        _render_rows(changes.changes),
        _render_names(changes),
        drift.render_drifts(drifts, has_sources=True),
        unseen.render_unseen(new_tokens),
    )


def _render_rows(splits: Iterable[SplitChanges]) -> str:
    rows = [
        [
            text(change.split),
            count(change.earlier_rows),
            count(change.rows),
            count_or_dash(change.added),
            count_or_dash(change.removed),
            count_or_dash(change.moved_in),
            count_or_dash(change.moved_out),
            count_or_dash(change.relabelled),
            count_or_dash(change.reworded or 0),
        ]
        for change in splits
    ]
    columns = [
        (tr("split"), "label"),
        (tr("rows then"), "n"),
        (tr("rows now"), "n"),
        (tr("new"), "n"),
        (tr("gone"), "n"),
        (tr("from another split"), "n"),
        (tr("to another split"), "n"),
        (tr("another label"), "n"),
        (tr("another text"), "n"),
    ]
    return table(columns, rows)


def _render_names(changes: DatasetChanges) -> str:
    lines = [
        (title, names)
        for title, names in (
            (tr("labels that are gone"), changes.labels_gone),
            (tr("labels that are new"), changes.labels_new),
            (tr("sources that are gone"), changes.sources_gone),
            (tr("sources that are new"), changes.sources_new),
        )
        if names
    ]
    if not lines:
        return ""
    rows = [[text(title), ", ".join(name(value) for value in names[:20])] for title, names in lines]
    return table([("", "label"), ("", "")], rows)


CHECK = Check(
    "changes",
    measure,
    codes=(
        "since_labels",
        "since_sources",
        "since_removed",
        "since_relabelled",
        "since_rows",
        "since_moved",
        "since_evaluation",
        "since_label_drift",
        "since_source_drift",
        "since_length_drift",
        "since_length_shift",
        "since_unseen_tokens",
    ),
    judge=judge,
    render=render,
    chapter="drift",
    key="against",
    stage="late",
    select=select,
    is_applicable=lambda view: view.earlier is not None,
)

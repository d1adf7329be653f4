"""Counts texts with different labels, and the best accuracy that is still possible with them.

Each level is measured on its own: what conflicts by its raw text conflicts by its normalised text and its
key tokens too. A finding counts it once, at the strictest level. Short utterances count, and are also told
apart: a "네." that is glad here and sad there bounds the accuracy like any other sentence.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from etl.dataset.read import SPLITS
from etl.language.message import tr
from etl.schema import votes
from etl.settings import Labels
from etl.text.html import bar, count_or_dash, percent, percent_axis, section, table, text
from etl.validation.check import Check, ReportContext
from etl.validation.checks.rater_agreement import RaterAgreement, render_agreements
from etl.validation.findings import MAX_EXAMPLES, Finding
from etl.validation.rules import Rules
from etl.validation.selection import ROW, number_groups
from etl.validation.view import View

ALL = "all"
# (level, finding code, what rows share)
LEVELS = (
    ("L0", "conflict_exact", "raw_text"),
    ("L1", "conflict_normalised", "normalised"),
    ("L2", "conflict_tokens", "tokens"),
)


@dataclass(frozen=True)
class Conflict:
    """The texts of one split, or of all of them together, that stand there with different labels.

    Under `labels: soft` and `multi` a row has the labels of its votes, and the labels of a text are different
    where none is common to all of its rows.

    Attributes:
        level, code: L0 conflict_exact (raw text), L1 conflict_normalised, L2 conflict_tokens.
        split: train, validation, test, or all: between the splits too.
        texts: distinct texts with different labels.
        rows: the rows that have such a text.
        of: all rows with a label.
        short_texts, short_rows: those of them that are short utterances.
        best_accuracy: what a model that gives every text its commonest label here reaches, 0 to 1: none that
            sees no more of a row than this level does can do better. Under `soft` a row agrees by the weight
            of that label, under `multi` it is the commonest set of labels.
        has_shares: whether votes are answers, so that a row alone may have no answer that is all right.
        pairs: a few as (id, id) with the same text and different labels, by id.
        own_rows: rows that conflict at no stricter level.
        own_texts, own_short_texts: the texts that these have.
        own_pairs: a few of these.
    """

    level: str
    code: str
    split: str
    texts: int
    rows: int
    of: int
    short_texts: int
    short_rows: int
    best_accuracy: float
    has_shares: bool
    pairs: tuple[tuple[str, str], ...]
    own_texts: int
    own_rows: int
    own_short_texts: int
    own_pairs: tuple[tuple[str, str], ...]

    @property
    def own_share(self) -> float:
        """The share of the rows that conflict, and at no stricter level."""
        return self.own_rows / self.of if self.of else 0.0


def measure(view: View) -> tuple[Conflict, ...]:
    """Measures the conflicts of each split that has labelled rows, and of all together, level by level."""
    sentences, mode = view.sentences, view.manifest.settings.labels
    labelled = sentences.rows.filter(votes.is_labelled())
    conflicts = []
    for name, splits in ({split: (split,) for split in SPLITS} | {ALL: SPLITS}).items():
        n_rows = sentences.count(*splits, labelled=True)
        part = labelled.filter(pl.col("split").is_in(splits))
        seen = part.clear()
        for level, code, key in LEVELS if n_rows else ():
            rows = part.rename({key: "key"})
            conflicts.append(_conflict(level, code, name, rows, mode, seen, of=n_rows))
            seen = pl.concat([seen, _of_conflicts(rows, mode).rename({"key": key}).select(seen.columns)])
    return tuple(conflicts)


def judge(conflicts: tuple[Conflict, ...], rules: Rules) -> list[Finding]:
    """Judges conflicts over all splits, and the best accuracy that each split leaves."""
    findings: list[Finding] = []
    for conflict in conflicts:
        if conflict.split == ALL:
            findings += rules.judge(
                conflict.code,
                conflict.own_texts,
                examples=[row_id for pair in conflict.own_pairs for row_id in pair],
                rows_to_see=conflict.own_rows,
                rows=conflict.own_rows,
                of=conflict.of,
                share=conflict.own_share,
                short=conflict.own_short_texts,
                best=conflict.best_accuracy,
            )
        elif conflict.level == "L2":
            findings += rules.judge(
                "votes_ceiling" if conflict.has_shares else "accuracy_ceiling",
                1 - conflict.best_accuracy,
                examples=[row_id for pair in conflict.pairs for row_id in pair],
                rows_to_see=conflict.rows,
                split=conflict.split,
                best=conflict.best_accuracy,
                rows=conflict.rows,
                texts=conflict.texts,
            )
    return findings


def select(
    view: View, codes: Collection[str], _measured: tuple[Conflict, ...] | None
) -> dict[str, pl.DataFrame]:
    """Selects the rows whose text stands there with different labels, a group a text."""
    labelled = view.sentences.rows.filter(votes.is_labelled())
    mode = view.manifest.settings.labels
    selected = {
        code: number_groups(_of_conflicts(labelled.rename({key: "key"}), mode), ["key"], ["split", "id"])
        for _, code, key in LEVELS
        if code in codes
    }
    ceiling = "votes_ceiling" if mode == "soft" else "accuracy_ceiling"
    if ceiling in codes:
        parts = labelled.rename({LEVELS[-1][-1]: "key"}).partition_by("split")
        rows = pl.concat(
            [labelled.clear().rename({LEVELS[-1][-1]: "key"}), *(_of_conflicts(part, mode) for part in parts)]
        )
        selected[ceiling] = number_groups(rows, ["split", "key"])
    return selected


def _of_conflicts(rows: pl.DataFrame, mode: Labels) -> pl.DataFrame:
    """Returns the rows whose text, a `key`, conflicts."""
    repeated = _repeated(rows.filter(~pl.col("is_no_conflict")))
    return repeated.join(_conflicting_texts(repeated, mode), on="key", how="semi")


def _conflict(
    level: str, code: str, split: str, rows: pl.DataFrame, mode: Labels, seen: pl.DataFrame, *, of: int
) -> Conflict:
    """Counts the texts, each a `key`, of which no label is common to all rows.

    Rows that are `seen` conflict at a stricter level, and are not counted again; `of` rows have a label.
    """
    repeated = _repeated(rows)
    contested = _repeated(rows.filter(~pl.col("is_no_conflict")))
    texts = _conflicting_texts(contested, mode)
    short = texts.filter("is_short")
    unseen = contested.join(texts, on="key", how="semi").join(seen, on=ROW, how="anti")
    own = texts.join(unseen, on="key", how="semi")
    wrong = _count_wrong(rows if mode == "soft" else repeated, mode)
    return Conflict(
        level=level,
        code=code,
        split=split,
        texts=texts.height,
        rows=int(texts["rows"].sum()),
        of=of,
        short_texts=short.height,
        short_rows=int(short["rows"].sum()),
        best_accuracy=(of - wrong) / of,
        has_shares=mode == "soft",
        pairs=tuple(texts.head(MAX_EXAMPLES).select("one", "two").iter_rows()),
        own_texts=own.height,
        own_rows=unseen.height,
        own_short_texts=own.filter("is_short").height,
        own_pairs=tuple(own.head(MAX_EXAMPLES).select("one", "two").iter_rows()),
    )


def _repeated(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(pl.col("key").is_not_null() & pl.col("key").is_duplicated())


def _conflicting_texts(repeated: pl.DataFrame, mode: Labels) -> pl.DataFrame:
    """Returns the texts of which no label is common to all rows: `key`, `rows`, `is_short`, two ids; by id.

    Args:
        repeated: rows of texts, each a `key`, that several rows have.
        mode: what a label of a row is.
    """
    # Of each text the first row of each label, the first label first.
    by_label = (
        votes.spread(repeated.lazy().select("key", "id", "label", votes.COLUMN), mode)
        .group_by("key", "label")
        .agg(pl.len().alias("rows_with"), pl.col("id").min())
        .sort("id")
        .group_by("key", maintain_order=True)
        .agg(pl.col("rows_with").max(), pl.col("id").get(1, null_on_oob=True).alias("second"))
        .collect()
    )
    return (
        repeated.group_by("key")
        .agg(
            pl.len().alias("rows"), pl.col("is_short").all(), one=pl.col("id").min(), last=pl.col("id").max()
        )
        .join(by_label, on="key")
        .filter(pl.col("rows_with") < pl.col("rows"))
        # A row that has a label of each other row is the first of every label.
        .with_columns(two=pl.when(pl.col("second") != pl.col("one")).then("second").otherwise("last"))
        .sort("one")
    )


def _count_wrong(rows: pl.DataFrame, mode: Labels) -> float:
    """Counts the rows that do not agree with the commonest answer to their text."""
    of_texts = rows.lazy().filter(pl.col("key").is_not_null()).select("key", "label", votes.COLUMN)
    if mode == "soft":
        answers = votes.spread(of_texts, mode)
    else:
        answers = of_texts.select("key", label=votes.answer(mode), weight=pl.lit(1.0))
    agreeing = answers.group_by("key", "label").agg(pl.col("weight").sum())
    most = agreeing.group_by("key").agg(pl.col("weight").max()).select(votes.amount(pl.col("weight")))
    n_rows = rows["key"].drop_nulls().len()
    return float(n_rows - most.collect().item())


def render(conflicts: tuple[Conflict, ...], context: ReportContext) -> str:
    """Draws texts with different labels, the best accuracy they leave, and how far raters agree."""
    agreements: tuple[RaterAgreement, ...] = context.statistics["rater agreement"]
    rows = [
        [
            f'<span class="level">{conflict.level}</span> {text(tr(context.rules[conflict.code].short))}',
            tr("all splits") if conflict.split == ALL else text(conflict.split),
            bar([(conflict.best_accuracy, "kept", f"{conflict.best_accuracy:.4f}")]),
            f"{conflict.best_accuracy:.4f}",
            count_or_dash(conflict.own_texts),
            count_or_dash(conflict.own_rows),
            percent(conflict.own_share) if conflict.own_rows else count_or_dash(0),
            count_or_dash(conflict.own_short_texts),
        ]
        for conflict in conflicts
    ]
    has_conflicts = any(conflict.texts for conflict in conflicts)
    if not has_conflicts and not agreements:
        return ""
    columns = [
        (tr("level"), "label"),
        (tr("split"), "name"),
        (tr("best accuracy that is possible"), "wide"),
        ("", "n"),
        (tr("texts"), "n"),
        (tr("rows"), "n"),
        (tr("share"), "n"),
        (tr("short texts"), "n"),
    ]
    about = tr(
        "Texts that stand there with different labels, each counted once, at the "
        "strictest level. No model that sees no more of a row than its level does can be "
        "right more often than the bar says."
    )
    tables = (table(columns, rows, ticks=percent_axis()) if has_conflicts else "") + render_agreements(
        agreements
    )
    return section(tr("Conflicting labels"), about, tables, anchor="conflicts")


CHECK = Check(
    "conflicts",
    measure,
    codes=(*(code for _, code, _ in LEVELS), "accuracy_ceiling", "votes_ceiling"),
    judge=judge,
    render=render,
    chapter="conflicts",
    key="conflicts",
    stage="late",
    select=select,
    why_not=View.why_no_labels,
)

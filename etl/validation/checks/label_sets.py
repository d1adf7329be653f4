"""Checks which labels the splits have: none, a single one, too few of the taxonomy, some that train lacks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from etl.language.lists import listing
from etl.schema import votes
from etl.schema.splits import SPLITS, UNLABELLED
from etl.validation.check import Check
from etl.validation.checks.labels import count_labels
from etl.validation.findings import Finding
from etl.validation.rules import Rules
from etl.validation.selection import number_groups
from etl.validation.view import View


@dataclass(frozen=True)
class LabelSets:
    """The labels of each split that has rows.

    Attributes:
        splits: rows by label, by split.
        targets: the labels of the taxonomy.
        unlabelled: rows that wait for a label.
    """

    splits: dict[str, dict[str, float]]
    targets: tuple[str, ...]
    unlabelled: int


def measure(view: View) -> LabelSets:
    """Counts the rows of each label in each split."""
    splits = {split: rows for split in SPLITS if (rows := count_labels(view.cells, split))}
    unlabelled = int(view.row_counts.filter(pl.col("split") == UNLABELLED)["rows"].sum())
    return LabelSets(splits, view.manifest.taxonomy.targets, unlabelled)


def judge(sets: LabelSets, rules: Rules) -> list[Finding]:
    """Judges missing splits and missing labels."""
    train = sets.splits.get("train")
    if train is None and not any(sets.splits.values()) and sets.unlabelled:
        return rules.judge("only_unlabelled", sets.unlabelled)
    if train is None:
        return rules.judge("empty_train", 1)
    missing = [label for label in sets.targets if label not in train]
    findings = [
        *rules.judge("unlabelled", sets.unlabelled),
        *rules.judge("no_validation", int("validation" not in sets.splits)),
        *rules.judge("one_label", int(len(train) == 1), label=next(iter(train))),
        *rules.judge("missing_labels", len(missing), targets=len(sets.targets), names=listing(missing)),
    ]
    for split, rows in sets.splits.items():
        unseen = sorted(
            (label for label in rows if label not in train), key=lambda label: (-rows[label], label)
        )
        unseen_rows = sum(rows[label] for label in unseen)
        findings += rules.judge("unseen_labels", unseen_rows, split=split, names=listing(unseen))
    return findings


def select(view: View, codes: Collection[str], measured: LabelSets | None) -> dict[str, pl.DataFrame]:
    """Selects the rows of validation and test whose label train lacks, a group a label."""
    known = [*(measured or measure(view)).splits.get("train", {})]
    if "unseen_labels" not in codes or not known:
        return {}
    rows = view.dataset.scan().with_row_index("row").filter(pl.col("split") != "train")
    lines = votes.spread(rows.select("row", "id", "label", votes.COLUMN), view.manifest.settings.labels)
    unseen = lines.filter(~pl.col("label").is_in(known)).collect()
    return {"unseen_labels": number_groups(unseen, ["label"])}


CHECK = Check(
    "label sets",
    measure,
    codes=(
        "empty_train",
        "only_unlabelled",
        "unlabelled",
        "no_validation",
        "one_label",
        "missing_labels",
        "unseen_labels",
    ),
    judge=judge,
    select=select,
)

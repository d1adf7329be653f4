"""Measures how evenly the labels are shared out in each split and source. Entropies are in nats."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from etl.dataset.read import SPLITS
from etl.language.message import tr
from etl.text.html import count, name, percent, section, table
from etl.validation.check import Check, ReportContext
from etl.validation.checks.labels import count_labels
from etl.validation.findings import Finding
from etl.validation.rules import Rules
from etl.validation.view import View, count_labelled


@dataclass(frozen=True)
class Balance:
    """The labels of one set of rows: a split, a source, or (both given) a source within a split.

    Attributes:
        split, source: which rows; None means all.
        rows: how many.
        labels: rows by label, the largest first. Under `labels: soft` a row is shared out between its labels
            by their weights, under `multi` it counts for each of them.
        majority_label, majority_share: the largest label, and the share of the rows that have it.
        entropy: of the distribution of labels, in nats.
        imbalance: rows of the largest label over rows of the smallest that has any.
        smallest_label: the smallest label that has any row.
    """

    split: str | None
    source: str | None
    rows: int
    labels: dict[str, float]
    majority_label: str
    majority_share: float
    entropy: float
    imbalance: float
    smallest_label: str


def measure(view: View) -> tuple[Balance, ...]:
    """Measures the balance of each split, each source, and each source within a split that has rows."""
    sources = sorted({cell.source for cell in view.cells})
    subsets: list[tuple[str | None, str | None]] = [(split, None) for split in SPLITS]
    subsets += [(None, source) for source in sources]
    subsets += [(split, source) for split in SPLITS for source in sources]
    balances = (_describe(view, split, source) for split, source in subsets)
    return tuple(balance for balance in balances if balance)


def judge(balances: tuple[Balance, ...], rules: Rules) -> list[Finding]:
    """Judges the imbalance of train, and the largest label of each split."""
    splits = {balance.split: balance for balance in balances if balance.split and not balance.source}
    train = splits.get("train")
    if train is None:
        return []
    findings = rules.judge(
        "imbalance", train.imbalance, largest=train.majority_label, smallest=train.smallest_label
    )
    for split, balance in splits.items():
        findings += rules.judge(
            "majority_share", balance.majority_share, label=balance.majority_label, split=split
        )
    return findings


def entropy(shares: Iterable[float]) -> float:
    """Returns the entropy of a distribution in nats; a share of 0 adds nothing."""
    return -sum(share * math.log(share) for share in shares if share > 0) + 0.0


def _describe(view: View, split: str | None, source: str | None) -> Balance | None:
    counts = count_labels([cell for cell in view.cells if source in (None, cell.source)], split)
    if not counts:
        return None
    labels = dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
    of_sources = count_labelled(view.row_counts, split)
    total = sum(rows for name, rows in of_sources.items() if source in (None, name))
    n_labels = sum(labels.values())
    (largest, most), (smallest, fewest) = next(iter(labels.items())), list(labels.items())[-1]
    return Balance(
        split=split,
        source=source,
        rows=total,
        labels=labels,
        majority_label=largest,
        majority_share=most / total,
        entropy=entropy([rows / n_labels for rows in labels.values()]),
        imbalance=most / fewest,
        smallest_label=smallest,
    )


def render(balances: tuple[Balance, ...], _context: ReportContext) -> str:
    """Lists largest and smallest label, entropy and imbalance of each split, source, and both."""
    columns = [
        (tr("rows of"), "label"),
        (tr("rows"), "n"),
        (tr("largest label"), ""),
        (tr("share"), "n"),
        (tr("entropy, nats"), "n"),
        (tr("smallest label"), ""),
        (tr("rows"), "n"),
        (tr("largest ÷ smallest"), "n"),
    ]
    rows = [
        [
            " · ".join(name(part) for part in (balance.split, balance.source) if part),
            count(balance.rows),
            name(balance.majority_label),
            percent(balance.majority_share),
            f"{balance.entropy:.3f}",
            name(balance.smallest_label),
            count(balance.labels[balance.smallest_label]),
            f"{balance.imbalance:,.1f}",
        ]
        for balance in balances
    ]
    return section(tr("Balance"), "", table(columns, rows)) if rows else ""


CHECK = Check(
    "balance",
    measure,
    codes=("imbalance", "majority_share"),
    judge=judge,
    render=render,
    chapter="balance",
    key="balances",
    why_not=View.why_no_labels,
)

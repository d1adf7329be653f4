"""Measures the scores that a model of several labels a row reaches without looking at a sentence.

`constant_predictor` does it where a row has one label, or votes that sum to 1. Losses are in nats.
"""

from __future__ import annotations

from dataclasses import dataclass

from etl.language.lists import listing
from etl.language.message import tr
from etl.schema.splits import EVALUATION
from etl.text.html import name, section, table, text
from etl.validation.check import Check, ReportContext
from etl.validation.checks import balance
from etl.validation.checks.balance import Balance, entropy
from etl.validation.findings import Finding
from etl.validation.rules import Rules
from etl.validation.view import View


@dataclass(frozen=True)
class ConstantLabels:
    """Scores of a constant predictor, which gives every row the same labels, on one split.

    Attributes:
        split: validation or test; train where there is neither.
        labels: the best constant answer by micro-F1: the commonest labels.
        micro_f1: of that answer.
        macro_f1: of giving every row all labels, which is best by that score; the mean over the labels that
            the split has.
        loss: mean binary cross-entropy of the best constant probabilities, the shares of the rows that have
            each label.
    """

    split: str
    labels: tuple[str, ...]
    micro_f1: float
    macro_f1: float
    loss: float


def measure(view: View) -> tuple[ConstantLabels, ...]:
    """Measures the constant predictor of each evaluation split, or of train where there is none."""
    by_split = {each.split: each for each in balance.measure(view) if each.source is None and each.split}
    evaluated = [split for split in EVALUATION if split in by_split] or ["train"]
    return tuple(_constant_labels(by_split[split]) for split in evaluated if split in by_split)


def judge(predictors: tuple[ConstantLabels, ...], rules: Rules) -> list[Finding]:
    """Notes the scores of the constant predictor of each split."""
    return [
        finding
        for each in predictors
        for finding in rules.judge(
            "constant_labels",
            each.micro_f1,
            split=each.split,
            names=listing(each.labels),
            macro_f1=each.macro_f1,
            loss=each.loss,
        )
    ]


def _constant_labels(split: Balance) -> ConstantLabels:
    rows, given = split.rows, sum(split.labels.values())
    shares = [n / rows for n in split.labels.values()]
    # With k labels for every row, micro-F1 is 2 hits / (k rows + labels given): best for the k commonest.
    scores, hits = [], 0.0
    for k, n in enumerate(split.labels.values(), start=1):
        hits += n
        scores.append(2 * hits / (k * rows + given))
    best = max(scores)
    return ConstantLabels(
        split=str(split.split),
        labels=(*split.labels,)[: scores.index(best) + 1],
        micro_f1=best,
        macro_f1=sum(2 * share / (1 + share) for share in shares) / len(shares),
        loss=sum(entropy((share, 1 - share)) for share in shares) / len(shares),
    )


def render(predictors: tuple[ConstantLabels, ...], _context: ReportContext) -> str:
    """Shows what a model reaches without looking."""
    if not predictors:
        return ""
    rows = [
        [
            text(each.split),
            ", ".join(map(name, each.labels)),
            f"{each.micro_f1:.4f}",
            f"{each.macro_f1:.4f}",
            f"{each.loss:.4f}",
        ]
        for each in predictors
    ]
    columns = [
        (tr("split"), "label"),
        (tr("best constant labels"), ""),
        ("micro-F1", "n"),
        (tr("macro-F1 of all labels"), "n"),
        (tr("loss of the shares"), "n"),
    ]
    about = tr("What a model reaches here without looking at a single sentence. Losses are in nats.")
    return section(tr("The score that means nothing"), about, table(columns, rows))


CHECK = Check(
    "constant labels",
    measure,
    codes=("constant_labels",),
    judge=judge,
    render=render,
    chapter="score",
    key="constant_labels",
    is_applicable=lambda view: view.manifest.settings.labels == "multi",
)

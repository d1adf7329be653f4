"""Measures the scores that a model reaches without looking at a sentence. Losses are in nats."""

from __future__ import annotations

import math
from dataclasses import dataclass

from etl.language.message import tr, translated
from etl.schema.splits import EVALUATION
from etl.text.html import name, section, table, text
from etl.validation.check import Check, ReportContext
from etl.validation.checks import balance
from etl.validation.checks.balance import Balance
from etl.validation.findings import Finding
from etl.validation.rules import Rules
from etl.validation.view import View

# How a training run abbreviates a split in the names of its metrics.
_SHORT = {"train": "train", "validation": "val", "test": "test"}


@dataclass(frozen=True)
class ConstantPredictor:
    """Scores of a constant predictor, which ignores its input, on one split.

    Attributes:
        split: validation or test; train where there is neither.
        label: the best constant answer.
        accuracy, macro_f1: of that answer. Macro-F1 is the mean over the labels that the split has.
        loss: cross-entropy of the best constant distribution, which is the entropy of the split's labels.
        train_label, train_accuracy: the commonest label of train, and its accuracy on this split.
        train_loss: cross-entropy of predicting train's distribution; None where it is infinite, because the
            split has a label that train lacks.
    """

    split: str
    label: str
    accuracy: float
    macro_f1: float
    loss: float
    train_label: str
    train_accuracy: float
    train_loss: float | None


def measure(view: View) -> tuple[ConstantPredictor, ...]:
    """Measures the constant predictor of each evaluation split, or of train where there is none.

    Nothing where train has no rows.
    """
    by_split = {each.split: each for each in balance.measure(view) if each.source is None}
    train = by_split.get("train")
    if train is None:
        return ()
    evaluated = [split for split in EVALUATION if split in by_split] or ["train"]
    return tuple(_constant_predictor(by_split[split], train) for split in evaluated)


def judge(predictors: tuple[ConstantPredictor, ...], rules: Rules) -> list[Finding]:
    """Notes accuracy and loss of the constant predictor of each split."""
    return [
        finding
        for predictor in predictors
        for finding in rules.judge(
            "constant_predictor",
            predictor.accuracy,
            short=_SHORT[predictor.split],
            loss=predictor.loss,
            label=predictor.label,
            macro_f1=predictor.macro_f1,
        )
    ]


def _constant_predictor(split: Balance, train: Balance) -> ConstantPredictor:
    share = split.majority_share
    is_finite = all(label in train.labels for label in split.labels)
    cross_entropy = -sum(
        rows / split.rows * math.log(train.labels[label] / train.rows)
        for label, rows in split.labels.items()
        if is_finite
    )
    return ConstantPredictor(
        split=str(split.split),
        label=split.majority_label,
        accuracy=share,
        # Precision of the constant answer is its share, recall 1; every other label scores 0.
        macro_f1=2 * share / (1 + share) / len(split.labels),
        loss=split.entropy,
        train_label=train.majority_label,
        train_accuracy=split.labels.get(train.majority_label, 0) / split.rows,
        train_loss=cross_entropy if is_finite else None,
    )


def render(predictors: tuple[ConstantPredictor, ...], _context: ReportContext) -> str:
    """Shows what a model reaches without looking, the first split in large."""
    if not predictors:
        return ""
    rows = [
        [
            text(predictor.split),
            name(predictor.label),
            f"{predictor.accuracy:.4f}",
            f"{predictor.macro_f1:.4f}",
            f"{predictor.loss:.4f}",
            name(predictor.train_label),
            f"{predictor.train_accuracy:.4f}",
            text(tr("infinite")) if predictor.train_loss is None else f"{predictor.train_loss:.4f}",
        ]
        for predictor in predictors
    ]
    columns = [
        (tr("split"), "label"),
        (tr("best constant answer"), ""),
        (tr("accuracy"), "n"),
        ("macro-F1", "n"),
        (tr("loss"), "n"),
        (tr("train's commonest"), ""),
        (tr("accuracy"), "n"),
        (tr("loss of train's shares"), "n"),
    ]
    about = tr("What a model reaches here without looking at a single sentence. Losses are in nats.")
    return section(tr("The score that means nothing"), about, _callout(predictors[0]), table(columns, rows))


def _callout(predictor: ConstantPredictor) -> str:
    short = _SHORT[predictor.split]
    width = f"{100 * predictor.accuracy:.2f}%"
    reached = text(tr("accuracy up to {accuracy:.4f}: nothing learnt", accuracy=predictor.accuracy))
    said = tr(
        "<code>{short}_accuracy {accuracy:.4f}</code> (macro-F1 {macro_f1:.4f}) and "
        "<code>{short}_loss {loss:.2f}</code> on this data mean that nothing was learnt: always answering "
        "“{label}” gets that accuracy, and the labels' shares alone that loss.",
        short=short,
        accuracy=predictor.accuracy,
        macro_f1=predictor.macro_f1,
        loss=predictor.loss,
        label=name(predictor.label),
    )
    return (
        f'<div class="callout">\n<p class="said">{translated(said)}</p>\n'
        f'<div class="gauge" role="img" aria-label="{reached}">'
        f'<i style="width:{width}"></i><b style="left:{width}"></b></div>\n'
        f'<p class="ends" aria-hidden="true"><span>{reached}</span><span>1</span></p>\n'
        "</div>\n"
    )


CHECK = Check(
    "constant predictor",
    measure,
    codes=("constant_predictor",),
    judge=judge,
    render=render,
    chapter="score",
    key="constant_predictors",
    is_applicable=lambda view: view.manifest.settings.labels != "multi",
)

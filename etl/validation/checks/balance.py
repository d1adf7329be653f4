"""How the labels are shared out: balance, the constant predictor, labels that name the corpus.

All of it follows from one small table, rows by split, source and label, that `count` makes; nothing here
looks at a sentence. Whether splits differ is for `drift`. Entropies and losses are in nats.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import polars as pl

from etl.dataset.read import SPLITS, Dataset
from etl.validation.findings import Finding, checks, judge, listing

EVALUATION = ("validation", "test")
# What a training run calls the numbers of a split.
_SHORT = {"train": "train", "validation": "val", "test": "test"}


@dataclass(frozen=True)
class Cell:
    """How many rows one split, source and label have together."""

    split: str
    source: str
    label: str
    rows: int


@dataclass(frozen=True)
class Balance:
    """The labels of one set of rows: a split, a source, or (both given) a source within a split.

    Attributes:
        split, source: which rows; None means all.
        rows: how many.
        labels: rows by label, the largest first.
        majority_label, majority_share: the largest label, and its share of the rows.
        entropy: of the distribution of labels, in nats.
        imbalance: rows of the largest label over rows of the smallest that has any.
        smallest_label: the smallest label that has any row.
    """

    split: str | None
    source: str | None
    rows: int
    labels: dict[str, int]
    majority_label: str
    majority_share: float
    entropy: float
    imbalance: float
    smallest_label: str


@dataclass(frozen=True)
class ConstantPredictor:
    """What a model reaches on one split without looking at its input.

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


@dataclass(frozen=True)
class LabelPredictsSource:
    """How well the source of a row can be guessed from its label alone.

    Attributes:
        accuracy: of guessing the commonest source of each label.
        chance: the share of the largest source.
        reduction: Goodman and Kruskal's lambda, (accuracy - chance) / (1 - chance); 0 with a single source.
        only_source: labels that one source alone has, with that source.
        lacking: sources that lack a label which another source has, with those labels.
    """

    accuracy: float
    chance: float
    reduction: float
    only_source: dict[str, str]
    lacking: dict[str, tuple[str, ...]]


def count(dataset: Dataset) -> pl.DataFrame:
    """Rows by `split`, `source` and `label`, with `rows`, sorted; null labels and sources included."""

    return (
        dataset.scan()
        .group_by("split", "source", "label")
        .agg(pl.len().alias("rows"))
        .sort("split", "source", "label")
        .collect()
    )


def cells(counted: pl.DataFrame) -> list[Cell]:
    """The rows of `count` without those that lack a split, source or label, which the contract reports."""
    return [Cell(*line) for line in counted.drop_nulls().iter_rows()]


def balances(found: list[Cell]) -> list[Balance]:
    """The balance of each split, each source, and each source within a split that has rows."""
    sources = sorted({cell.source for cell in found})
    which: list[tuple[str | None, str | None]] = [(split, None) for split in SPLITS]
    which += [(None, source) for source in sources]
    which += [(split, source) for split in SPLITS for source in sources]
    described = (_describe(found, split, source) for split, source in which)
    return [balance for balance in described if balance]


def constant_predictors(splits: Iterable[Balance]) -> list[ConstantPredictor]:
    """What a model reaches without looking, for each evaluation split, or for train where there is none.

    Nothing where train has no rows.
    """
    by_split = {balance.split: balance for balance in splits if balance.source is None}
    train = by_split.get("train")
    if train is None:
        return []
    evaluated = [split for split in EVALUATION if split in by_split] or ["train"]
    return [_constant_predictor(by_split[split], train) for split in evaluated]


def label_predicts_source(found: list[Cell]) -> LabelPredictsSource | None:
    """How well the label tells the source, over all splits; None without rows."""
    by_label: dict[str, Counter[str]] = {}
    by_source: Counter[str] = Counter()
    for cell in found:
        by_label.setdefault(cell.label, Counter())[cell.source] += cell.rows
        by_source[cell.source] += cell.rows
    if not by_source:
        return None
    total = by_source.total()
    largest = max(by_source.values())
    guessed = sum(max(sources.values()) for sources in by_label.values())
    only = {label: next(iter(sources)) for label, sources in sorted(by_label.items()) if len(sources) == 1}
    lacking = {
        source: tuple(label for label, sources in sorted(by_label.items()) if source not in sources)
        for source in sorted(by_source)
    }
    has_several = len(by_source) > 1
    return LabelPredictsSource(
        accuracy=guessed / total,
        chance=largest / total,
        reduction=(guessed - largest) / (total - largest) if has_several else 0.0,
        only_source=only if has_several else {},
        lacking={source: labels for source, labels in lacking.items() if labels},
    )


def check(found: list[Cell], targets: tuple[str, ...]) -> list[Finding]:
    """The findings of this module.

    Args:
        found: rows by split, source and label.
        targets: the labels of the taxonomy.
    """
    splits = {balance.split: balance for balance in balances(found) if balance.split and not balance.source}
    return [
        *_check_splits(splits, targets),
        *_check_constant(constant_predictors(splits.values())),
        *_check_sources(label_predicts_source(found)),
    ]


def _check_splits(splits: dict[str, Balance], targets: tuple[str, ...]) -> list[Finding]:
    train = splits.get("train")
    if train is None:
        return judge("empty_train", 1)
    missing = [label for label in targets if label not in train.labels]
    findings = [
        *judge("no_validation", int("validation" not in splits)),
        *judge("one_label", int(len(train.labels) == 1), label=train.majority_label),
        *judge("imbalance", train.imbalance, largest=train.majority_label, smallest=train.smallest_label),
        *judge("missing_labels", len(missing), targets=len(targets), names=listing(missing)),
    ]
    for split, balance in splits.items():
        findings += judge("majority_share", balance.majority_share, label=balance.majority_label, split=split)
        unseen = {label: rows for label, rows in balance.labels.items() if label not in train.labels}
        findings += judge("unseen_labels", sum(unseen.values()), split=split, names=listing([*unseen]))
    return findings


def _check_constant(predictors: Iterable[ConstantPredictor]) -> list[Finding]:
    return [
        finding
        for predictor in predictors
        for finding in judge(
            "constant_predictor",
            predictor.accuracy,
            short=_SHORT[predictor.split],
            loss=predictor.loss,
            label=predictor.label,
            macro_f1=predictor.macro_f1,
        )
    ]


def _check_sources(predicts: LabelPredictsSource | None) -> list[Finding]:
    if predicts is None:
        return []
    code = "label_is_source"
    if not predicts.reduction > checks()[code]["threshold"]:
        code = "label_predicts_source"
    only: dict[str, list[str]] = {}
    for label, source in predicts.only_source.items():
        only.setdefault(source, []).append(label)
    names = "; ".join(f"{', '.join(labels)} only in {source}" for source, labels in sorted(only.items()))
    lacking = "; ".join(f"{source} lacks {listing(labels)}" for source, labels in predicts.lacking.items())
    return [
        *judge(code, predicts.reduction, accuracy=predicts.accuracy, chance=predicts.chance),
        *judge("labels_of_one_source", len(predicts.only_source), names=names),
        *judge("sources_without_labels", len(predicts.lacking), names=lacking),
    ]


def by_name(found: Iterable[Cell], of: Literal["label", "source"], split: str | None) -> Counter[str]:
    """Rows of one split, or of all, by label or by source."""
    rows: Counter[str] = Counter()
    for cell in found:
        if split in (None, cell.split):
            rows[cell.label if of == "label" else cell.source] += cell.rows
    return rows


def entropy(shares: Iterable[float]) -> float:
    """The entropy of a distribution, in nats; a share of 0 adds nothing."""
    return -sum(share * math.log(share) for share in shares if share > 0) + 0.0


def _describe(found: list[Cell], split: str | None, source: str | None) -> Balance | None:
    counts = by_name([cell for cell in found if source in (None, cell.source)], "label", split)
    if not counts:
        return None
    labels = dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
    total = sum(labels.values())
    (largest, most), (smallest, fewest) = next(iter(labels.items())), list(labels.items())[-1]
    return Balance(
        split=split,
        source=source,
        rows=total,
        labels=labels,
        majority_label=largest,
        majority_share=most / total,
        entropy=entropy([rows / total for rows in labels.values()]),
        imbalance=most / fewest,
        smallest_label=smallest,
    )


def _constant_predictor(balance: Balance, train: Balance) -> ConstantPredictor:
    share = balance.majority_share
    is_finite = all(label in train.labels for label in balance.labels)
    cross_entropy = -sum(
        rows / balance.rows * math.log(train.labels[label] / train.rows)
        for label, rows in balance.labels.items()
        if is_finite
    )
    return ConstantPredictor(
        split=str(balance.split),
        label=balance.majority_label,
        accuracy=share,
        # Precision of the constant answer is its share, recall 1; every other label scores 0.
        macro_f1=2 * share / (1 + share) / len(balance.labels),
        loss=balance.entropy,
        train_label=train.majority_label,
        train_accuracy=balance.labels.get(train.majority_label, 0) / balance.rows,
        train_loss=cross_entropy if is_finite else None,
    )

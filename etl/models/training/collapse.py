"""Tells a model that learnt nothing from one that learns slowly, and says what was seen.

The reference system's accuracy was the share of one class for all its epochs; a look at the predictions, the
class prior and the inputs shows it in the first ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from etl.errors import FindingsError
from etl.models.training import metrics, references
from etl.models.training.inputs import Inputs
from etl.models.training.metrics import Scores

ONE_CLASS_SHARE = 0.98
# Before that, one answer for every row is how slow, honest runs begin.
MIN_EPOCHS = 3
MIN_STEPS = 300
# A run that ends with fewer steps is not judged at all.
FEW_STEPS = 100
# A loss has improved on a prior's if it is below so much of it.
IMPROVED = 0.99
# A learning rate is high or low for its kind of model if it is so many times the usual one.
HIGH_LR, LOW_LR = 10, 1 / 20
# Where one label has nearly all rows, giving it to them is right if the others are found: macro-F1 tells.
FOUND_OTHERS = 0.05
# Predictions are no better than dealt out if they would be as good so often.
BY_CHANCE = 0.0001
MANY = 0.5


@dataclass(frozen=True)
class Record:
    """One epoch, scored on the held-out rows."""

    epoch: int
    steps: int
    train_loss: float
    gradient_norm: float
    scores: Scores


@dataclass(frozen=True)
class Advice:
    """What helps with one kind of model."""

    lr: float  # the learning rate that it usually learns with
    unknown: str  # what to do where it does not know most tokens


@dataclass(frozen=True)
class Ground:
    """What a model is measured against, and what it was given."""

    dataset: Path
    advice: Advice
    constants: dict[str, Scores]  # the constant predictor, by held-out split
    chooses: str  # the split that chooses the epoch
    train_entropy: float  # nats: the constant predictor's loss on train
    lr: float
    unknown_share: float  # of the tokens of that split
    empty_share: float  # of its rows: those without one known token

    @property
    def constant(self) -> Scores:
        """The constant predictor, on the rows that choose the epoch."""
        return self.constants[self.chooses]


def ground_of(read: Inputs, lr: float, advice: Advice) -> Ground:
    """What a model that is trained on these rows, with this learning rate, is measured against."""
    prior = metrics.log_prior(read.train.labels, len(read.dataset.labels))
    rows = read.held_out[read.chooses]
    return Ground(
        dataset=read.dataset.path,
        advice=advice,
        constants=references.constant_scores(read),
        chooses=read.chooses,
        train_entropy=metrics.cross_entropy(prior, read.train.labels),
        lr=lr,
        unknown_share=rows.unknown_share,
        empty_share=rows.empty_share,
    )


def check_epoch(records: Sequence[Record], ground: Ground) -> None:
    """After an epoch: stops a run that gives one answer, or no better loss than the prior, and is not moving.

    Raises:
        FindingsError: with the numbers; also where the loss is no longer a number.
    """
    latest = records[-1]
    if not math.isfinite(latest.train_loss) or not math.isfinite(latest.scores.loss):
        raise _finding("training diverged: the loss is no longer a number", latest, ground)
    is_early = latest.epoch < MIN_EPOCHS or latest.steps < MIN_STEPS
    lowest = min(record.scores.loss for record in records)
    is_moving = (
        latest.train_loss < IMPROVED * ground.train_entropy or lowest < IMPROVED * ground.constant.loss
    )
    if is_early or is_moving:
        return
    if latest.scores.most_predicted[1] >= ONE_CLASS_SHARE:
        raise _finding("the model gives one answer for (nearly) every row", latest, ground)
    if lowest >= ground.constant.loss:
        raise _finding("the model's loss is no better than that of the class prior", latest, ground)


def check_outcome(records: Sequence[Record], best: Record, ground: Ground) -> None:
    """When training is over: refuses a model that may know train by heart, but nothing that holds elsewhere.

    Raises:
        FindingsError: with the numbers.
    """
    constant, scores = ground.constant, best.scores
    # Three standard errors: the best of several epochs is a little above the constant predictor by chance.
    by_chance = 3 * math.sqrt(constant.accuracy * (1 - constant.accuracy) / scores.rows)
    if is_too_short(records) or scores.accuracy > constant.accuracy + by_chance:
        return
    if scores.most_predicted[1] >= ONE_CLASS_SHARE and scores.macro_f1 < constant.macro_f1 + FOUND_OTHERS:
        raise _finding("the model gives one answer for (nearly) every row", best, ground)
    if metrics.chance_of(scores.confusion) > BY_CHANCE:
        raise _finding("the model learnt nothing that holds outside the training rows", best, ground)
    # With rare labels, or with weights for them, accuracy and loss say little: macro-F1 tells.
    is_better = min(record.scores.loss for record in records) < IMPROVED * constant.loss
    if not is_better and scores.macro_f1 < constant.macro_f1 + FOUND_OTHERS:
        raise _finding("the model learnt nothing that holds outside the training rows", best, ground)


def is_too_short(records: Sequence[Record]) -> bool:
    """Whether a run had too few steps for any verdict."""
    return records[-1].steps < FEW_STEPS


def _finding(what: str, record: Record, ground: Ground) -> FindingsError:
    label, share = record.scores.most_predicted
    own = record.scores.labels[label].rows / record.scores.rows
    cause, next_step = _likely_cause(record, ground)
    return FindingsError(
        f"{what}; no model was written",
        details=[
            f"epoch {record.epoch}, {record.steps:,} steps, {record.scores.rows:,} held-out rows",
            f"predictions: {share:.4f} are {label}, which {own:.4f} of the rows are; "
            f"entropy {record.scores.prediction_entropy:.4f} nats",
            f"accuracy: {record.scores.accuracy:.4f}; "
            f"of the constant predictor {ground.constant.accuracy:.4f}",
            f"loss: {record.scores.loss:.4f} nats; of the class prior {ground.constant.loss:.4f}",
            f"train loss: {record.train_loss:.4f} nats; of the class prior {ground.train_entropy:.4f}",
            f"learning rate: {ground.lr:g}; gradient norm: {record.gradient_norm:.3g}",
            f"inputs: {ground.unknown_share:.4f} of the tokens are unknown, "
            f"{ground.empty_share:.4f} of the rows have no known token",
        ],
        cause=cause,
        next_step=next_step,
    )


def _likely_cause(record: Record, ground: Ground) -> tuple[str, str]:
    if ground.unknown_share >= MANY or ground.empty_share >= MANY:
        return (
            "The vocabulary knows too little of the text for anything to be learnt from it.",
            ground.advice.unknown,
        )
    usual = ground.advice.lr
    if ground.lr >= HIGH_LR * usual or not math.isfinite(record.train_loss):
        return (
            f"A learning rate of {ground.lr:g} is high: the weights saturate and no longer move.",
            # The usual one may be what diverged.
            f"train again with `--lr {min(usual, ground.lr / 10):g}`",
        )
    if ground.lr <= LOW_LR * usual:
        return (
            f"A learning rate of {ground.lr:g} is so low that hardly a weight moves.",
            f"train again with `--lr {usual:g}`",
        )
    return (
        "The labels do not follow from the tokens: shuffled, contradictory, or one corpus for each label.",
        f"look at balance, drift and conflicts with `etl validate {ground.dataset}`",
    )

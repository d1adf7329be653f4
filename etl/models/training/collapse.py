"""Detects models that learn nothing, as opposed to slowly, and reports the numbers that show it.

The accuracy of the reference system was the share of one class in all of its epochs: the predictions, the
class prior and the inputs show that in the first ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from etl.errors import FindingsError
from etl.language.message import tr
from etl.models.training import metrics, references, scoring, targets
from etl.models.training.inputs import Inputs
from etl.models.training.metrics import Scores

ONE_CLASS_SHARE = 0.98
# Before these, healthy but slow runs give one answer for every row too.
MIN_EPOCHS = 3
MIN_STEPS = 300
# There is no verdict on a run that ends with fewer steps.
FEW_STEPS = 100
# A loss is better than that of a prior if it is below this share of it.
IMPROVED = 0.99
# A learning rate is too high or too low if it is this many times the usual one of its kind of model.
HIGH_LR, LOW_LR = 10, 1 / 20
# Where nearly all rows have one label, a model that finds the others has a macro-F1 higher by this.
MIN_F1_GAIN = 0.05
# Predictions depend on the labels if the p-value of the test of independence is at most this.
MAX_P_VALUE = 0.0001
# Inputs explain a failure if this share of them is unknown or empty.
TOO_MANY = 0.5
# One label explains a failure if this share of the training rows has it.
MAJORITY = 0.9


@dataclass(frozen=True)
class Record:
    """One epoch, scored on the held-out rows."""

    epoch: int
    steps: int
    train_loss: float
    gradient_norm: float
    scores: Scores
    weighted_loss: (
        float  # on these rows, with the weights of the labels in training: the loss without weights
    )


@dataclass(frozen=True)
class Advice:
    """Recommendations for one kind of model."""

    lr: float  # the usual learning rate; 0 where there is none
    unknown: str  # the next step where most tokens are unknown


@dataclass(frozen=True)
class Reference:
    """The scores that a model has to beat, and the inputs and learning rate that may explain a failure."""

    dataset: Path
    advice: Advice
    constants: dict[str, Scores]  # the constant predictor, by held-out split
    selection_split: str  # selects the best epoch
    # nats: the lowest loss of a constant answer on train, and what it is on that split. With class weights
    # all labels weigh the same there, and that answer is the same share for each.
    train_entropy: float
    held_out_entropy: float
    class_weights: bool
    majority: tuple[str, float]  # the most frequent label of train, and its share
    lr: float
    unknown_share: float  # of the tokens of that split
    empty_share: float  # of its rows: those without one known token

    @property
    def constant(self) -> Scores:
        """The scores of the constant predictor on the split that selects the epoch."""
        return self.constants[self.selection_split]


def make_reference(inputs: Inputs, lr: float, advice: Advice, *, class_weights: bool = False) -> Reference:
    """Scores the constant predictor on the held-out rows.

    Args:
        inputs: the rows.
        lr: the learning rate of the run; 0 where there is none.
        advice: for this kind of model.
        class_weights: whether labels weigh the same in the loss of the run.
    """
    labels = inputs.dataset.labels
    counts = targets.count_labels(inputs.train, len(labels))
    prior = np.tile(references.log_constant(inputs.train, len(labels)), (len(inputs.train), 1))
    rows = inputs.held_out[inputs.selection_split]
    constants = references.score_all(inputs, references.predict_constant(inputs))
    even = math.log(2 if inputs.train.is_multi else np.count_nonzero(counts))
    return Reference(
        dataset=inputs.dataset.path,
        advice=advice,
        constants=constants,
        selection_split=inputs.selection_split,
        train_entropy=even if class_weights else scoring.weigh_loss(prior, inputs.train, None),
        held_out_entropy=even if class_weights else _loss(constants[inputs.selection_split]),
        class_weights=class_weights,
        majority=(labels[int(counts.argmax())], float(counts.max() / len(inputs.train))),
        lr=lr,
        unknown_share=rows.unknown_share,
        empty_share=rows.empty_share,
    )


def _loss(scores: Scores) -> float:
    """Returns the loss that training lowers: against the votes where there are some."""
    return scores.votes.cross_entropy if scores.votes else scores.loss


def check_epoch(records: Sequence[Record], reference: Reference) -> None:
    """Stops a run whose loss stays at that of the class prior, or whose predictions are all one label.

    A run whose loss has improved on the prior, on the training or the held-out rows, is not stopped.

    Raises:
        FindingsError: with the numbers; also where the loss is no longer a number.
    """
    latest = records[-1]
    if not math.isfinite(latest.train_loss) or not math.isfinite(latest.scores.loss):
        raise _finding(tr("training diverged: the loss is no longer a number"), latest, reference)
    is_early = latest.epoch < MIN_EPOCHS or latest.steps < MIN_STEPS
    lowest = min(record.weighted_loss for record in records)
    is_moving = (
        latest.train_loss < IMPROVED * reference.train_entropy
        or lowest < IMPROVED * reference.held_out_entropy
    )
    if is_early or is_moving:
        return
    if latest.scores.most_predicted[1] >= ONE_CLASS_SHARE:
        raise _finding(tr("the model gives one answer for (nearly) every row"), latest, reference)
    if lowest >= reference.held_out_entropy:
        raise _finding(tr("the model's loss is no better than that of the class prior"), latest, reference)


def check_outcome(records: Sequence[Record], best: Record, reference: Reference) -> None:
    """Refuses a finished model whose predictions on the held-out rows are no better than the class prior.

    It may know the training rows by heart.

    Raises:
        FindingsError: with the numbers.
    """
    constant, scores = reference.constant, best.scores
    if is_too_short(records) or _is_more_accurate(scores, constant):
        return
    if scores.most_predicted[1] >= ONE_CLASS_SHARE and scores.macro_f1 < constant.macro_f1 + MIN_F1_GAIN:
        raise _finding(tr("the model gives one answer for (nearly) every row"), best, reference)
    if metrics.independence_p_value(scores) > MAX_P_VALUE:
        raise _finding(tr("the model learnt nothing that holds outside the training rows"), best, reference)
    # With rare labels, or with weights for them, accuracy and loss say little: macro-F1 tells.
    is_better = min(record.weighted_loss for record in records) < IMPROVED * reference.held_out_entropy
    if not is_better and scores.macro_f1 < constant.macro_f1 + MIN_F1_GAIN:
        raise _finding(tr("the model learnt nothing that holds outside the training rows"), best, reference)


def check_labels(inputs: Inputs) -> None:
    """Refuses training rows of one label, of which nothing can be learnt.

    Raises:
        FindingsError: with the label.
    """
    if references.has_one_label(inputs):
        labels = inputs.dataset.labels
        label = labels[int(targets.count_labels(inputs.train, len(labels)).argmax())]
        raise FindingsError(
            tr("all training rows have one label; no model was written"),
            details=[tr("{rows:,} rows are {label}", rows=len(inputs.train), label=label)],
            next_step=tr("look at balance with `etl validate {dataset}`", dataset=inputs.dataset.path),
        )


def check_scores(scores: Scores, reference: Reference) -> None:
    """Refuses a model without epochs whose predictions do not depend on the labels.

    Raises:
        FindingsError: with the numbers.
    """
    is_better = _is_more_accurate(scores, reference.constant)
    if not is_better and metrics.independence_p_value(scores) > MAX_P_VALUE:
        raise FindingsError(
            tr("the model learnt nothing that holds outside the training rows; no model was written"),
            details=[*_describe(scores, reference), _describe_inputs(reference)],
            cause=tr("The labels do not follow from the sentences, or the rows are too few to show it."),
            next_step=tr(
                "look at balance, drift and conflicts with `etl validate {dataset}`",
                dataset=reference.dataset,
            ),
        )


def _is_more_accurate(scores: Scores, constant: Scores) -> bool:
    """Returns whether more answers are right than those of the constant predictor, beyond chance.

    Of sets that says nothing: the constant one, which gives all labels, has hardly an exact one.
    """
    # Three standard errors: the best of several epochs is a little above the constant predictor by chance.
    by_chance = 3 * math.sqrt(constant.accuracy * (1 - constant.accuracy) / scores.rows)
    return not scores.sets and scores.accuracy > constant.accuracy + by_chance


def is_too_short(records: Sequence[Record]) -> bool:
    """Returns whether a run had too few steps for a verdict."""
    return records[-1].steps < FEW_STEPS


def _finding(message: str, record: Record, reference: Reference) -> FindingsError:
    cause, next_step = _likely_cause(record, reference)
    weighted = []
    if reference.class_weights:
        weighted = [
            tr(
                "loss, labels weighing the same: {loss:.4f} nats; of an even answer {entropy:.4f}",
                loss=record.weighted_loss,
                entropy=reference.held_out_entropy,
            )
        ]
    return FindingsError(
        tr("{message}; no model was written", message=message),
        details=[
            tr(
                "epoch {epoch}, {steps:,} steps, {rows:,} held-out rows",
                epoch=record.epoch,
                steps=record.steps,
                rows=record.scores.rows,
            ),
            *_describe(record.scores, reference),
            *weighted,
            tr(
                "train loss: {train_loss:.4f} nats; of {reference} {entropy:.4f}",
                train_loss=record.train_loss,
                reference=tr("an even answer") if reference.class_weights else tr("the class prior"),
                entropy=reference.train_entropy,
            ),
            tr(
                "learning rate: {lr:g}; gradient norm: {gradient_norm:.3g}",
                lr=reference.lr,
                gradient_norm=record.gradient_norm,
            ),
            _describe_inputs(reference),
        ],
        cause=cause,
        next_step=next_step,
    )


def _describe(scores: Scores, reference: Reference) -> list[str]:
    label, share = scores.most_predicted
    return [
        tr(
            "predictions: {share:.4f} are {label}, which {share_of_rows:.4f} of the rows are; entropy "
            "{entropy:.4f} nats",
            share=share,
            label=label,
            share_of_rows=scores.labels[label].rows / scores.rows,
            entropy=scores.prediction_entropy,
        ),
        tr(
            "accuracy: {own:.4f}; of the constant predictor {constant:.4f}",
            own=scores.accuracy,
            constant=reference.constant.accuracy,
        ),
        tr(
            "macro-F1: {own:.4f}; of the constant predictor {constant:.4f}",
            own=scores.macro_f1,
            constant=reference.constant.macro_f1,
        ),
        tr(
            "loss: {own:.4f} nats; of the class prior {prior:.4f}",
            own=scores.loss,
            prior=reference.constant.loss,
        ),
    ]


def _describe_inputs(reference: Reference) -> str:
    return tr(
        "inputs: {unknown:.4f} of the tokens are unknown, {empty:.4f} of the rows have no known token",
        unknown=reference.unknown_share,
        empty=reference.empty_share,
    )


def _likely_cause(record: Record, reference: Reference) -> tuple[str, str]:
    if reference.unknown_share >= TOO_MANY or reference.empty_share >= TOO_MANY:
        return (
            tr("The vocabulary knows too little of the text for anything to be learnt from it."),
            reference.advice.unknown,
        )
    usual = reference.advice.lr
    if reference.lr >= HIGH_LR * usual or not math.isfinite(record.train_loss):
        return (
            tr(
                "A learning rate of {lr:g} is high: the weights saturate and no longer move.", lr=reference.lr
            ),
            # The usual one may be what diverged.
            tr("train again with `--lr {usual:g}`", usual=min(usual, reference.lr / 10)),
        )
    if reference.lr <= LOW_LR * usual:
        return (
            tr("A learning rate of {lr:g} is so low that hardly a weight moves.", lr=reference.lr),
            tr("train again with `--lr {usual:g}`", usual=usual),
        )
    label, share = reference.majority
    if share >= MAJORITY:
        return (
            tr(
                "Few rows have another label: {share:.1%} of train are {label}, so that this "
                "answer alone has a low loss.",
                share=share,
                label=label,
            ),
            tr("look at balance with `etl validate {dataset}`", dataset=reference.dataset)
            if reference.class_weights
            else tr(
                "train again with `--class-weights`, which lets rare labels weigh as much as frequent ones"
            ),
        )
    return (
        tr(
            "The labels do not follow from the tokens: shuffled, contradictory, or one corpus for each label."
        ),
        tr("look at balance, drift and conflicts with `etl validate {dataset}`", dataset=reference.dataset),
    )

"""The report of a training run: the scores of the model and of the predictors that it has to beat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np
import polars as pl

from etl.language.message import tr
from etl.models.linear.fit import Trial
from etl.models.training import collapse, raters, references, scoring
from etl.models.training.collapse import Record, Reference
from etl.models.training.compare import Comparison, Predictions, compare
from etl.models.training.inputs import Inputs, describe_cuts
from etl.models.training.metrics import Scores
from etl.models.training.raters import RaterScores
from etl.models.training.references import LogProbabilities
from etl.models.training.state import RunProgress

FILE = "metrics.json"


@dataclass(frozen=True)
class Report:
    """The results of a training run; `metrics.json` holds them."""

    architecture: str
    held_out: str  # the split that selected the epoch
    best_epoch: int  # 0 where there are no epochs
    max_len: int  # 0 where a model takes all ids of a row
    unknown_share: float  # of the tokens of that split
    empty_share: float  # of its rows: those without one known token
    epochs: list[Record]
    trials: list[Trial]  # the settings that a linear model was chosen from
    model: dict[str, Scores]  # by split
    linear: dict[str, Scores]  # the strongest linear model; empty where that is the model
    tfidf: dict[str, Scores]  # TF-IDF with logistic regression
    constant: dict[str, Scores]
    candidates: dict[str, dict[str, Scores]]  # other models that were trained and are not kept
    comparisons: list[Comparison]  # of the model with each of these, on each split
    raters: dict[str, RaterScores]  # by split: each rater against the others, where each one's vote is known
    warnings: list[str]

    @property
    def thresholds(self) -> list[float] | None:
        """Of the labels of sets, in the order of the labels; None without sets."""
        scores = self.model[self.held_out].sets
        return list(scores.thresholds.values()) if scores else None


def make_report(
    inputs: Inputs,
    reference: Reference,
    progress: RunProgress,
    log_probabilities: LogProbabilities,
    *,
    architecture: str,
    max_len: int,
    linear: LogProbabilities | None = None,
    trials: Sequence[Trial] = (),
    candidates: Mapping[str, LogProbabilities] | None = None,
) -> Report:
    """Scores the predictions of a trained model, and the predictors it has to beat, on the held-out rows.

    Args:
        inputs: the rows.
        reference: the scores of the constant predictor.
        progress: the records of the run.
        log_probabilities: of the trained model, by split, (rows, labels).
        architecture: the name of the kind of model.
        max_len: the most ids of a row.
        linear: the predictions of the strongest linear model, if known; empty where that is the model.
        trials: of a linear model.
        candidates: the predictions of other models that were trained and are not kept, by architecture.
    """
    candidates = candidates or {}
    others = {
        **candidates,
        "linear": references.predict_linear(inputs) if linear is None else linear,
        "tfidf": references.predict_tfidf(inputs),
        "constant": references.predict_constant(inputs),
    }
    scores = {other: references.score_all(inputs, own) for other, own in others.items()}
    return Report(
        architecture=architecture,
        held_out=inputs.selection_split,
        best_epoch=progress.best.epoch if progress.best else 0,
        max_len=max_len,
        unknown_share=reference.unknown_share,
        empty_share=reference.empty_share,
        epochs=progress.records,
        trials=list(trials),
        model=references.score_all(inputs, log_probabilities),
        linear=scores["linear"],
        tfidf=scores["tfidf"],
        constant=scores["constant"],
        candidates={name: scores[name] for name in candidates},
        comparisons=_compare(inputs, log_probabilities, others),
        raters=raters.score_raters(inputs),
        warnings=_warnings(progress.records, inputs, max_len),
    )


def _compare(
    inputs: Inputs, log_probabilities: LogProbabilities, others: Mapping[str, LogProbabilities]
) -> list[Comparison]:
    """Compares the model with each of the others on the rows of each split that have a label."""
    compared = []
    for split, rows in inputs.held_out.items():
        has_label = np.full(len(rows), fill_value=True) if rows.is_multi else rows.labels >= 0
        truth = rows.shares > 0 if rows.is_multi and rows.shares is not None else rows.labels
        groups = inputs.frames[split]["group"].filter(pl.Series(has_label)).rank("dense")
        indices = groups.to_numpy().astype(np.int64) - 1
        predictions = _decide(inputs, log_probabilities, split)[has_label]
        for other, by_split in others.items():
            if split in by_split:
                own = _decide(inputs, by_split, split)[has_label]
                compared.append(compare(split, other, predictions, own, truth[has_label], indices))
    return compared


def _decide(inputs: Inputs, predicted: LogProbabilities, split: str) -> Predictions:
    return scoring.decide(predicted[split], references.find_thresholds(inputs, predicted))


def to_json(report: Report) -> bytes:
    """Returns the content of `metrics.json`."""
    plain = replace(report, warnings=[str(warning) for warning in report.warnings])
    return msgspec.json.format(msgspec.json.encode(plain)) + b"\n"


def _warnings(records: list[Record], inputs: Inputs, max_len: int) -> list[str]:
    warnings = describe_cuts(inputs, max_len) if max_len else []
    if records and collapse.is_too_short(records):
        warnings.append(
            tr(
                "only {steps:,} steps of training: too few to say whether the model learns; raise "
                "--epochs or lower --batch-size",
                steps=records[-1].steps,
            )
        )
    for split, n_rows in inputs.unscored.items():
        warnings.append(
            tr(
                "{split} is not scored: none of its {rows:,} rows has a majority of the votes",
                split=split,
                rows=n_rows,
            )
        )
    if "validation" not in inputs.held_out:
        warnings.append(
            tr(
                "no validation rows with a label: the model was chosen by the test rows, so that "
                "their scores flatter it"
            )
        )
    return warnings

"""Says in words whether a model is better than the predictors that need no network, and how sure that is."""

from __future__ import annotations

from typing import Literal

from etl.language.message import tr
from etl.models.training.compare import Comparison
from etl.models.training.report import Report

LINEAR, TFIDF, CONSTANT = (
    tr("strongest linear model"),
    tr("TF-IDF + logistic regression"),
    tr("constant predictor"),
)
_IN_PROSE = {
    "linear": tr("the strongest linear model"),
    "tfidf": tr("TF-IDF with logistic regression"),
    "constant": tr("the constant predictor"),
}


def judge(report: Report) -> tuple[str, Literal["error", "warning", "clean"]]:
    """Returns the verdict on a model, by the split that selected it, and how grave it is."""
    compared = {own.other: own for own in report.comparisons if own.split == report.held_out}
    known = [other for other in _IN_PROSE if other in compared]
    for other in reversed(known):
        if not compared[other].is_above:
            return _describe_rival(_IN_PROSE[other], compared[other]), (
                "error" if other == "constant" else "warning"
            )
    if not is_more_accurate(report):
        return tr(
            "Better than {other} by macro-F1 alone: it is right less often", other=_IN_PROSE["constant"]
        ), "warning"
    beaten = [_IN_PROSE[other] for other in known[:2]]
    if len(beaten) == 2:
        return tr("Better than {one} and {other}", one=beaten[0], other=beaten[1]), "clean"
    return tr("Better than {other}", other=beaten[0]), "clean"


def _describe_rival(other: str, comparison: Comparison) -> str:
    if comparison.difference <= 0:
        return tr("Not better than {other}", other=other)
    return tr("Not surely better than {other}", other=other)


def is_more_accurate(report: Report) -> bool:
    """Returns whether the model is right more often than one answer for all rows."""
    split = report.held_out
    return report.model[split].accuracy > report.constant[split].accuracy


def find_comparison(report: Report, split: str, other: str) -> Comparison | None:
    """Returns the comparison of the model with another predictor on a split, if there is one."""
    found = (own for own in report.comparisons if (own.split, own.other) == (split, other))
    return next(found, None)


def describe(comparison: Comparison | None) -> str:
    """Returns how far the model is above another predictor, with the interval of 95 %."""
    if comparison is None:
        return ""
    return tr(
        "{difference:+.4f} ({low:+.4f} to {high:+.4f})",
        difference=comparison.difference,
        low=comparison.low,
        high=comparison.high,
    )

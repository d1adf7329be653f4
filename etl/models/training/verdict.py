"""Says in words whether a model is better than the predictors that need no network, and how sure that is."""

from __future__ import annotations

from typing import Literal

from etl.models.training.compare import Comparison
from etl.models.training.report import Report

LINEAR, TFIDF, CONSTANT = "strongest linear model", "TF-IDF + logistic regression", "constant predictor"
_IN_PROSE = {
    "linear": f"the {LINEAR}",
    "tfidf": "TF-IDF with logistic regression",
    "constant": f"the {CONSTANT}",
}


def judge(report: Report) -> tuple[str, Literal["error", "warning", "clean"]]:
    """Returns the verdict on a model, by the split that selected it, and how grave it is."""
    compared = {own.other: own for own in report.comparisons if own.split == report.held_out}
    known = [other for other in _IN_PROSE if other in compared]
    for other in reversed(known):
        if not compared[other].is_above:
            is_below = compared[other].difference <= 0
            word = "Not better" if is_below else "Not surely better"
            return f"{word} than {_IN_PROSE[other]}", "error" if other == "constant" else "warning"
    if not is_more_accurate(report):
        return f"Better than {_IN_PROSE['constant']} by macro-F1 alone: it is right less often", "warning"
    return f"Better than {' and '.join(_IN_PROSE[other] for other in known[:2])}", "clean"


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
    return f"{comparison.difference:+.4f} ({comparison.low:+.4f} to {comparison.high:+.4f})"

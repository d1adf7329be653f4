"""Says in words whether a model is better than the predictors that need no network, and how sure that is."""

from __future__ import annotations

from typing import Literal

from etl.models.training.compare import Comparison
from etl.models.training.report import Report

LINEAR, TFIDF, CONSTANT = "strongest linear model", "TF-IDF + logistic regression", "constant predictor"
NAMES = {"linear": LINEAR, "tfidf": TFIDF, "constant": CONSTANT}


def judge(report: Report) -> tuple[str, Literal["error", "warning", "clean"]]:
    """Returns the verdict on a model, by the split that selected it, and how grave it is."""
    compared = {own.other: own for own in report.comparisons if own.split == report.held_out}
    for other in ("constant", "tfidf", "linear"):
        if other in compared and not compared[other].is_above:
            is_below = compared[other].difference <= 0
            word = "Not better" if is_below else "Not surely better"
            return f"{word} than the {NAMES[other]}", "error" if other == "constant" else "warning"
    known = [NAMES[other] for other in compared]
    return f"Better than the {' and the '.join(known[:2])}", "clean"


def describe(comparison: Comparison) -> str:
    """Returns a comparison as a sentence."""
    side = "above" if comparison.difference > 0 else "below"
    doubt = "" if comparison.low > 0 or comparison.high < 0 else ": that may be chance"
    return (
        f"{comparison.split}: macro-F1 is {abs(comparison.difference):.4f} {side} that of the "
        f"{NAMES[comparison.other]} (95 %: {comparison.low:+.4f} to {comparison.high:+.4f}, "
        f"drawn from {comparison.groups:,} groups){doubt}"
    )

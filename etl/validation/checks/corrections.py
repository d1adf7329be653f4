"""Checks what became of the decisions of people: which could not be applied, and on what people disagree."""

from __future__ import annotations

from etl.dataset.manifest import CorrectionCounts
from etl.validation.check import Check
from etl.validation.findings import Finding
from etl.validation.rules import Rules
from etl.validation.view import View


def measure(view: View) -> CorrectionCounts:
    """Returns the counts of the manifest: the decisions themselves do not stand in the dataset."""
    return view.manifest.corrections


def judge(counts: CorrectionCounts, rules: Rules) -> list[Finding]:
    """Judges how many decisions were not applied."""
    resolved = counts.disagreed - counts.unresolved
    return [
        *rules.judge("correction_stale", counts.stale, applied=counts.applied),
        *rules.judge("correction_not_found", counts.not_found, applied=counts.applied),
        *rules.judge("correction_incomplete", counts.incomplete, applied=counts.applied),
        *rules.judge("correction_disagreement", counts.unresolved, resolved=resolved),
        *rules.judge("correction_resolved", resolved),
        *rules.judge("correction_taxonomy", counts.other_taxonomy),
    ]


CHECK = Check(
    "corrections",
    measure,
    codes=(
        "correction_stale",
        "correction_not_found",
        "correction_incomplete",
        "correction_disagreement",
        "correction_resolved",
        "correction_taxonomy",
    ),
    judge=judge,
    is_applicable=lambda view: bool(view.manifest.corrections.files),
)

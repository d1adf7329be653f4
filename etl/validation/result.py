"""What a validation yields: findings, and the statistics they were judged by."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import etl
from etl.validation.checks.balance import Balance, Cell, ConstantPredictor, LabelPredictsSource
from etl.validation.checks.changes import Against
from etl.validation.checks.conflicts import Conflict, RaterAgreement
from etl.validation.checks.drift import Drift
from etl.validation.checks.label_noise import LabelNoise
from etl.validation.checks.leakage import Leak
from etl.validation.checks.overlap import Repeat, SourceOverlap
from etl.validation.checks.texts import Texts
from etl.validation.checks.token_stats import Tokens
from etl.validation.findings import SEVERITIES, Finding, Severity

FailOn = Literal["error", "warning", "never"]
FORMAT = 1
# Which severities each choice does not let pass.
FAILING: dict[FailOn, tuple[Severity, ...]] = {
    "error": ("error",),
    "warning": ("error", "warning"),
    "never": (),
}


@dataclass(frozen=True)
class Account:
    """What the rows say became of one source; `read` is their sum, whatever the manifest says."""

    source: str
    read: int
    kept: int
    rejected: dict[str, int]


@dataclass(frozen=True)
class Statistics:
    """Everything that was measured, recomputed from the rows. Shares are 0 to 1, losses in nats."""

    accounts: tuple[Account, ...]
    cells: tuple[Cell, ...]
    balances: tuple[Balance, ...]
    constant_predictors: tuple[ConstantPredictor, ...]
    label_predicts_source: LabelPredictsSource | None
    drifts: tuple[Drift, ...]
    leaks: tuple[Leak, ...]
    repeats: tuple[Repeat, ...]
    source_overlaps: tuple[SourceOverlap, ...]
    conflicts: tuple[Conflict, ...]
    rater_agreements: tuple[RaterAgreement, ...]
    texts: Texts
    tokens: Tokens
    against: Against | None = None
    label_noise: LabelNoise | None = None


@dataclass(frozen=True)
class Result:
    """The findings, the most severe first, and the statistics; None where the columns allow none.

    Attributes:
        findings, statistics: what was found.
        checked: the codes of all findings that were looked for.
        seconds: what each check took, by its name; kept out of the files, which are the same in each run.
    """

    findings: tuple[Finding, ...]
    statistics: Statistics | None
    checked: tuple[str, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict, compare=False)

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def verdict(self) -> Literal["error", "warning", "clean"]:
        """The worst severity there is; notes are no blemish."""
        if self.count("error"):
            return "error"
        return "warning" if self.count("warning") else "clean"

    def exit_code(self, fail_on: FailOn) -> int:
        """3 where there is a finding that `fail_on` does not let pass, else 0."""
        return 3 if any(map(self.count, FAILING[fail_on])) else 0

    def document(self) -> dict[str, Any]:
        """The result as `validation/findings.json` has it; see `etl.validation.findings`."""
        return {
            "format": FORMAT,
            "tool": {"name": "etl", "version": etl.__version__},
            "verdict": self.verdict(),
            "counts": {severity: self.count(severity) for severity in SEVERITIES},
            "findings": [asdict(finding) for finding in self.findings],
            "statistics": asdict(self.statistics) if self.statistics else None,
        }

"""The result of a validation: findings, and the measures they were judged by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, is_dataclass
from typing import Any, Literal

import polars as pl

import etl
from etl.language.lists import join_with_and
from etl.language.message import joined, tr
from etl.validation.checks import CHECKS
from etl.validation.findings import SEVERITIES, Finding, Severity
from etl.validation.rules import AREA_NAMES, Rules, load_rules

FailOn = Literal["error", "warning", "never"]
FORMAT = 1
# The severities that make the exit code 3.
FAILING: dict[FailOn, tuple[Severity, ...]] = {
    "error": ("error",),
    "warning": ("error", "warning"),
    "never": (),
}


@dataclass(frozen=True)
class Result:
    """The result of a validation.

    Attributes:
        findings: the most severe first.
        statistics: by the name of each check what it measured, recomputed from the rows; shares are 0 to 1,
            losses in nats. A check that was left out has None. None where the columns allow no measure.
        checked: the codes of all findings that were looked for.
        unchecked: why an area could not be looked at, or not all of it, by area.
        rules: the rules that the findings were judged by.
        seconds: the time of each check by its name; not written, since the files are the same in each run.
    """

    findings: tuple[Finding, ...]
    statistics: Mapping[str, Any] | None
    checked: tuple[str, ...] = ()
    unchecked: Mapping[str, str] = field(default_factory=dict)
    rules: Rules = field(default_factory=load_rules, repr=False, compare=False)
    seconds: dict[str, float] = field(default_factory=dict, compare=False)

    def count(self, severity: Severity) -> int:
        """Counts the findings of one severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def verdict(self) -> Literal["error", "warning", "clean"]:
        """Returns the worst severity there is; notes count as clean."""
        if self.count("error"):
            return "error"
        return "warning" if self.count("warning") else "clean"

    def name_unchecked(self) -> str:
        """Returns the areas that could not be looked at, and why, as one phrase; "" where there is none."""
        by_reason: dict[str, list[str]] = {}
        for area, reason in self.unchecked.items():
            by_reason.setdefault(reason, []).append(area)
        return joined(
            "; ",
            (
                tr("{areas} ({reason})", areas=list_areas(areas), reason=reason)
                for reason, areas in by_reason.items()
            ),
        )

    def exit_code(self, fail_on: FailOn) -> int:
        """Returns 3 where a finding is at least as severe as `fail_on`, else 0."""
        return 3 if any(map(self.count, FAILING[fail_on])) else 0

    def document(self) -> dict[str, Any]:
        """Returns the content of `validation/findings.json`; see `etl.validation.findings`."""
        return {
            "format": FORMAT,
            "tool": {"name": "etl", "version": etl.__version__},
            "verdict": self.verdict(),
            "counts": {severity: self.count(severity) for severity in SEVERITIES},
            "findings": [asdict(finding) for finding in self.findings],
            "unchecked": dict(self.unchecked),
            "statistics": None if self.statistics is None else _documented(self.statistics),
        }


def list_areas(areas: Iterable[str]) -> str:
    """Names areas in a phrase, at least one."""
    return join_with_and(AREA_NAMES[area] for area in areas)


def _documented(statistics: Mapping[str, Any]) -> dict[str, Any]:
    return {check.key: _as_plain(statistics[check.name]) for check in CHECKS if check.key}


def _as_plain(measured: Any) -> Any:
    """Turns dataclasses, alone or in a tuple, into dictionaries, without their frames."""
    if isinstance(measured, tuple):
        return [_as_plain(part) for part in measured]
    if not is_dataclass(measured) or isinstance(measured, type):
        return measured
    return {name: value for name, value in asdict(measured).items() if not isinstance(value, pl.DataFrame)}

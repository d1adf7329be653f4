"""What a check found: a code, a number, and the words of `schemas/checks/` for it.

The checks measure; this module decides whether a number is a finding. Words, severities and thresholds are
in the YAML.

`validation/findings.json` (format 1) is made of findings:

    {"format": 1,
     "tool": {"name": "etl", "version": str},
     "verdict": "error" | "warning" | "clean",
     "counts": {"error": int, "warning": int, "note": int},
     "findings": [{"code": str, "severity": "error" | "warning" | "note", "message": str,
                   "number": int | float, "threshold": int | float,
                   "examples": [row id, …], "what_to_do": str}, …],
     "statistics": {…} | null}

Errors come first, then warnings, then notes; within one severity the order is that of the YAML. `statistics`
is `etl.validation.result.Statistics`, field by field, or null where the columns do not allow to compute it.
Keys are only ever added; a change of meaning raises `format`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from etl.schema import resources
from etl.validation import thresholds

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
MAX_EXAMPLES = 5


@dataclass(frozen=True)
class Finding:
    """One thing that a check found.

    Attributes:
        code: a key of a file in `schemas/checks/`; stable.
        severity: error, warning or note.
        message: one sentence with the number in it; never a sentence of the corpus.
        number: what was measured.
        threshold: what it had to exceed to be a finding.
        examples: ids of rows to look at, at most `MAX_EXAMPLES`.
        what_to_do: the next step.
    """

    code: str
    severity: Severity
    message: str
    number: int | float
    threshold: int | float
    examples: tuple[str, ...]
    what_to_do: str


def checks() -> dict[str, dict[str, Any]]:
    """Every finding code with its entry in `schemas/checks/` and the `area` it stands under, in order.

    While a validation runs, with the thresholds and severities that its settings chose.
    """
    entries = {
        code: {**check, "area": area}
        for area in resources.load("schemas", "checks", "areas.yaml")["areas"]
        for code, check in (resources.load("schemas", "checks", f"{area}.yaml") or {}).items()
    }
    return thresholds.applied(entries)


def judge(
    code: str,
    number: int | float,
    *,
    examples: Iterable[str] = (),
    threshold: int | float | None = None,
    **facts: object,
) -> list[Finding]:
    """The finding `code`, if `number` exceeds its threshold; else nothing.

    Args:
        code: a key of a file in `schemas/checks/`.
        number: what was measured, in the unit of the threshold there.
        examples: ids of rows to look at; the first `MAX_EXAMPLES` are kept.
        threshold: instead of the one in the YAML.
        facts: what the message of the YAML names.
    """
    check = checks()[code]
    limit = check["threshold"] if threshold is None else threshold
    if check["severity"] == "off" or not number > limit:
        return []
    message = check["message"].format(number=number, threshold=limit, **facts)
    kept = tuple(examples)[:MAX_EXAMPLES]
    return [Finding(code, check["severity"], message, number, limit, kept, check["what_to_do"])]


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Errors first, then warnings, then notes; within one severity the order of the YAML."""
    codes = list(checks())
    return tuple(
        sorted(findings, key=lambda found: (SEVERITIES.index(found.severity), codes.index(found.code)))
    )


def listing(names: Sequence[str], most: int = 5) -> str:
    """Names for a message: the first few, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")

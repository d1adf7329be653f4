"""The rules of `schemas/checks/`: above which number a measure is a finding, how severe, and in which words.

Checks measure; whether a number is a finding is decided here alone. The section `validate` of the settings
replaces thresholds and severities of single rules.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec
from msgspec import structs

from etl.errors import SettingsError
from etl.language.message import plural, tr
from etl.schema import resources
from etl.settings import Validate
from etl.text.html import show_blanks
from etl.validation.findings import MAX_EXAMPLES, SEVERITIES, Finding, change_texts

# What people call the areas.
AREA_NAMES = {
    "contract": tr("contract"),
    "text": tr("text"),
    "balance": tr("balance"),
    "drift": tr("drift"),
    "leakage": tr("leakage"),
    "conflicts": tr("conflicts"),
    "tokens": tr("tokens"),
    "noise": tr("noise"),
    "corrections": tr("corrections"),
}


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of `schemas/checks/`; its keys are explained in `areas.yaml` there.

    Attributes:
        area: the file that it stands in, such as "leakage".
        minor: where at most this share of the rows is concerned, an error is a warning.
        of_one: the message for a number of 1; "": it is the same.
        title, message, of_one, explanation, what_to_do, short: English, as in the file; people read what `tr`
            makes of them.
    """

    area: str
    severity: Literal["error", "warning", "note", "off"]
    threshold: int | float
    title: str
    message: str
    explanation: str
    what_to_do: str
    short: str = ""
    of_one: str = ""
    minor: float = 0.0

    def judge_severity(self, share: float) -> Literal["error", "warning", "note", "off"]:
        """Returns the severity where this share of the rows is concerned."""
        return "warning" if self.severity == "error" and share <= self.minor else self.severity


@dataclass(frozen=True)
class Rules:
    """All rules by finding code, in the order of `schemas/checks/`."""

    by_code: Mapping[str, Rule]

    def __getitem__(self, code: str) -> Rule:
        return self.by_code[code]

    @property
    def areas(self) -> list[str]:
        """The areas, in order."""
        return list(dict.fromkeys(rule.area for rule in self.by_code.values()))

    def judge(
        self,
        code: str,
        number: int | float,
        *,
        examples: Iterable[str] = (),
        rows_to_see: int | None = None,
        threshold: int | float | None = None,
        **facts: object,
    ) -> list[Finding]:
        """Returns the finding `code` if `number` exceeds its threshold, else no finding.

        Args:
            code: a key of a file in `schemas/checks/`.
            number: what was measured, in the unit of the threshold there.
            examples: ids of rows to look at; the first `MAX_EXAMPLES` are kept.
            rows_to_see: how many rows the examples are some of; None: the number.
            threshold: replaces that of the rule.
            facts: fill the placeholders of the rule's message; by `share`, that of the rows which are
                concerned, an error may be a warning.
        """
        rule = self.by_code[code]
        limit = rule.threshold if threshold is None else threshold
        share = facts.get("share", 1.0)
        severity = rule.judge_severity(share if isinstance(share, float) else 1.0)
        if severity == "off" or not number > limit:
            return []
        shown = {
            name: change_texts(fact, show_blanks) if isinstance(fact, str) else fact
            for name, fact in facts.items()
        }
        facts = {"threshold": limit, **shown}
        message = (
            plural(rule.of_one, rule.message, int(number), **facts)
            if rule.of_one
            else tr(rule.message, number=number, **facts)
        )
        kept = tuple(dict.fromkeys(examples))[:MAX_EXAMPLES]
        rows = int(number if rows_to_see is None else rows_to_see) if kept else 0
        return [Finding(code, severity, message, number, limit, kept, tr(rule.what_to_do), rows)]

    def sort(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Sorts findings: errors, warnings, notes; within one severity in the order of the rules."""
        codes = list(self.by_code)
        return tuple(
            sorted(findings, key=lambda found: (SEVERITIES.index(found.severity), codes.index(found.code)))
        )


def load_rules(chosen: Validate = Validate()) -> Rules:
    """Loads the rules of `schemas/checks/`.

    Args:
        chosen: thresholds and severities that replace those of the files.

    Raises:
        SettingsError: `chosen` names a finding code that does not exist.
    """
    entries = {
        code: {**entry, "area": area}
        for area in resources.load("schemas", "checks", "areas.yaml")["areas"]
        for code, entry in (resources.load("schemas", "checks", f"{area}.yaml") or {}).items()
    }
    rules = msgspec.convert(entries, dict[str, Rule])
    for section, by_code in (("thresholds", chosen.thresholds), ("severities", chosen.severities)):
        for code in by_code:
            if code not in rules:
                raise _unknown_code(section, code, list(rules))
    return Rules(
        {
            code: structs.replace(
                rule,
                threshold=chosen.thresholds.get(code, rule.threshold),
                severity=chosen.severities.get(code, rule.severity),
                minor=0.0 if code in chosen.severities else rule.minor,
            )
            for code, rule in rules.items()
        }
    )


def _unknown_code(section: str, code: str, codes: list[str]) -> SettingsError:
    nearest = difflib.get_close_matches(code, codes, n=3, cutoff=0.5)
    meant = (
        tr("the nearest are {nearest}", nearest=", ".join(nearest))
        if nearest
        else tr("expected one of {codes}", codes=", ".join(codes))
    )
    return SettingsError(
        tr("validate.{section} names {code!r}, which is no finding code", section=section, code=code),
        details=[meant],
        next_step=tr("correct the code in your etl.yaml; docs/dataset.md lists them all."),
    )

"""A finding of a check: a code, a number, and a sentence about it.

Whether a number is a finding is decided by the rules, see `etl.validation.rules`.

`validation/findings.json` (format 1) is made of findings:

    {"format": 1,
     "tool": {"name": "etl", "version": str},
     "verdict": "error" | "warning" | "clean",
     "counts": {"error": int, "warning": int, "note": int},
     "findings": [{"code": str, "severity": "error" | "warning" | "note", "message": str,
                   "number": int | float, "threshold": int | float,
                   "examples": [row id, …], "rows": int, "evidence": path of a file, or "",
                   "what_to_do": str}, …],
     "unchecked": {area: why it, or a part of it, could not be looked at, …},
     "statistics": {…} | null}

Errors come first, then warnings, then notes; within one severity the order is that of the YAML. `statistics`
has the `key` of each check of `etl.validation.checks.CHECKS` with what it measured, field by field, or null
where it was not measured; it is null where the columns do not allow to compute it. Keys are only ever added;
a change of meaning raises `format`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from etl.language.message import Message, plural, tr

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
MAX_EXAMPLES = 5


@dataclass(frozen=True)
class Finding:
    """A measure that exceeds the threshold of its rule.

    Attributes:
        code: a key of a file in `schemas/checks/`; stable.
        severity: error, warning or note.
        message: one sentence with the number in it; never a sentence of the corpus. It and `what_to_do` are
            messages, which the terminal and the report say in the user's language.
        number: what was measured.
        threshold: what it had to exceed to be a finding.
        examples: ids of rows to look at, at most `MAX_EXAMPLES`.
        what_to_do: the next step.
        rows: how many rows the examples are some of; 0 without examples.
        evidence: the file that has all of them; "" where it was not asked for.
    """

    code: str
    severity: Severity
    message: str
    number: int | float
    threshold: int | float
    examples: tuple[str, ...]
    what_to_do: str
    rows: int = 0
    evidence: str = ""

    def count_examples(self) -> str:
        """Says how many rows there are to look at, how many of them are named, and where all of them are."""
        shown = plural(
            "{examples:,} of {number:,} row",
            "{examples:,} of {number:,} rows",
            self.rows,
            examples=len(self.examples),
        )
        if not self.evidence:
            return shown
        return tr("{shown}, all in {evidence}", shown=shown, evidence=self.evidence)


def change_texts(text: str, change: Callable[[str], str]) -> str:
    """Changes a text; a message stays one, and the texts that are filled into it are changed.

    Args:
        text: plain, or a message.
        change: returns what a plain text becomes.
    """
    if not isinstance(text, Message):
        return change(text)
    values = {
        name: change_texts(value, change) if isinstance(value, str) else value
        for name, value in text.values.items()
    }
    return Message(text.template, values, text.template_of_many, text.number)

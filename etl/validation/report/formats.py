"""Formats a result: lines for a person, JSON, JUnit XML for CI servers, workflow commands for GitHub.

The lines are in the user's language, what programs read is English.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Literal, get_args
from xml.etree import ElementTree as ET

from etl.language.message import Message, joined, plural, tr
from etl.runtime.console import printable
from etl.validation.findings import Finding, change_texts
from etl.validation.result import FAILING, FailOn, Result

Format = Literal["table", "json", "junit", "github"]
# As wide as each other on a terminal, in every language.
_SEVERITIES = {"error": tr("error   "), "warning": tr("warning "), "note": tr("note    ")}
_INDENT = " " * 9
_GITHUB = {"error": "error", "warning": "warning", "note": "notice"}
# What XML 1.0 has no way to write (section 2.2 of its specification).
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(result: Result, layout: Format, *, name: str, fail_on: FailOn) -> str:
    """Formats the result, without a line break at the end.

    Args:
        result: findings and statistics.
        layout: table, json, junit or github.
        name: what was validated.
        fail_on: which findings fail a test case of JUnit.
    """
    layouts: dict[str, Callable[[], str]] = {
        "table": lambda: as_lines(result),
        "json": lambda: json.dumps(result.document(), ensure_ascii=False, indent=2),
        "junit": lambda: as_junit(result, name=name, fail_on=fail_on),
        "github": lambda: as_github(result),
    }
    assert set(layouts) == set(get_args(Format))
    return layouts[layout]()


def as_lines(result: Result) -> str:
    """Lists each finding with its examples and the next step, and counts them: a message for people."""
    lines: list[str] = []
    for finding in result.findings:
        lines.append(joined("", (_SEVERITIES[finding.severity], f" {finding.code}: ", finding.message)))
        if finding.examples:
            lines.append(_INDENT + _examples(finding))
        if finding.severity != "note":
            lines.append(_INDENT + _next(finding))
    errors = plural("{number:,} error", "{number:,} errors", result.count("error"))
    warnings = plural("{number:,} warning", "{number:,} warnings", result.count("warning"))
    counted = [tr("{errors}, {warnings}.", errors=errors, warnings=warnings)]
    if unchecked := result.name_unchecked():
        counted.append(tr("Not looked at: {areas}.", areas=unchecked))
    lines.append(joined(" ", counted))
    return joined("\n", (change_texts(line, printable) for line in lines))


def as_junit(result: Result, *, name: str, fail_on: FailOn) -> str:
    """Formats as JUnit XML: a test case for each code that was checked, failed by what `fail_on` names.

    The format has no standard of its own; this is the part of https://github.com/testmoapp/junitxml that all
    readers know. A finding that fails nothing stands in `system-out`.
    """
    grave = FAILING[fail_on]
    suite = ET.Element("testsuite", name=_xml(f"etl validate {name}"))
    failures = 0
    for code in result.checked:
        case = ET.SubElement(
            suite, "testcase", classname=f"etl.validation.{result.rules[code].area}", name=code
        )
        found = [finding for finding in result.findings if finding.code == code]
        failing = [finding for finding in found if finding.severity in grave]
        failures += bool(failing)
        if failing:
            message = "; ".join(finding.message for finding in failing)
            failure = ET.SubElement(case, "failure", type=failing[0].severity, message=_xml(message))
            failure.text = _xml("\n\n".join(map(_paragraph, failing)))
        if len(found) > len(failing):
            passed = (_paragraph(finding) for finding in found if finding not in failing)
            ET.SubElement(case, "system-out").text = _xml("\n\n".join(passed))
    counts = {"tests": str(len(result.checked)), "failures": str(failures), "errors": "0", "skipped": "0"}
    suite.attrib |= counts
    suites = ET.Element("testsuites", counts)
    suites.append(suite)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode")


def as_github(result: Result) -> str:
    """Formats as a workflow command for each finding, which GitHub shows as an annotation of the run.

    Format: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    return "\n".join(
        f"::{_GITHUB[finding.severity]} title={_property(result.rules[finding.code].title)}"
        f"::{_message(f'{finding.code}: {_paragraph(finding)}')}"
        for finding in result.findings
    )


def _paragraph(finding: Finding) -> str:
    lines = [finding.message]
    if finding.examples:
        lines.append(_examples(finding))
    if finding.severity != "note":
        lines.append(_next(finding))
    return "\n".join(lines)


def _examples(finding: Finding) -> Message:
    ids = ", ".join(finding.examples)
    return tr("for example {shown}: {ids}", shown=finding.count_examples(), ids=ids)


def _next(finding: Finding) -> Message:
    return tr("Next: {step}", step=finding.what_to_do)


def _xml(text: str) -> str:
    """Replaces the characters that XML cannot hold; the rest is escaped when it is written."""
    return _NOT_XML.sub("\ufffd", text)


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")

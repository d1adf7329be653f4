"""Renders the report: one HTML file without network and JavaScript, for a screen, a phone and paper.

The verdict in words, then the sections of the checks by chapter, the findings among them. It shows numbers
and ids, and a sentence only where it is passed in. Its style is `report.css`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import etl
from etl.dataset.read import SPLITS
from etl.runtime.console import plural
from etl.text.html import count, document, listed, prose, section, table, text
from etl.validation.check import CHAPTERS, ReportContext
from etl.validation.checks import CHECKS, accounts, balance, labels
from etl.validation.findings import SEVERITIES, Finding
from etl.validation.result import Result
from etl.validation.rules import Rules

_VERDICTS = {
    "error": "Do not train on this yet",
    "warning": "Usable, if you know its flaws",
    "clean": "Nothing stands in the way of training",
    "partial": "Nothing was found, but not all was looked at",
}
# The colour of a verdict that is no severity.
_TONES = {"partial": "note"}
# So many kinds of errors the verdict names.
_NAMED = 4


def render(name: str, result: Result, quotes: Mapping[str, str]) -> str:
    """Returns the report as one HTML document.

    Args:
        name: what to call the dataset.
        result: findings and statistics.
        quotes: sentences that may be quoted, by row id; usually none.
    """
    body = [_header(name, result, is_quoting=bool(quotes)), *_chapters(result, quotes), _footer()]
    return document(f"{name}: validation report", "".join(body))


def _chapters(result: Result, quotes: Mapping[str, str]) -> list[str]:
    """Renders the sections from top to bottom; one that has nothing to show is empty."""
    context = ReportContext(result.statistics or {}, result.rules, quotes)
    sections = []
    for chapter in CHAPTERS:
        if chapter == "findings":
            sections.append(_findings(result, quotes))
        sections += [
            check.render(context.statistics[check.name], context)
            for check in CHECKS
            if check.chapter == chapter and context.statistics.get(check.name) is not None
        ]
    return sections


def _header(name: str, result: Result, *, is_quoting: bool) -> str:
    verdict: str = result.verdict()
    verdict = "partial" if verdict == "clean" and result.unchecked else verdict
    quoting = '<p class="quoting">Sentences are quoted here; some corpora must not be passed on.</p>\n'
    return (
        f'<header class="{_TONES.get(verdict, verdict)}">\n'
        f'<p class="kicker">Validation report <b>{text(name)}</b></p>\n'
        f'<h1>{text(_VERDICTS[verdict])}</h1>\n<p class="lead">{_lead(result)}</p>\n'
        f"{quoting if is_quoting else ''}"
        f"{_figures(result.statistics) if result.statistics else ''}{_areas(result)}</header>\n"
    )


def _lead(result: Result) -> str:
    """Explains the verdict in a sentence or two, as HTML."""
    errors, warnings = result.count("error"), result.count("warning")
    unchecked = result.name_unchecked()
    not_looked_at = f" Not looked at: {text(unchecked)}." if unchecked else ""
    if not errors and not warnings:
        return _lead_without_flaws(result) + not_looked_at
    worst = "error" if errors else "warning"
    titles = [result.rules[finding.code].title for finding in result.findings if finding.severity == worst]
    kinds = [title[0].lower() + title[1:] for title in dict.fromkeys(titles)]
    more = len(kinds) - _NAMED
    named = text("; ".join(kinds[:_NAMED]) + (f"; and {more} more" if more > 0 else ""))
    link = '<a href="#findings">What to do about it.</a>'
    if not errors:
        counted = f"No errors. <strong>{plural(warnings, 'warning')}</strong>: {named}."
        return f"{counted}{not_looked_at} {link}"
    also = f" There {_are(warnings)} {plural(warnings, 'warning')} besides." if warnings else ""
    counted = f"<strong>{plural(errors, 'error')}</strong> would make results untrue: {named}.{also}"
    return f"{counted}{not_looked_at} {link}"


def _lead_without_flaws(result: Result) -> str:
    unasked = _unasked(result)
    if result.unchecked:
        return "Neither an error nor a warning was found in the rest."
    if unasked:
        return f"Neither an error nor a warning was found. Not asked for: {text(' and '.join(unasked))}."
    return "Everything was looked at, and neither an error nor a warning was found."


def _unasked(result: Result) -> list[str]:
    """Lists the areas that no check of this run belongs to, though nothing was in its way."""
    checked = {result.rules[code].area for code in result.checked}
    return [area for area in result.rules.areas if area not in checked and area not in result.unchecked]


def _figures(statistics: Mapping[str, Any]) -> str:
    cells, sources = statistics[labels.CHECK.name], statistics[accounts.CHECK.name]
    splits = {each.split: each.rows for each in statistics[balance.CHECK.name] if each.source is None}
    read = sum(counts.read for counts in sources)
    kept = sum(counts.kept for counts in sources)
    figures = {
        **({"rows": kept} if read == kept else {"rows read": read, "kept": kept, "rejected": read - kept}),
        **{split: splits[split] for split in SPLITS if split in splits},
        # So that the numbers add up to those that were kept.
        **({"unlabelled": unlabelled} if (unlabelled := kept - round(sum(splits.values()))) > 0 else {}),
        "sources": len(sources),
        "labels": len({cell.label for cell in cells}),
    }
    drawn = "".join(
        f"<div><dt>{text(name)}</dt><dd>{count(number)}</dd></div>" for name, number in figures.items()
    )
    return f'<dl class="figures">{drawn}</dl>\n'


def _areas(result: Result) -> str:
    """Lists the areas, each with what was found in it."""
    rules, unasked = result.rules, _unasked(result)
    drawn = ""
    for area in rules.areas:
        findings = [finding for finding in result.findings if rules[finding.code].area == area]
        status: str = "clean"
        outcome = "nothing found"
        if findings:
            by_severity = Counter(finding.severity for finding in findings)
            counted = ", ".join(
                plural(by_severity[severity], severity) for severity in SEVERITIES if severity in by_severity
            )
            number = result.findings.index(findings[0]) + 1
            status, outcome = findings[0].severity, f'<a href="#finding-{number}">{counted}</a>'
        elif area in unasked:
            status, outcome = "skipped", "not asked for"
        if area in result.unchecked:
            why = f"not looked at: {text(result.unchecked[area])}"
            status, outcome = (status, f"{outcome}; {why}") if findings else ("skipped", why)
        drawn += f'<li class="{status}"><b>{text(area.capitalize())}</b> <span>{outcome}</span></li>'
    return f'<ul class="areas" aria-label="What was looked at">{drawn}</ul>\n'


def _findings(result: Result, quotes: Mapping[str, str]) -> str:
    if not result.findings:
        return section("Findings", "None.", anchor="findings")
    about = "Errors first. What each one means, rows to look at, and what to do stand below the table."
    rows = [
        [
            f'<span class="badge {finding.severity}">{finding.severity}</span>',
            f'<a href="#finding-{number}">{text(result.rules[finding.code].title)}</a>',
            f"<code>{text(finding.code)}</code>",
            _number(finding.number),
            _number(finding.threshold),
        ]
        for number, finding in enumerate(result.findings, start=1)
    ]
    columns = [
        ("severity", "name"),
        ("finding", "prose"),
        ("code", "name code"),
        ("number", "n"),
        ("limit", "n"),
    ]
    articles = (
        _finding(finding, number, result.rules, quotes)
        for number, finding in enumerate(result.findings, start=1)
    )
    return section("Findings", about, table(columns, rows), *articles, anchor="findings")


def _finding(finding: Finding, number: int, rules: Rules, quotes: Mapping[str, str]) -> str:
    rule = rules[finding.code]
    explanation = rule.explanation.format(threshold=finding.threshold)
    return (
        f'<article class="finding" id="finding-{number}">\n'
        f'<div class="badge {finding.severity}">{finding.severity}</div>\n<div class="{finding.severity}">\n'
        f"<h3>{text(rule.title)} <code>{text(finding.code)}</code></h3>\n"
        f"<p>{prose(_sentence(finding.message))}</p>\n"
        f'<p class="why">{prose(explanation)}</p>\n'
        f'<p class="next">{prose(finding.what_to_do)}</p>\n'
        f"{_examples(finding)}{listed(finding.examples, quotes)}</div>\n</article>\n"
    )


def _examples(finding: Finding) -> str:
    if not finding.examples:
        return ""
    more = "" if finding.evidence else "; <code>etl validate --evidence DIR</code> writes all of them"
    return f'<p class="about">{text(finding.count_examples())}{more if finding.rows > 1 else ""}</p>\n'


def _footer() -> str:
    return (
        f"<footer>Written by etl {text(etl.__version__)}. Everything here was computed again from the rows, "
        "no count was taken from the manifest. <code>findings.json</code> is for programs.</footer>\n"
    )


def _number(value: float) -> str:
    """Formats a count, or four significant digits of a measure."""
    return f"{value:,.0f}" if isinstance(value, int) or abs(value) >= 1000 else f"{value:.4g}"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _sentence(message: str) -> str:
    """Makes a message a sentence; one that opens with a name such as `val_accuracy` keeps it as it is."""
    first = message.split(" ", 1)[0]
    return (message if "_" in first else message[:1].upper() + message[1:]) + "."

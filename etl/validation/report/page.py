"""Renders the report: one HTML file without network and JavaScript, for a screen, a phone and paper.

The verdict in words, then the sections of the checks by chapter, the findings among them. It shows numbers
and ids, and a sentence only where it is passed in. Its style is `report.css`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import etl
from etl.dataset.read import SPLITS
from etl.language.message import Message, joined, plural, tr, translated
from etl.schema.splits import UNLABELLED
from etl.text.html import count, document, listed, prose, section, table, text
from etl.validation.check import CHAPTERS, ReportContext
from etl.validation.checks import CHECKS, accounts, balance, labels
from etl.validation.findings import SEVERITIES, Finding, Severity
from etl.validation.result import Result, list_areas
from etl.validation.rules import AREA_NAMES, Rules

_VERDICTS = {
    "error": tr("Do not train on this yet"),
    "warning": tr("Usable, if you know its flaws"),
    "clean": tr("Nothing stands in the way of training"),
    "partial": tr("Nothing was found, but not all was looked at"),
}
_SEVERITIES = {"error": tr("error"), "warning": tr("warning"), "note": tr("note")}
# The colour of a verdict that is no severity.
_TONES = {"partial": "note"}
# So many kinds of errors the verdict names.
_NAMED = 4


def render(dataset: str, result: Result, quotes: Mapping[str, str]) -> str:
    """Returns the report as one HTML document, in the user's language.

    Args:
        dataset: what to call the dataset.
        result: findings and statistics.
        quotes: sentences that may be quoted, by row id; usually none.
    """
    body = [_header(dataset, result, is_quoting=bool(quotes)), *_chapters(result, quotes), _footer()]
    return document(tr("{dataset}: validation report", dataset=dataset), "".join(body))


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


def _header(dataset: str, result: Result, *, is_quoting: bool) -> str:
    verdict: str = result.verdict()
    verdict = "partial" if verdict == "clean" and result.unchecked else verdict
    caution = text(tr("Sentences are quoted here; some corpora must not be passed on."))
    quoting = f'<p class="quoting">{caution}</p>\n'
    kicker = text(tr("Validation report"))
    return (
        f'<header class="{_TONES.get(verdict, verdict)}">\n'
        f'<p class="kicker">{kicker} <b>{text(dataset)}</b></p>\n'
        f'<h1>{text(_VERDICTS[verdict])}</h1>\n<p class="lead">{_lead(result)}</p>\n'
        f"{quoting if is_quoting else ''}"
        f"{_figures(result.statistics) if result.statistics else ''}{_areas(result)}</header>\n"
    )


def _lead(result: Result) -> str:
    """Explains the verdict in a sentence or two, as HTML."""
    errors, warnings = result.count("error"), result.count("warning")
    unchecked = result.name_unchecked()
    not_looked_at = [tr("Not looked at: {areas}.", areas=text(unchecked))] if unchecked else []
    if not errors and not warnings:
        return translated(joined(" ", [_lead_without_flaws(result), *not_looked_at]))
    counted_errors = plural("{number:,} error", "{number:,} errors", errors)
    counted_warnings = plural("{number:,} warning", "{number:,} warnings", warnings)
    named = _name_kinds(result, "error" if errors else "warning")
    if errors:
        said = [
            tr(
                "<strong>{errors}</strong> would make results untrue: {named}.",
                errors=counted_errors,
                named=named,
            )
        ]
        if warnings:
            said.append(
                plural(
                    "There is {warnings} besides.",
                    "There are {warnings} besides.",
                    warnings,
                    warnings=counted_warnings,
                )
            )
    else:
        said = [
            tr("No errors. <strong>{warnings}</strong>: {named}.", warnings=counted_warnings, named=named)
        ]
    link = tr('<a href="#findings">What to do about it.</a>')
    return translated(joined(" ", [*said, *not_looked_at, link]))


def _name_kinds(result: Result, severity: Severity) -> str:
    """Names the first kinds of findings of one severity, as HTML."""
    titles = [result.rules[finding.code].title for finding in result.findings if finding.severity == severity]
    kinds = [_begin(tr(title), str.lower) for title in dict.fromkeys(titles)]
    more, named = len(kinds) - _NAMED, "; ".join(kinds[:_NAMED])
    return text(tr("{named}; and {more} more", named=named, more=more) if more > 0 else named)


def _lead_without_flaws(result: Result) -> Message:
    unasked = _unasked(result)
    if result.unchecked:
        return tr("Neither an error nor a warning was found in the rest.")
    if unasked:
        areas = text(list_areas(unasked))
        return tr("Neither an error nor a warning was found. Not asked for: {areas}.", areas=areas)
    return tr("Everything was looked at, and neither an error nor a warning was found.")


def _unasked(result: Result) -> list[str]:
    """Lists the areas that no check of this run belongs to, though nothing was in its way."""
    checked = {result.rules[code].area for code in result.checked}
    return [area for area in result.rules.areas if area not in checked and area not in result.unchecked]


def _figures(statistics: Mapping[str, Any]) -> str:
    cells, sources = statistics[labels.CHECK.name], statistics[accounts.CHECK.name]
    splits = {each.split: each.rows for each in statistics[balance.CHECK.name] if each.source is None}
    read = sum(counts.read for counts in sources)
    kept = sum(counts.kept for counts in sources)
    waiting = kept - round(sum(splits.values()))
    figures: dict[str, int] = {
        **(
            {tr("rows"): kept}
            if read == kept
            else {tr("rows read"): read, tr("kept"): kept, tr("rejected"): read - kept}
        ),
        **{split: splits[split] for split in SPLITS if split in splits},
        # So that the numbers add up to those that were kept.
        **({UNLABELLED: waiting} if waiting > 0 else {}),
        tr("sources"): len(sources),
        tr("labels"): len({cell.label for cell in cells}),
    }
    drawn = "".join(
        f"<div><dt>{text(what)}</dt><dd>{count(number)}</dd></div>" for what, number in figures.items()
    )
    return f'<dl class="figures">{drawn}</dl>\n'


def _areas(result: Result) -> str:
    """Lists the areas, each with what was found in it."""
    drawn = ""
    for area in result.rules.areas:
        status, outcome = _outcome(result, area)
        title = _begin(AREA_NAMES[area], str.upper)
        drawn += f'<li class="{status}"><b>{text(title)}</b> <span>{translated(outcome)}</span></li>'
    alternative = text(tr("What was looked at"))
    return f'<ul class="areas" aria-label="{alternative}">{drawn}</ul>\n'


def _outcome(result: Result, area: str) -> tuple[str, str]:
    """Returns how an area fared: a status, which has a colour, and what was found, as HTML."""
    findings = [finding for finding in result.findings if result.rules[finding.code].area == area]
    why: str = text(result.unchecked.get(area, ""))
    if findings:
        by_severity = Counter(finding.severity for finding in findings)
        counted = joined(
            ", ", (_counted(each, by_severity[each]) for each in SEVERITIES if each in by_severity)
        )
        number = result.findings.index(findings[0]) + 1
        outcome = f'<a href="#finding-{number}">{text(counted)}</a>'
        if why:
            outcome = translated(tr("{found}; not looked at: {why}", found=outcome, why=why))
        return findings[0].severity, outcome
    if why:
        return "skipped", tr("not looked at: {why}", why=why)
    if area in _unasked(result):
        return "skipped", tr("not asked for")
    return "clean", tr("nothing found")


def _counted(severity: Severity, number: int) -> Message:
    messages = {
        "error": plural("{number:,} error", "{number:,} errors", number),
        "warning": plural("{number:,} warning", "{number:,} warnings", number),
        "note": plural("{number:,} note", "{number:,} notes", number),
    }
    return messages[severity]


def _findings(result: Result, quotes: Mapping[str, str]) -> str:
    if not result.findings:
        return section(tr("Findings"), tr("None."), anchor="findings")
    about = tr("Errors first. What each one means, rows to look at, and what to do stand below the table.")
    rows = [
        [
            f'<span class="badge {finding.severity}">{text(_SEVERITIES[finding.severity])}</span>',
            f'<a href="#finding-{number}">{text(tr(result.rules[finding.code].title))}</a>',
            f"<code>{text(finding.code)}</code>",
            _number(finding.number),
            _number(finding.threshold),
        ]
        for number, finding in enumerate(result.findings, start=1)
    ]
    columns = [
        (tr("severity"), "name"),
        (tr("finding"), "prose"),
        (tr("code"), "name code"),
        (tr("number"), "n"),
        (tr("limit"), "n"),
    ]
    articles = (
        _finding(finding, number, result.rules, quotes)
        for number, finding in enumerate(result.findings, start=1)
    )
    return section(tr("Findings"), about, table(columns, rows), *articles, anchor="findings")


def _finding(finding: Finding, number: int, rules: Rules, quotes: Mapping[str, str]) -> str:
    rule, severity = rules[finding.code], finding.severity
    explanation = tr(rule.explanation, threshold=finding.threshold)
    return (
        f'<article class="finding" id="finding-{number}">\n'
        f'<div class="badge {severity}">{text(_SEVERITIES[severity])}</div>\n<div class="{severity}">\n'
        f"<h3>{text(tr(rule.title))} <code>{text(finding.code)}</code></h3>\n"
        f"<p>{prose(_sentence(finding.message))}</p>\n"
        f'<p class="why">{prose(explanation)}</p>\n'
        f'<p class="next">{prose(finding.what_to_do)}</p>\n'
        f"{_examples(finding)}{listed(finding.examples, quotes)}</div>\n</article>\n"
    )


def _examples(finding: Finding) -> str:
    if not finding.examples:
        return ""
    counted = text(finding.count_examples())
    if finding.rows > 1 and not finding.evidence:
        said = tr("{counted}; <code>etl validate --evidence DIR</code> writes all of them", counted=counted)
        counted = translated(said)
    return f'<p class="about">{counted}</p>\n'


def _footer() -> str:
    said = tr(
        "Written by etl {version}. Everything here was computed again from the rows, no count was taken from "
        "the manifest. <code>findings.json</code> is for programs.",
        version=text(etl.__version__),
    )
    return f"<footer>{translated(said)}</footer>\n"


def _number(value: float) -> str:
    """Formats a count, or four significant digits of a measure."""
    return f"{value:,.0f}" if isinstance(value, int) or abs(value) >= 1000 else f"{value:.4g}"


def _sentence(message: str) -> str:
    """Makes a message a sentence; one that opens with a name such as `val_accuracy` keeps it as it is."""
    first = message.split(" ", 1)[0]
    shown = translated(message) if "_" in first else _begin(message, str.upper)
    return f"{shown}."


def _begin(message: str, letter: Callable[[str], str]) -> str:
    """Says a message with another first letter; a translation has the one that it wants."""
    shown = translated(message)
    return shown if shown != message else letter(shown[:1]) + shown[1:]

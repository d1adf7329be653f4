"""The report: one HTML file that needs no network and no JavaScript, for a screen, a phone and paper.

First the verdict in words, then the charts, the findings, and the tables to look things up in. It shows
numbers and ids; a sentence only where the caller hands its text over. How it looks is in `report.css`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import etl
from etl.dataset.read import SPLITS
from etl.runtime.console import plural
from etl.text.html import count, document, listed, prose, section, table, text
from etl.validation.findings import SEVERITIES, Finding, checks
from etl.validation.report import charts, charts_drift, charts_leakage, charts_text, charts_tokens
from etl.validation.result import Result, Statistics

_VERDICTS = {
    "error": "Do not train on this yet",
    "warning": "Usable, if you know its flaws",
    "clean": "Nothing stands in the way of training",
}
# How many kinds of errors the verdict names.
_NAMED = 4


def render(name: str, result: Result, texts: Mapping[str, str]) -> str:
    """The report as one HTML document.

    Args:
        name: what to call the dataset.
        result: findings and statistics.
        texts: sentences that may be quoted, by row id; usually none.
    """
    body = [
        _header(name, result, is_quoting=bool(texts)),
        *(_charts(result.statistics, texts) if result.statistics else ()),
        _findings(result, texts),
        *(_tables(result.statistics) if result.statistics else ()),
        _footer(),
    ]
    return document(f"{name}: validation report", "".join(body))


def _charts(measured: Statistics, texts: Mapping[str, str]) -> tuple[str, ...]:
    """The sections from top to bottom; one that has nothing to show is empty."""
    has_sources = len(measured.accounts) > 1
    return (
        charts.constant_predictors(measured),
        charts.labels_by_split(measured),
        charts.labels_by_source(measured),
        charts_drift.drift(measured.drifts, measured.tokens.unseen, has_sources=has_sources),
        charts_drift.against(measured.against),
        charts.leakage(measured),
        charts_leakage.pairs(measured.leaks, texts),
        charts_leakage.repeats(measured.repeats),
        charts_leakage.overlap(measured.source_overlaps),
        charts_leakage.conflicts(measured.conflicts, measured.rater_agreements),
    )


def _tables(measured: Statistics) -> tuple[str, ...]:
    """What one looks up, after the findings."""
    return (
        charts_text.texts(measured.texts),
        charts_tokens.tokens(measured.tokens),
        charts.balance(measured),
        charts.accounts(measured),
    )


def _header(name: str, result: Result, *, is_quoting: bool) -> str:
    verdict = result.verdict()
    quoting = '<p class="quoting">Sentences are quoted here; some corpora must not be passed on.</p>\n'
    return (
        f'<header class="{verdict}">\n<p class="kicker">Validation report <b>{text(name)}</b></p>\n'
        f'<h1>{text(_VERDICTS[verdict])}</h1>\n<p class="lead">{_lead(result)}</p>\n'
        f"{quoting if is_quoting else ''}"
        f"{_figures(result.statistics) if result.statistics else ''}{_areas(result)}</header>\n"
    )


def _lead(result: Result) -> str:
    """The verdict in a sentence or two, as HTML."""
    errors, warnings = result.count("error"), result.count("warning")
    if not errors and not warnings:
        return "Everything was looked at, and neither an error nor a warning was found."
    worst = "error" if errors else "warning"
    titles = [checks()[found.code]["title"] for found in result.findings if found.severity == worst]
    kinds = [title[0].lower() + title[1:] for title in dict.fromkeys(titles)]
    more = len(kinds) - _NAMED
    named = text("; ".join(kinds[:_NAMED]) + (f"; and {more} more" if more > 0 else ""))
    link = '<a href="#findings">What to do about it.</a>'
    if not errors:
        return f"No errors. <strong>{plural(warnings, 'warning')}</strong>: {named}. {link}"
    also = f" There {_are(warnings)} {plural(warnings, 'warning')} besides." if warnings else ""
    return f"<strong>{plural(errors, 'error')}</strong> would make results untrue: {named}.{also} {link}"


def _figures(statistics: Statistics) -> str:
    splits: Counter[str] = Counter()
    for cell in statistics.cells:
        splits[cell.split] += cell.rows
    read = sum(account.read for account in statistics.accounts)
    kept = sum(account.kept for account in statistics.accounts)
    figures = {
        **({"rows": kept} if read == kept else {"rows read": read, "kept": kept, "rejected": read - kept}),
        **{split: splits[split] for split in SPLITS if split in splits},
        "sources": len(statistics.accounts),
        "labels": len({cell.label for cell in statistics.cells}),
    }
    drawn = "".join(
        f"<div><dt>{text(name)}</dt><dd>{count(number)}</dd></div>" for name, number in figures.items()
    )
    return f'<dl class="figures">{drawn}</dl>\n'


def _areas(result: Result) -> str:
    """What was looked at, area by area, and what was found there."""
    looked_at = {checks()[code]["area"] for code in result.checked}
    drawn = ""
    for area in dict.fromkeys(check["area"] for check in checks().values()):
        found = [finding for finding in result.findings if checks()[finding.code]["area"] == area]
        status: str = "clean"
        told = "nothing found"
        if found:
            of_each = Counter(finding.severity for finding in found)
            counted = ", ".join(plural(of_each[each], each) for each in SEVERITIES if each in of_each)
            number = result.findings.index(found[0]) + 1
            status, told = found[0].severity, f'<a href="#finding-{number}">{counted}</a>'
        elif area not in looked_at:
            status, told = "skipped", "not looked at"
        drawn += f'<li class="{status}"><b>{text(area.capitalize())}</b> <span>{told}</span></li>'
    return f'<ul class="areas" aria-label="What was looked at">{drawn}</ul>\n'


def _findings(result: Result, texts: Mapping[str, str]) -> str:
    if not result.findings:
        return section("Findings", "None.", anchor="findings")
    about = "Errors first. What each one means, rows to look at, and what to do stand below the table."
    rows = [
        [
            f'<span class="badge {found.severity}">{found.severity}</span>',
            f'<a href="#finding-{number}">{text(checks()[found.code]["title"])}</a>',
            f"<code>{text(found.code)}</code>",
            _number(found.number),
            _number(found.threshold),
        ]
        for number, found in enumerate(result.findings, start=1)
    ]
    columns = [
        ("severity", "name"),
        ("finding", "prose"),
        ("code", "name code"),
        ("number", "n"),
        ("limit", "n"),
    ]
    articles = (_finding(found, number, texts) for number, found in enumerate(result.findings, start=1))
    return section("Findings", about, table(columns, rows), *articles, anchor="findings")


def _finding(found: Finding, number: int, texts: Mapping[str, str]) -> str:
    check = checks()[found.code]
    explanation = check["explanation"].format(threshold=found.threshold)
    return (
        f'<article class="finding" id="finding-{number}">\n'
        f'<div class="badge {found.severity}">{found.severity}</div>\n<div class="{found.severity}">\n'
        f"<h3>{text(check['title'])} <code>{text(found.code)}</code></h3>\n"
        f"<p>{prose(_sentence(found.message))}</p>\n"
        f'<p class="why">{prose(explanation)}</p>\n'
        f'<p class="next">{prose(found.what_to_do)}</p>\n'
        f"{listed(found.examples, texts)}</div>\n</article>\n"
    )


def _footer() -> str:
    return (
        f"<footer>Written by etl {text(etl.__version__)}. Everything here was computed again from the rows, "
        "no count was taken from the manifest. <code>findings.json</code> is for programs.</footer>\n"
    )


def _number(value: float) -> str:
    """A count, or four significant digits of a measure."""
    return f"{value:,.0f}" if isinstance(value, int) or abs(value) >= 1000 else f"{value:.4g}"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _sentence(message: str) -> str:
    """A message as a sentence; one that opens with a name such as `val_accuracy` keeps it as it is."""
    first = message.split(" ", 1)[0]
    return (message if "_" in first else message[:1].upper() + message[1:]) + "."

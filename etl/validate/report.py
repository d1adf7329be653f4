"""The report: one HTML file that needs no network and no JavaScript, for a screen, a phone and paper.

First the verdict in words, then what a model reaches without looking, the findings, and the charts. It shows
numbers and ids; a sentence only where the caller hands its text over. How it looks is in `report.css`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import etl
from etl.dataset.read import SPLITS
from etl.validate import charts
from etl.validate.balance import ConstantPredictor
from etl.validate.findings import Finding, checks
from etl.validate.markup import count, prose, section, table, text
from etl.validate.result import Result, Statistics

_VERDICTS = {
    "error": "Do not train on this yet",
    "warning": "Usable, if you know its flaws",
    "clean": "Nothing stands in the way of training",
}


def render(name: str, result: Result, texts: Mapping[str, str]) -> str:
    """The report as one HTML document.

    Args:
        name: what to call the dataset.
        result: findings and statistics.
        texts: sentences that may be quoted, by row id; usually none.
    """
    style = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
    # Nothing is fetched and nothing runs, whatever a label or a sentence contains.
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    measured = result.statistics
    body = [
        _header(name, result),
        _constant_predictors(measured) if measured else "",
        charts.distributions(measured) if measured else "",
        _findings(result, texts),
        charts.accounting(measured) if measured else "",
        _footer(),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(name)}: validation report</title>\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n<main>\n{''.join(body)}</main>\n</body>\n</html>\n"
    )


def _header(name: str, result: Result) -> str:
    verdict = result.verdict()
    return (
        f'<header class="{verdict}">\n<p class="kicker">Validation report <b>{text(name)}</b></p>\n'
        f'<h1>{text(_VERDICTS[verdict])}</h1>\n<p class="lead">{_lead(result)}</p>\n'
        f"{_figures(result.statistics) if result.statistics else ''}</header>\n"
    )


def _lead(result: Result) -> str:
    """The verdict in a sentence or two, as HTML."""
    errors, warnings = result.count("error"), result.count("warning")
    if not errors and not warnings:
        return "The files are as they were written, no split shares rows with train, and no label dominates."
    worst = "error" if errors else "warning"
    titles = list(
        dict.fromkeys(checks()[found.code]["title"] for found in result.findings if found.severity == worst)
    )
    named = text("; ".join(title[0].lower() + title[1:] for title in titles))
    link = '<a href="#findings">What to do about it.</a>'
    if not errors:
        return f"No errors. <strong>{_plural(warnings, 'warning')}</strong>: {named}. {link}"
    also = f" There {_are(warnings)} {_plural(warnings, 'warning')} besides." if warnings else ""
    return f"<strong>{_plural(errors, 'error')}</strong> would make results untrue: {named}.{also} {link}"


def _figures(statistics: Statistics) -> str:
    splits = {cell.split: 0 for cell in statistics.cells}
    for cell in statistics.cells:
        splits[cell.split] += cell.rows
    figures = {
        "rows read": sum(account.read for account in statistics.accounts),
        "kept": sum(account.kept for account in statistics.accounts),
        "rejected": sum(sum(account.rejected.values()) for account in statistics.accounts),
        **{split: splits[split] for split in SPLITS if split in splits},
        "sources": len(statistics.accounts),
        "labels": len({cell.label for cell in statistics.cells}),
    }
    drawn = "".join(
        f"<div><dt>{text(name)}</dt><dd>{count(number)}</dd></div>" for name, number in figures.items()
    )
    return f'<dl class="figures">{drawn}</dl>\n'


def _constant_predictors(statistics: Statistics) -> str:
    predictors = statistics.constant_predictors
    if not predictors:
        return ""
    callouts = "".join(_callout(predictor) for predictor in predictors[:1])
    rows = [
        [
            text(predictor.split),
            text(predictor.label),
            f"{predictor.accuracy:.4f}",
            f"{predictor.macro_f1:.4f}",
            f"{predictor.loss:.4f}",
            f"{text(predictor.train_label)}",
            f"{predictor.train_accuracy:.4f}",
            "infinite" if predictor.train_loss is None else f"{predictor.train_loss:.4f}",
        ]
        for predictor in predictors
    ]
    columns = [
        ("split", "label"),
        ("best constant answer", ""),
        ("accuracy", "n"),
        ("macro-F1", "n"),
        ("loss", "n"),
        ("train's commonest", ""),
        ("accuracy", "n"),
        ("loss of train's shares", "n"),
    ]
    about = "What a model reaches here without looking at a single sentence. Losses are in nats."
    return section("The score that means nothing", about, callouts, table(columns, rows))


def _callout(predictor: ConstantPredictor) -> str:
    short = "val" if predictor.split == "validation" else predictor.split
    width = f"{100 * predictor.accuracy:.2f}%"
    return (
        '<div class="callout">\n<p class="said">'
        f"<code>{short}_accuracy {predictor.accuracy:.4f}</code> and "
        f"<code>{short}_loss {predictor.loss:.2f}</code> on this data mean that nothing was learnt: always "
        f"answering “{text(predictor.label)}” gets that accuracy, and the labels' shares alone that loss."
        "</p>\n"
        f'<div class="gauge"><i style="width:{width}"></i><b style="left:{width}"></b></div>\n'
        f'<p class="ends"><span>accuracy up to {predictor.accuracy:.4f}: nothing learnt</span>'
        "<span>1</span></p>\n"
        "</div>\n"
    )


def _findings(result: Result, texts: Mapping[str, str]) -> str:
    if not result.findings:
        return section("Findings", "None.")
    about = "Errors first. The ids are rows to look at."
    return section(
        "Findings", about, *(_finding(found, texts) for found in result.findings), anchor="findings"
    )


def _finding(found: Finding, texts: Mapping[str, str]) -> str:
    check = checks()[found.code]
    explanation = check["explanation"].format(threshold=found.threshold)
    return (
        f'<article class="finding {found.severity}">\n<div class="badge">{found.severity}</div>\n<div>\n'
        f"<h3>{text(check['title'])} <code>{text(found.code)}</code></h3>\n"
        f"<p>{prose(_sentence(found.message))}</p>\n"
        f'<p class="why">{prose(explanation)}</p>\n'
        f'<p class="next">{prose(found.what_to_do)}</p>\n'
        f"{_examples(found.examples, texts)}</div>\n</article>\n"
    )


def _examples(examples: tuple[str, ...], texts: Mapping[str, str]) -> str:
    if not examples:
        return ""
    quoted = " quoted" if any(example in texts for example in examples) else ""
    entries = (
        f'<li><span class="id">{text(example)}</span>'
        + (f"<q>{text(texts[example])}</q>" if example in texts else "")
        + "</li>"
        for example in examples
    )
    return f'<ul class="examples{quoted}">{"".join(entries)}</ul>\n'


def _footer() -> str:
    return (
        f"<footer>Written by etl {text(etl.__version__)}. Everything here was computed again from the rows, "
        "no count was taken from the manifest. <code>findings.json</code> is for programs.</footer>\n"
    )


def _plural(number: int, noun: str) -> str:
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _sentence(message: str) -> str:
    """A message as a sentence, unless it opens with a name such as `val_accuracy`."""
    first = message.split(" ", 1)[0]
    return message if "_" in first else message[:1].upper() + message[1:]

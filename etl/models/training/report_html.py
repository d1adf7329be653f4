"""`report.html` of a model: one HTML file with scores, curves and mistakes, which loads nothing else.

It shows numbers, labels and ids; a sentence only where a mistake has a text.
"""

from __future__ import annotations

from collections.abc import Sequence

from etl.language.message import tr, translated
from etl.models.training.compare import Comparison
from etl.models.training.curves_html import render_curves, render_trials
from etl.models.training.metrics import Scores
from etl.models.training.mistakes import Mistake
from etl.models.training.raters import describe as describe_raters
from etl.models.training.report import Report
from etl.models.training.verdict import CONSTANT, LINEAR, TFIDF, describe, find_comparison, judge
from etl.text.charts import shade
from etl.text.html import (
    bar,
    count,
    count_or_dash,
    document,
    name,
    percent,
    percent_axis,
    section,
    table,
    text,
)

FILE = "report.html"


def render_report(model: str, labels: Sequence[str], report: Report, wrong: Sequence[Mistake]) -> str:
    """Renders the report as one HTML document.

    Args:
        model: its name.
        labels: their names, in order.
        report: of its run.
        wrong: mistakes to show, with sentences or without.
    """
    scores = report.model[report.held_out]
    body = [
        _header(model, report),
        _predictors(report),
        _votes(report),
        _sets(report),
        render_curves(report) if report.epochs else render_trials(report),
        _labels(scores, report.held_out),
        _confusion(scores, labels, report.held_out),
        _sources(report),
        _calibration(scores, report.held_out),
        _mistakes(wrong, report.held_out),
    ]
    return document(tr("{model}: training report", model=model), "".join(body))


def _header(model: str, report: Report) -> str:
    own, constant = report.model[report.held_out], report.constant[report.held_out]
    verdict, tone = judge(report)
    lead = tr(
        "The {model} reaches a macro-F1 of <strong>{macro_f1:.4f}</strong> and an accuracy of {accuracy:.4f} "
        "on {rows} rows of {split}; one answer for all rows has {constant_f1:.4f} and "
        "{constant_accuracy:.4f}.",
        model=text(report.architecture),
        macro_f1=own.macro_f1,
        accuracy=own.accuracy,
        rows=count(own.rows),
        split=text(report.held_out),
        constant_f1=constant.macro_f1,
        constant_accuracy=constant.accuracy,
    )
    kicker = text(tr("Training report"))
    warnings = "".join(f'<p class="about">{text(warning)}</p>\n' for warning in report.warnings)
    return (
        f'<header class="{tone}">\n<p class="kicker">{kicker} <b>{text(model)}</b></p>\n'
        f'<h1>{text(verdict)}</h1>\n<p class="lead">{translated(lead)}</p>\n{warnings}</header>\n'
    )


def _predictors(report: Report) -> str:
    columns = [
        (tr("predictor"), "label"),
        ("macro-F1", "wide"),
        ("", "n"),
        (tr("the model's lead (95 %)"), "n"),
        (tr("accuracy"), "n"),
        (tr("loss, nats"), "n"),
        (tr("calibration error"), "n"),
    ]
    tables = ""
    for split, own in report.model.items():
        rows = [
            [
                text(predictor),
                bar([(scores.macro_f1, colour, f"macro-F1 {scores.macro_f1:.4f}")]),
                f"{scores.macro_f1:.4f}",
                text(describe(lead)) or "–",
                f"{scores.accuracy:.4f}",
                f"{scores.loss:.4f}",
                f"{scores.ece:.4f}",
            ]
            for of_split, predictor, colour, scores, lead in predictors(report)
            if of_split == split
        ]
        drawn = table(columns, rows, ticks=("0", "0.5", "1"))
        heading = tr("{split}, {rows} rows", split=split, rows=count(own.rows))
        tables += f"<h3>{text(heading)}</h3>\n{drawn}"
    about = tr(
        "On the same rows. A model that is not above the others has learnt nothing that "
        "they have not. The lead is that in macro-F1, with what it would be in 95 % of "
        "draws of groups; one that may be 0 may be chance. The constant predictor gives "
        "every row the labels' shares of its split."
    )
    return section(tr("Scores"), about, tables)


def predictors(report: Report) -> list[tuple[str, str, str, Scores, Comparison | None]]:
    """Lists split, name, class of `report.css`, scores, and the model's lead over it, of each predictor."""
    kinds = (
        (report.architecture, "train", report.model, ""),
        *((name, "s1", by_split, name) for name, by_split in report.candidates.items()),
        (LINEAR, "validation", report.linear, "linear"),
        (TFIDF, "test", report.tfidf, "tfidf"),
        (CONSTANT, "kept", report.constant, "constant"),
    )
    return [
        (split, title, colour, by_split[split], find_comparison(report, split, other))
        for split in report.model
        for title, colour, by_split, other in kinds
        if split in by_split
    ]


VOTE_COLUMNS = [
    (tr("split"), "label"),
    (tr("predictor"), "name"),
    (tr("rows"), "n"),
    (tr("without a majority"), "n"),
    (tr("cross-entropy"), "n"),
    (tr("entropy of the votes"), "n"),
    (tr("correlation"), "n"),
]


def list_votes(report: Report) -> list[list[str | int | float]]:
    """Lists the scores of each predictor against the votes, in `VOTE_COLUMNS`; none without votes."""
    return [
        [
            split,
            predictor,
            own.rows,
            own.without_majority,
            round(own.cross_entropy, 4),
            round(own.entropy, 4),
            round(own.correlation, 4),
        ]
        for split, predictor, _, scores, _ in predictors(report)
        if (own := scores.votes)
    ]


def _votes(report: Report) -> str:
    rows = [[text(cell) for cell in row] for row in list_votes(report)]
    about = tr(
        "Against the votes of all rows, also of those without a majority, in nats: the "
        "cross-entropy of probabilities and votes, which is never below the entropy of "
        "the votes, and their correlation."
    )
    ceiling = "".join(f"<p>{text(describe_raters(*each))}</p>" for each in report.raters.items())
    return section(tr("Votes"), about, table(VOTE_COLUMNS, rows), ceiling) if rows else ""


SET_COLUMNS = [
    (tr("split"), "label"),
    (tr("predictor"), "name"),
    ("micro-F1", "n"),
    (tr("Jaccard"), "n"),
    ("LRAP", "n"),
]


def list_sets(report: Report) -> list[list[str | float]]:
    """Lists the scores of the sets of labels of each predictor, in `SET_COLUMNS`; none without sets."""
    return [
        [split, predictor, round(own.micro_f1, 4), round(own.jaccard, 4), round(own.lrap, 4)]
        for split, predictor, _, scores, _ in predictors(report)
        if (own := scores.sets)
    ]


def _sets(report: Report) -> str:
    rows = [[text(cell) for cell in row] for row in list_sets(report)]
    about = tr(
        "Rows have sets of labels: accuracy is the share of rows whose set is exact, loss "
        "and calibration are of each row and label. Thresholds were chosen on the rows "
        "that chose the epoch."
    )
    return section(tr("Sets of labels"), about, table(SET_COLUMNS, rows)) if rows else ""


def _labels(scores: Scores, split: str) -> str:
    columns = [
        (tr("label"), "label"),
        (tr("rows"), "n"),
        (tr("predicted"), "n"),
        (tr("precision"), "n"),
        (tr("recall"), "n"),
        ("F1", "n"),
    ]
    rows = [
        [
            name(label),
            count(own.rows),
            count(own.predicted),
            f"{own.precision:.4f}",
            f"{own.recall:.4f}",
            f"{own.f1:.4f}",
        ]
        for label, own in scores.labels.items()
        if own.rows or own.predicted
    ]
    return section(tr("Labels"), tr("The model, on {split}.", split=text(split)), table(columns, rows))


def _confusion(scores: Scores, labels: Sequence[str], split: str) -> str:
    if not scores.confusion:
        return ""
    shown = [
        index
        for index, label in enumerate(labels)
        if scores.labels[label].rows or scores.labels[label].predicted
    ]
    columns = [
        (tr("label ↓, predicted →"), "label"),
        *((labels[index], "heat") for index in shown),
        (tr("rows"), "n"),
    ]
    rows = [
        [
            name(labels[row]),
            *(_cell(scores, labels, row, column) for column in shown),
            count(scores.labels[labels[row]].rows),
        ]
        for row in shown
    ]
    about = tr(
        "How many rows of {split} with the label of the line were given that of the "
        "column. The stronger its colour, the larger the share of the line.",
        split=text(split),
    )
    total = [text(tr("predicted")), *(count(scores.labels[labels[column]].predicted) for column in shown)]
    return section(tr("Confusion"), about, table(columns, rows, [*total, count(scores.rows)]))


def _cell(scores: Scores, labels: Sequence[str], row: int, column: int) -> str:
    rows, all_rows = scores.confusion[row][column], scores.labels[labels[row]].rows
    share = rows / max(1, all_rows)
    shown = count_or_dash(rows)
    what = tr(
        "{share} of {label}: {predicted}", share=percent(share), label=labels[row], predicted=labels[column]
    )
    return shade(f"<strong>{shown}</strong>" if row == column else shown, share, what)


def _sources(report: Report) -> str:
    split = report.held_out
    columns = [
        (tr("source"), "label"),
        (tr("rows"), "n"),
        (tr("accuracy"), "n"),
        ("macro-F1", "n"),
        (tr("linear macro-F1"), "n"),
        (tr("TF-IDF macro-F1"), "n"),
        (tr("constant accuracy"), "n"),
    ]
    linear, tfidf = report.linear.get(split), report.tfidf.get(split)
    rows = [
        [
            name(source),
            count(own.rows),
            f"{own.accuracy:.4f}",
            f"{own.macro_f1:.4f}",
            f"{linear.sources[source].macro_f1:.4f}" if linear else "–",
            f"{tfidf.sources[source].macro_f1:.4f}" if tfidf else "–",
            f"{report.constant[split].sources[source].accuracy:.4f}",
        ]
        for source, own in report.model[split].sources.items()
    ]
    about = tr("The model on each corpus of {split}.", split=text(split))
    return section(tr("Sources"), about, table(columns, rows))


def _calibration(scores: Scores, split: str) -> str:
    columns = [
        (tr("confidence"), "label"),
        (tr("rows"), "n"),
        (tr("accuracy"), "n"),
        (tr("accuracy, and a line at the confidence"), "wide"),
    ]
    rows = [
        [
            percent(own.confidence),
            count(own.rows),
            percent(own.accuracy),
            bar(
                [(own.accuracy, "train", tr("accuracy {accuracy:.1%}", accuracy=own.accuracy))],
                mark=(own.confidence, tr("confidence {confidence:.1%}", confidence=own.confidence)),
            ),
        ]
        for own in scores.calibration
    ]
    about = tr(
        "Whether the model is right as often as it says, on {split}: the bar is how often, "
        "the line what it says. Expected calibration error: {ece:.4f}.",
        split=text(split),
        ece=scores.ece,
    )
    return section(tr("Calibration"), about, table(columns, rows, ticks=percent_axis()))


def _mistakes(wrong: Sequence[Mistake], split: str) -> str:
    if not wrong:
        return ""
    show_text = any(mistake.text is not None for mistake in wrong)
    columns = [
        (tr("row"), "label"),
        (tr("label"), "name"),
        (tr("predicted"), "name"),
        (tr("confidence"), "n"),
    ]
    columns += [(tr("sentence"), "prose")] if show_text else []
    rows = [
        [
            f'<span class="id">{text(mistake.id)}</span>',
            name(mistake.label),
            name(mistake.predicted),
            percent(mistake.confidence),
        ]
        + ([text(mistake.text or "")] if show_text else [])
        for mistake in wrong
    ]
    about = tr(
        "Rows of {split} that the model is surest of and wrong about: look whether it is the label "
        "that is wrong. <code>etl trace DATASET ID</code> shows a row.",
        split=text(split),
    )
    return section(tr("Confident mistakes"), about, table(columns, rows, is_stacked=True))

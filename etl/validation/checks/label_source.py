"""Measures how well the label alone tells which corpus a row comes from."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from etl.language.lists import listing
from etl.language.message import joined, tr
from etl.text.html import (
    COLOURS,
    bar,
    count,
    count_or_dash,
    legend,
    name,
    percent,
    percent_axis,
    section,
    table,
    text,
)
from etl.validation.check import Check, ReportContext
from etl.validation.checks.labels import commonest_labels, render_left_out
from etl.validation.findings import Finding
from etl.validation.rules import Rules
from etl.validation.view import Cell, View


@dataclass(frozen=True)
class LabelPredictsSource:
    """Accuracy of guessing the source of a row from its label alone.

    Attributes:
        accuracy: of guessing the commonest source of each label.
        chance: the share of the largest source.
        reduction: Goodman and Kruskal's lambda, (accuracy - chance) / (1 - chance); 0 with a single source.
        only_source: labels that one source alone has, with that source.
        lacking: sources that lack a label which another source has, with those labels.
    """

    accuracy: float
    chance: float
    reduction: float
    only_source: dict[str, str]
    lacking: dict[str, tuple[str, ...]]


def measure(view: View) -> LabelPredictsSource | None:
    """Measures how well the label tells the source, over all splits; None without rows."""
    by_label: dict[str, dict[str, float]] = {}
    by_source: defaultdict[str, float] = defaultdict(int)
    for cell in view.cells:
        by_label.setdefault(cell.label, defaultdict(int))[cell.source] += cell.rows
        by_source[cell.source] += cell.rows
    if not by_source:
        return None
    total = sum(by_source.values())
    largest = max(by_source.values())
    guessed = sum(max(sources.values()) for sources in by_label.values())
    only = {label: next(iter(sources)) for label, sources in sorted(by_label.items()) if len(sources) == 1}
    lacking = {
        source: tuple(label for label, sources in sorted(by_label.items()) if source not in sources)
        for source in sorted(by_source)
    }
    has_several = len(by_source) > 1
    return LabelPredictsSource(
        accuracy=guessed / total,
        chance=largest / total,
        reduction=(guessed - largest) / (total - largest) if has_several else 0.0,
        only_source=only if has_several else {},
        lacking={source: labels for source, labels in lacking.items() if labels},
    )


def judge(predicts: LabelPredictsSource | None, rules: Rules) -> list[Finding]:
    """Judges how well labels tell sources, labels of one source, and sources that lack labels."""
    if predicts is None:
        return []
    code = "label_is_source"
    if not predicts.reduction > rules[code].threshold:
        code = "label_predicts_source"
    only: dict[str, list[str]] = {}
    for label, source in predicts.only_source.items():
        only.setdefault(source, []).append(label)
    names = [
        tr("{labels} only in {source}", labels=", ".join(labels), source=source)
        for source, labels in sorted(only.items())
    ]
    lacking = [
        tr("{source} lacks {labels}", source=source, labels=listing(labels))
        for source, labels in predicts.lacking.items()
    ]
    return [
        *rules.judge(code, predicts.reduction, accuracy=predicts.accuracy, chance=predicts.chance),
        *rules.judge("labels_of_one_source", len(predicts.only_source), names=joined("; ", names)),
        *rules.judge("sources_without_labels", len(predicts.lacking), names=joined("; ", lacking)),
    ]


def render(predicts: LabelPredictsSource | None, context: ReportContext) -> str:
    """Draws which corpus the rows of each label come from; nothing where there is only one."""
    cells: tuple[Cell, ...] = context.statistics["labels"]
    sources = [counts.source for counts in context.statistics["accounts"] if counts.kept]
    # With one source every bar would be of one colour, and the lengths are those of the chart by split.
    if len(sources) < 2 or predicts is None:
        return ""
    colours = {source: f"s{number % COLOURS}" for number, source in enumerate(sources)}
    columns = [
        (tr("label"), "label"),
        (tr("share of the label"), "wide"),
        *((source, "n") for source in sources),
        (tr("rows"), "n"),
    ]
    about = tr(
        "Which corpus the rows of each label come from. A bar of one colour is a label that names its "
        "corpus. From the label alone, the source is guessed right for <strong>{accuracy}</strong> of the "
        "rows; always naming the largest source gives {chance}.",
        accuracy=text(percent(predicts.accuracy)),
        chance=text(percent(predicts.chance)),
    )
    drawn = table(columns, _rows_by_label(cells, colours), ticks=percent_axis())
    return section(tr("Labels by source"), about, legend(colours), drawn, render_left_out(cells))


def _rows_by_label(cells: tuple[Cell, ...], colours: dict[str, str]) -> list[list[str]]:
    """Returns a row for each label: a bar of its sources, and their counts."""
    lines = []
    for label in commonest_labels(cells):
        rows: dict[str, float] = dict.fromkeys(colours, 0)
        for cell in cells:
            if cell.label == label:
                rows[cell.source] += cell.rows
        total = sum(rows.values())
        parts = [
            (rows[source] / total, colour, f"{source} {rows[source]:,}") for source, colour in colours.items()
        ]
        lines.append(
            [name(label), bar(parts, is_tall=True), *map(count_or_dash, rows.values()), count(total)]
        )
    return lines


CHECK = Check(
    "label source",
    measure,
    codes=("label_is_source", "label_predicts_source", "labels_of_one_source", "sources_without_labels"),
    judge=judge,
    render=render,
    chapter="labels",
    key="label_predicts_source",
)

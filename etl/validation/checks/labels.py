"""Counts rows by split, source and label: the small table that all checks of labels start from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from etl.dataset.read import SPLITS
from etl.language.message import tr
from etl.text.charts import round_up
from etl.text.html import bar, count, legend, name, percent, percent_axis, section, table, text
from etl.validation.check import Check, ReportContext
from etl.validation.view import Cell, View

if TYPE_CHECKING:
    from etl.validation.checks.balance import Balance

# A column that holds no labels may have one value a row; nobody reads a chart of thousands.
_MOST_LABELS = 40


def measure(view: View) -> tuple[Cell, ...]:
    """Counts kept rows by split, source and label."""
    return view.cells


def count_labels(cells: Iterable[Cell], split: str | None = None) -> dict[str, float]:
    """Adds up rows by label.

    Args:
        cells: rows by split, source and label.
        split: whose rows to count; None: all.
    """
    rows: defaultdict[str, float] = defaultdict(int)
    for cell in cells:
        if split in (None, cell.split):
            rows[cell.label] += cell.rows
    return dict(rows)


def commonest_labels(cells: Iterable[Cell]) -> list[str]:
    """Returns the labels that charts show, the commonest first."""
    rows = count_labels(cells)
    return sorted(rows, key=lambda label: (-rows[label], label))[:_MOST_LABELS]


def render_left_out(cells: Iterable[Cell]) -> str:
    """Says how many labels a chart of the commonest leaves out."""
    more = len({cell.label for cell in cells}) - _MOST_LABELS
    if more <= 0:
        return ""
    said = tr("{number:,} rarer labels are not shown.", number=more)
    return f'<p class="about">{text(said)}</p>\n'


def render(cells: tuple[Cell, ...], context: ReportContext) -> str:
    """Draws the share of the rows of each split that have each label."""
    by_split = {split: rows for split in SPLITS if (rows := count_labels(cells, split))}
    if not by_split:
        return ""
    balances: tuple[Balance, ...] = context.statistics["balance"]
    n_rows = {balance.split: balance.rows for balance in balances if balance.source is None}
    shares = {
        split: {label: n / n_rows[split] for label, n in rows.items()} for split, rows in by_split.items()
    }
    full = round_up(max(share for of_split in shares.values() for share in of_split.values()))
    lines = [
        [
            name(label),
            "".join(
                bar([(share.get(label, 0) / full, split, f"{split} {percent(share.get(label, 0))} {label}")])
                for split, share in shares.items()
            ),
            *(percent(share.get(label, 0)) for share in shares.values()),
            count(sum(rows.get(label, 0) for rows in by_split.values())),
        ]
        for label in commonest_labels(cells)
    ]
    columns = [
        (tr("label"), "label"),
        (tr("share of the split"), "wide"),
        *((split, "n") for split in by_split),
        (tr("rows"), "n"),
    ]
    colours = {split: split for split in by_split}
    about = tr("How each split shares out its labels. Bars of one label that differ in length are drift.")
    return section(
        tr("Labels by split"),
        about,
        legend(colours),
        table(columns, lines, ticks=percent_axis(full)),
        render_left_out(cells),
    )


CHECK = Check("labels", measure, render=render, chapter="labels", key="cells")

"""Checks what was met while an external table was read: bad rows, guessed columns, odd labels."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from etl.language.lists import listing
from etl.language.message import joined, tr
from etl.schema.details import said
from etl.validation.check import Check
from etl.validation.external.dataset import ExternalTable, Role
from etl.validation.findings import Finding
from etl.validation.rules import Rules
from etl.validation.selection import number_groups, number_rows
from etl.validation.view import View

_ROLES: dict[Role, str] = {
    "text": tr("text"),
    "label": tr("label"),
    "split": tr("split"),
    "group": tr("group"),
}


def measure(view: View) -> ExternalTable:
    """Returns what `etl.validation.external` noted while it read the table."""
    assert view.table is not None
    return view.table


def judge(table: ExternalTable, rules: Rules) -> list[Finding]:
    """Judges bad rows, guessed columns, a missing split column, files left aside, spellings of labels."""
    guessed = [
        tr("{role} from `{column}`", role=_ROLES[role], column=column)
        for role, column in table.guessed.items()
    ]
    reasons = [
        tr("{detail} ({rows:,})", detail=said(detail), rows=rows)
        for detail, rows in table.bad_rows.most_common()
    ]
    labels = table.labels
    spellings = [
        tr(
            "{label!r} ({rows:,}) beside {usual!r} ({usual_rows:,})",
            label=label,
            rows=labels[label],
            usual=usual,
            usual_rows=labels[usual],
        )
        for label, usual in table.spellings.items()
    ]
    return [
        *rules.judge(
            "bad_rows",
            table.bad_rows.total(),
            difference=listing(reasons, most=3),
            examples=table.bad_row_ids,
        ),
        *rules.judge("guessed_columns", len(table.guessed), difference=joined(", ", guessed)),
        *rules.judge("no_split_column", 0 if table.has_splits else table.rows),
        *rules.judge("files_left_aside", len(table.left_aside), names=listing(table.left_aside)),
        *rules.judge(
            "label_spelling",
            len(spellings),
            of=len(labels),
            names=listing(spellings),
            examples=table.spelling_ids,
            rows_to_see=sum(labels[label] for label in table.spellings),
        ),
    ]


def select(view: View, codes: Collection[str], _measured: ExternalTable | None) -> dict[str, pl.DataFrame]:
    """Selects rows whose label is a commoner one in another spelling, a group a spelling; and bad rows."""
    if view.table is None:
        return {}
    usual = view.table.spellings
    rows = view.dataset.scan().with_row_index("row").filter(pl.col("label").is_in([*usual]))
    spelt = rows.select("row", "id", "label", likely_label=pl.col("label").replace(usual))
    bad = view.dataset.scan_rejects().with_row_index("row").select("row", "detail")
    selected = {
        "label_spelling": number_groups(spelt.collect(), ["label"]),
        "bad_rows": number_rows(bad.collect()),
    }
    return {code: rows for code, rows in selected.items() if code in codes}


CHECK = Check(
    "reading",
    measure,
    codes=("bad_rows", "guessed_columns", "no_split_column", "files_left_aside", "label_spelling"),
    judge=judge,
    select=select,
    is_applicable=lambda view: view.is_external,
)

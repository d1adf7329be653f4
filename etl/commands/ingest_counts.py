"""What `etl ingest` shows of counts: rows by source and reason, skipped files, and corrections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from etl.language.message import Message, plural, tr

if TYPE_CHECKING:
    from etl.dataset.manifest import CorrectionCounts, SkippedFile, SourceCounts

_READ, _KEPT = tr("read"), tr("kept")


def show_skipped(skipped: Iterable[SkippedFile]) -> None:
    """Shows the files that were skipped, a line each."""
    from etl.runtime import console

    for each in skipped:
        console.note(
            plural(
                "skipped: {error} ({number:,} row before that were read)",
                "skipped: {error} ({number:,} rows before that were read)",
                each.rows,
                error=each.error,
            )
        )


def show_corrections(counts: CorrectionCounts) -> None:
    """Shows how many decisions were applied, and those that were not, which the findings of validate name."""
    from etl.runtime import console

    if counts.files:
        console.line(_applied(counts))
    left_out = {
        tr("stale, as their rows have another text"): counts.stale,
        tr("about rows or labels that are not there"): counts.not_found,
        tr("as the rows with that label have others that are unknown"): counts.incomplete,
        tr("that people disagree about"): counts.unresolved,
        tr("for another taxonomy"): counts.other_taxonomy,
    }
    for why, number in left_out.items():
        if number:
            console.note(
                plural(
                    "warning: {number:,} correction not applied: {why}",
                    "warning: {number:,} corrections not applied: {why}",
                    number,
                    why=why,
                )
            )


def _applied(counts: CorrectionCounts) -> Message:
    of = plural("{number:,} row", "{number:,} rows", counts.rows)
    if not counts.found_by_text:
        return tr("Corrections: {applied:,} applied to {of}", applied=counts.applied, of=of)
    return tr(
        "Corrections: {applied:,} applied to {of}, {by_text:,} of them found by the text",
        applied=counts.applied,
        of=of,
        by_text=counts.found_by_text,
    )


def show_counts(title: str, counts: Mapping[str, SourceCounts]) -> None:
    """Shows the rows of each source that were read, kept, and rejected for each reason."""
    from etl.runtime import console
    from etl.schema import row

    columns = {
        source: {_READ: each.read, _KEPT: each.kept, **each.rejected} for source, each in counts.items()
    }
    if len(columns) > 1:
        columns[tr("all")] = dict(sum((Counter(column) for column in columns.values()), Counter()))
    lines = [
        name for name in (_READ, _KEPT, *row.reasons()) if any(name in column for column in columns.values())
    ]
    console.table(
        title,
        ["", *columns],
        [[name, *(column.get(name, 0) for column in columns.values())] for name in lines],
    )

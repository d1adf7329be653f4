"""What `etl ingest` shows of counts: rows by source and reason, skipped files, and corrections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from etl.dataset.manifest import CorrectionCounts, SkippedFile, SourceCounts


def show_skipped(skipped: Iterable[SkippedFile]) -> None:
    """Shows the files that were skipped, a line each."""
    from etl.runtime import console

    for each in skipped:
        kept = f" ({console.plural(each.rows, 'row')} before that were read)"
        console.note(f"skipped: {each.error}{kept}")


def show_corrections(counts: CorrectionCounts) -> None:
    """Shows how many decisions were applied, and those that were not, which the findings of validate name."""
    from etl.runtime import console

    if counts.files:
        of = console.plural(counts.rows, "row")
        by_text = f", {counts.found_by_text:,} of them found by the text" if counts.found_by_text else ""
        console.line(f"Corrections: {counts.applied:,} applied to {of}{by_text}")
    left_out = {
        "stale, as their rows have another text": counts.stale,
        "about rows or labels that are not there": counts.not_found,
        "as the rows with that label have others that are unknown": counts.incomplete,
        "that people disagree about": counts.unresolved,
        "for another taxonomy": counts.other_taxonomy,
    }
    for why, number in left_out.items():
        if number:
            console.note(f"warning: {console.plural(number, 'correction')} not applied: {why}")


def show_counts(title: str, counts: Mapping[str, SourceCounts]) -> None:
    """Shows the rows of each source that were read, kept, and rejected for each reason."""
    from etl.runtime import console
    from etl.schema import row

    columns = {
        source: {"read": each.read, "kept": each.kept, **each.rejected} for source, each in counts.items()
    }
    if len(columns) > 1:
        columns["all"] = dict(sum((Counter(column) for column in columns.values()), Counter()))
    lines = [
        name
        for name in ("read", "kept", *row.reasons())
        if any(name in column for column in columns.values())
    ]
    console.table(
        title,
        ["", *columns],
        [[name, *(column.get(name, 0) for column in columns.values())] for name in lines],
    )

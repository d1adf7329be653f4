"""Counts what became of the rows of each source: kept, or rejected with a reason."""

from __future__ import annotations

from dataclasses import dataclass

from etl.language.message import tr
from etl.schema import row
from etl.text.html import (
    bar,
    count,
    count_or_dash,
    heading,
    name,
    percent,
    percent_axis,
    section,
    table,
    text,
)
from etl.validation.check import Check, ReportContext
from etl.validation.view import View


@dataclass(frozen=True)
class SourceTotals:
    """The rows of one source; `read` is the sum of kept and rejected, whatever the manifest states."""

    source: str
    read: int
    kept: int
    rejected: dict[str, int]


def measure(view: View) -> tuple[SourceTotals, ...]:
    """Counts the rows of each source, sorted by source."""
    kept: dict[str, int] = {}
    for _, source, rows, _ in view.row_counts.iter_rows():
        kept[str(source)] = kept.get(str(source), 0) + rows
    reasons: dict[str, dict[str, int]] = {}
    for source, reason, rows in view.reject_counts.iter_rows():
        reasons.setdefault(str(source), {})[str(reason)] = rows
    return tuple(
        SourceTotals(
            source=source,
            read=kept.get(source, 0) + sum(reasons.get(source, {}).values()),
            kept=kept.get(source, 0),
            rejected=reasons.get(source, {}),
        )
        for source in sorted({*kept, *reasons})
    )


def render(sources: tuple[SourceTotals, ...], _context: ReportContext) -> str:
    """Draws what became of every row that was read; nothing where nothing was rejected."""
    read = sum(counts.read for counts in sources)
    kept = sum(counts.kept for counts in sources)
    if read == kept:
        return ""
    rows = [
        [
            name(counts.source),
            bar([(counts.kept / counts.read, "kept", _share_kept(counts))]),
            count(counts.read),
            count(counts.kept),
            count_or_dash(counts.read - counts.kept),
        ]
        for counts in sources
    ]
    columns = [
        (tr("source"), "label"),
        (tr("share kept"), "wide"),
        (tr("read"), "n"),
        (tr("kept"), "n"),
        (tr("rejected"), "n"),
    ]
    total = [tr("all"), "", count(read), count(kept), count(read - kept)]
    whole = table(columns, rows, total, ticks=percent_axis())
    about = tr("Every row that was read is either kept or rejected with a reason: read = kept + rejected.")
    return section(tr("Rows read, kept and rejected"), about, whole, _render_reasons(sources))


def _share_kept(counts: SourceTotals) -> str:
    return tr("{share} kept", share=percent(counts.kept / counts.read))


def _render_reasons(sources: tuple[SourceTotals, ...]) -> str:
    sources = tuple(counts for counts in sources if counts.rejected)
    meanings = row.reasons()
    present = {reason for counts in sources for reason in counts.rejected}
    # In the order of the schema, which is that of the steps; reasons it does not know come last.
    reasons = [reason for reason in meanings if reason in present] + sorted(present - set(meanings))
    rows = [
        [
            f"<code>{text(reason)}</code>",
            f'<span class="quiet">{text(tr(meanings.get(reason, "")))}</span>',
            *(count_or_dash(counts.rejected.get(reason, 0)) for counts in sources),
            count(sum(counts.rejected.get(reason, 0) for counts in sources)),
        ]
        for reason in reasons
    ]
    columns = [
        (tr("reason"), "name"),
        (tr("meaning"), "prose"),
        *((counts.source, "n") for counts in sources),
        (tr("all"), "n"),
    ]
    return heading(tr("Rejected, by reason")) + table(columns, rows)


CHECK = Check("accounts", measure, render=render, chapter="rows", key="accounts")

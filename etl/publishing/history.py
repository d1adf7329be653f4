"""Draws the versions of a publish dir over time: rows, shares of labels, findings, as one HTML file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from etl.dataset.manifest import Manifest
from etl.language.message import Message, plural, tr, translated
from etl.schema.splits import ALL_SPLITS, SPLITS, UNLABELLED
from etl.storage.versions.local import LocalStore
from etl.storage.versions.version import Version, VersionStore
from etl.text.charts import line_chart
from etl.text.html import COLOURS, count, count_or_dash, document, legend, name, section, table, text
from etl.validation.findings import SEVERITIES

_FINDINGS = Path("validation", "findings.json")
_CURRENT, _WITHDRAWN = tr("current"), tr("withdrawn")
_FOUND = {"error": tr("errors"), "warning": tr("warnings"), "note": tr("notes")}
_WAITING = "s3"  # the tone of rows that wait for a label


@dataclass(frozen=True)
class Entry:
    """One version, what it holds, and its findings by severity; None where these are not at hand."""

    version: Version
    manifest: Manifest
    findings: Mapping[str, int] | None
    state: str

    @property
    def rows(self) -> int:
        """The rows of all splits."""
        return sum(counts.rows for counts in self.manifest.splits.values())


def read_history(store: VersionStore) -> list[Entry]:
    """Reads what is known of each version, in the order in which they were published.

    Args:
        store: where they are. The findings lie beside versions on this machine; those at a URL have none.

    Raises:
        InputError: a version cannot be read.
    """
    now = store.current()
    return [
        Entry(
            version,
            store.read_manifest(version.name),
            _read_findings(store, version.name),
            _CURRENT if version.name == now else _WITHDRAWN if version.is_withdrawn else "",
        )
        for version in store.versions()
    ]


def _read_findings(store: VersionStore, version: str) -> dict[str, int] | None:
    if not isinstance(store, LocalStore):
        return None
    try:
        found = json.loads((store.path_of(version) / _FINDINGS).read_bytes())["counts"]
        return {severity: int(found[severity]) for severity in SEVERITIES}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def render_history(location: str, entries: Sequence[Entry]) -> str:
    """Renders the versions as one HTML document.

    Args:
        location: the folder or URL, as it is shown to people.
        entries: the versions, in order.
    """
    dates = [entry.version.published[:10] for entry in entries]
    numbers = [f"#{entry.version.number}" for entry in entries]
    steps = dates if len({*dates}) == len(dates) else numbers
    body = [
        _header(location, entries),
        _charts(entries, steps),
        _versions(entries),
    ]
    return document(tr("{location}: versions", location=location), "".join(body))


def _header(location: str, entries: Sequence[Entry]) -> str:
    current = next((entry for entry in entries if entry.state == _CURRENT), None)
    lead = tr("Nothing is current.")
    if current:
        lead = tr(
            "<strong>{rows}</strong> rows in the current one, <code>{version}</code>, {grown:+,} since the "
            "first.",
            rows=count(current.rows),
            version=text(current.version.name),
            grown=current.rows - entries[0].rows,
        )
    title = plural("{number:,} published version", "{number:,} published versions", len(entries))
    kicker = tr("Versions <b>{location}</b>", location=text(location))
    return (
        f'<header class="note">\n<p class="kicker">{translated(kicker)}</p>\n'
        f'<h1>{text(title)}</h1>\n<p class="lead">{translated(lead)}</p>\n</header>\n'
    )


def _charts(entries: Sequence[Entry], steps: Sequence[str]) -> str:
    tones = {split: _WAITING if split == UNLABELLED else split for split in _splits(entries)}
    rows: dict[str, list[float | None]] = {
        tone: [_rows_of(entry, split) for entry in entries] for split, tone in tones.items()
    }
    totals = [_count_labels(entry.manifest) for entry in entries]
    labels = [label for label, _ in sum(totals, Counter[str]()).most_common(COLOURS)]
    shares: dict[str, list[float | None]] = {
        f"s{at}": [labelled[label] / max(1, labelled.total()) for labelled in totals]
        for at, label in enumerate(labels)
    }
    severities = [severity for severity in SEVERITIES if any(entry.findings for entry in entries)]
    findings: dict[str, list[float | None]] = {
        severity: [entry.findings[severity] if entry.findings else None for entry in entries]
        for severity in severities
    }
    drawn: tuple[tuple[Message, dict[str, str], dict[str, list[float | None]]], ...] = (
        (tr("Rows by split"), tones, rows),
        (tr("Share of each label"), {label: f"s{at}" for at, label in enumerate(labels)}, shares),
        (tr("Findings of validate"), {_FOUND[each]: f"{each} tone" for each in severities}, findings),
    )
    charts = "".join(
        f"<div><h3>{text(title)}</h3>{legend(names)}{line_chart(title, lines, steps, from_zero=True)}</div>\n"
        for title, names, lines in drawn
        if names
    )
    figure = f'<div class="charts">{charts}</div>\n'
    about = "" if severities else tr("Findings lie beside the versions on the machine that made them.")
    return section(tr("Over time"), about, figure)


def _splits(entries: Sequence[Entry]) -> list[str]:
    """Returns the splits, and `unlabelled` if a version has rows that wait for a label."""
    return [
        split for split in ALL_SPLITS if split in SPLITS or any(_rows_of(each, split) for each in entries)
    ]


def _rows_of(entry: Entry, split: str) -> float:
    counts = entry.manifest.splits.get(split)
    return float(counts.rows) if counts else 0.0


def _count_labels(manifest: Manifest) -> Counter[str]:
    counted: Counter[str] = Counter()
    for counts in manifest.splits.values():
        counted.update(counts.labels)
    return counted


def _versions(entries: Sequence[Entry]) -> str:
    columns = [
        (tr("version"), "name"),
        (tr("published"), "name"),
        (tr("state"), "name"),
        *((split, "n") for split in _splits(entries)),
        (tr("all"), "n"),
        *((_FOUND[severity], "n") for severity in SEVERITIES),
    ]
    rows = [
        [
            f"<code>{name(entry.version.name)}</code>",
            text(entry.version.published[:16].replace("T", " ")),
            text(entry.state),
            *(count_or_dash(int(_rows_of(entry, split))) for split in _splits(entries)),
            count(entry.rows),
            *(str(entry.findings[severity]) if entry.findings else "" for severity in SEVERITIES),
        ]
        for entry in reversed(entries)
    ]
    return section(tr("Versions"), tr("The newest first."), table(columns, rows))

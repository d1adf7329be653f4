"""The section of the report on what the sentences are made of: lengths, blanks, damage, language."""

from __future__ import annotations

from collections.abc import Sequence

from etl.text.html import bar, count, count_or_dash, name, percent, section, table, text
from etl.validation.checks.texts import TextCounts, Texts
from etl.validation.lengths import Lengths

# A field of TextCounts, and the heading of its column.
_COLUMNS = (
    ("null", "no text"),
    ("empty", "empty"),
    ("white_space", "white space"),
    ("fillers", "invisible only"),
    ("invisible", "with invisible"),
    ("replaced", "U+FFFD"),
    ("garbled", "wrong encoding"),
    ("control", "control"),
    ("long", "very long"),
    ("not_korean", "no Hangul"),
)
# The heading of a column, and a field of Lengths.
_LENGTHS = {
    "shortest": "shortest",
    "50 %": "p50",
    "90 %": "p90",
    "95 %": "p95",
    "99 %": "p99",
    "longest": "longest",
}


def texts(found: Texts) -> str:
    """How many sentences of each split and source are not as sentences should be, and how long they are."""
    if not found.counts:
        return ""
    rows = [_row(counts) for counts in found.counts]
    columns = [
        ("rows of", "label"),
        ("rows", "n"),
        *((heading, "n") for _, heading in _COLUMNS),
        ("Hangul of all letters", "n"),
    ]
    about = "What the sentences are made of, character by character. A dash is what one wants to see."
    if found.long_limit:
        about += f" Very long is more than {count(found.long_limit)} characters."
    return section("Sentences", about, table(columns, rows), lengths_table(found.characters, "characters"))


def lengths_table(found: Sequence[Lengths], unit: str) -> str:
    """Lengths by split, as bars and percentiles.

    Args:
        found: each split, then all.
        unit: what is counted, in the plural.
    """
    if not found:
        return ""
    full = max(1, *(lengths.p99 for lengths in found))
    rows = [
        [
            text(lengths.split or "all"),
            bar(
                [
                    (
                        lengths.p50 / full,
                        lengths.split or "s0",
                        f"half have at most {count(lengths.p50)} {unit}",
                    )
                ],
                is_tall=True,
                mark=(lengths.p95 / full, f"95 % have at most {count(lengths.p95)}"),
            ),
            *(count(getattr(lengths, field)) for field in _LENGTHS.values()),
            f"{lengths.total / lengths.rows:.1f}",
        ]
        for lengths in found
    ]
    columns = [
        ("split", "label"),
        (f"median, and a line at 95 %; full bar {count(full)} {unit}", "wide"),
        *((heading, "n") for heading in _LENGTHS),
        ("mean", "n"),
    ]
    return f"<h3>Length in {text(unit)}</h3>\n" + table(columns, rows)


def _row(counts: TextCounts) -> list[str]:
    return [
        name(" · ".join(part for part in (counts.split, counts.source) if part) or "all"),
        count(counts.rows),
        *(count_or_dash(getattr(counts, field)) for field, _ in _COLUMNS),
        percent(counts.hangul / counts.letters) if counts.letters else count_or_dash(0),
    ]

"""The sections of the report on drift: between splits, and since an earlier dataset."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from etl.text.html import bar, count, count_or_dash, name, percent, section, table, text
from etl.validation.checks.changes import Against, Change
from etl.validation.checks.drift import Drift
from etl.validation.checks.token_stats import Unseen


def drift(found: Sequence[Drift], lacking: Sequence[Unseen], *, has_sources: bool = True) -> str:
    """How far labels, sources and lengths of validation and test are from train's, and what tokens it lacks.

    Args:
        found: drifts from train.
        lacking: tokens of validation and test that train lacks.
        has_sources: whether there is more than one source; else their shares say nothing.
    """
    if not found and not lacking:
        return ""
    about = (
        "How far validation and test are from train. The line marks what chance alone gives two samples of "
        "these sizes; what is beyond three times that is drift."
    )
    return section("Drift", about, _drifts(found, has_sources=has_sources), _unseen(lacking))


def against(found: Against | None) -> str:
    """What changed since an earlier dataset; nothing where none was given."""
    if found is None or not found.changes:
        return ""
    about = (
        "What changed since the earlier dataset. Rows are the same where their "
        f"{'ids' if found.matched_by == 'id' else 'normalised texts'} are."
    )
    drifts = [drifted for change in found.changes for drifted in change.drifts]
    lacking = [change.unseen for change in found.changes if change.unseen]
    return section(
        "Since the earlier dataset",
        about,
        _changes(found.changes),
        _names(found),
        _drifts(drifts, has_sources=True),
        _unseen(lacking),
    )


def _drifts(found: Iterable[Drift], *, has_sources: bool) -> str:
    shown = [drifted for drifted in found if has_sources or drifted.of != "source"]
    if not shown:
        return ""
    full = max(max(drifted.total_variation, drifted.by_chance) for drifted in shown) or 1.0
    rows = [
        [
            text(_what(drifted)),
            bar(
                [(drifted.total_variation / full, drifted.split, percent(drifted.total_variation))],
                is_tall=True,
                mark=(drifted.by_chance / full, f"{percent(drifted.by_chance)} by chance alone"),
            ),
            percent(drifted.total_variation),
            percent(drifted.by_chance),
            f"{drifted.jensen_shannon:.4f}",
            f"{drifted.psi:.4f}",
            count_or_dash(0) if drifted.kolmogorov_smirnov is None else percent(drifted.kolmogorov_smirnov),
        ]
        for drifted in shown
    ]
    columns = [
        ("drift of", "label"),
        (f"total variation, full bar {percent(full)}", "wide"),
        ("total variation", "n"),
        ("by chance alone", "n"),
        ("Jensen-Shannon, nats", "n"),
        ("stability index", "n"),
        ("Kolmogorov-Smirnov", "n"),
    ]
    return table(columns, rows)


def _what(drifted: Drift) -> str:
    if drifted.reference == "train":
        return f"{drifted.of}s, train to {drifted.split}"
    return f"{drifted.of}s of {drifted.split}, {drifted.reference} to now"


def _unseen(found: Sequence[Unseen]) -> str:
    if not found:
        return ""
    rows = [
        [
            text(f"{lacking.split}, not in {lacking.reference}"),
            bar(
                [(lacking.share, lacking.split, percent(lacking.share))],
                is_tall=True,
                mark=(lacking.by_chance, f"{percent(lacking.by_chance)} to be expected"),
            ),
            percent(lacking.share),
            percent(lacking.by_chance),
            count(lacking.unseen),
            count(lacking.tokens),
            count(lacking.distinct_unseen),
        ]
        for lacking in found
    ]
    columns = [
        ("tokens of", "label"),
        ("share unseen", "wide"),
        ("unseen", "n"),
        ("to be expected", "n"),
        ("tokens unseen", "n"),
        ("of", "n"),
        ("different ones", "n"),
    ]
    return "<h3>Tokens out of vocabulary</h3>\n" + table(columns, rows)


def _changes(found: Iterable[Change]) -> str:
    rows = [
        [
            text(change.split),
            count(change.earlier_rows),
            count(change.rows),
            count_or_dash(change.added),
            count_or_dash(change.removed),
            count_or_dash(change.moved_in),
            count_or_dash(change.moved_out),
            count_or_dash(change.relabelled),
            count_or_dash(change.reworded or 0),
        ]
        for change in found
    ]
    columns = [
        ("split", "label"),
        ("rows then", "n"),
        ("rows now", "n"),
        ("new", "n"),
        ("gone", "n"),
        ("from another split", "n"),
        ("to another split", "n"),
        ("another label", "n"),
        ("another text", "n"),
    ]
    return table(columns, rows)


def _names(found: Against) -> str:
    lines = [
        (what, names)
        for what, names in (
            ("labels that are gone", found.labels_gone),
            ("labels that are new", found.labels_new),
            ("sources that are gone", found.sources_gone),
            ("sources that are new", found.sources_new),
        )
        if names
    ]
    if not lines:
        return ""
    rows = [[text(what), ", ".join(name(each) for each in names[:20])] for what, names in lines]
    return table([("", "label"), ("", "")], rows)

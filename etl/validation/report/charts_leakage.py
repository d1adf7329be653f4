"""Sections of the report on leaking pairs, duplicates, the overlap of corpora, conflicts and raters.

Each function returns HTML, or nothing where there is nothing to show. Rows are shown by id; sentences only
where the caller hands them over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest

from etl.text.html import bar, count, count_or_dash, name, percent, quoted, section, table, text
from etl.validation.checks.conflicts import ALL, Conflict, RaterAgreement
from etl.validation.checks.leakage import Leak
from etl.validation.checks.overlap import Repeat, SourceOverlap
from etl.validation.findings import checks


def pairs(leaks: Sequence[Leak], texts: Mapping[str, str]) -> str:
    """A few pairs of each split to look at, each at the strictest level that has it.

    Args:
        leaks: what validation and test share with train.
        texts: sentences that may be quoted, by row id; usually none.
    """
    rows: dict[tuple[str, str], list[str]] = {}
    for leak in leaks:
        for pair, alike in zip_longest(leak.pairs, leak.similarities):
            level = f'<span class="level">{leak.level}</span> {text(checks()[leak.code]["short"])}'
            similarity = f"{alike:.2f}" if leak.similarities else count_or_dash(0)
            ids = (quoted(row_id, texts) for row_id in pair)
            rows.setdefault(pair, [level, text(leak.split), *ids, similarity])
    if not rows:
        return ""
    columns = [
        ("level", "label"),
        ("of", "name"),
        ("row", "prose"),
        ("row of train", "prose"),
        ("alike", "n"),
    ]
    about = (
        "A few pairs, each at the strictest level that has it. Of near-duplicates they are the least alike: "
        "if these are not the same sentence, the threshold is too low. How alike they are is the share of "
        "character trigrams that two texts have in common."
    )
    return section("Leaking pairs to look at", about, table(columns, rows.values()), anchor="pairs")


def repeats(repeats: Sequence[Repeat]) -> str:
    """What each split says more than once."""
    names = {"L0": "same raw text", "L1": "same normalised text", "L3": "near-duplicate"}
    full = max(0.01, *(repeat.share for repeat in repeats)) if repeats else 0
    rows = [
        [
            f'<span class="level">{repeat.level}</span> {names[repeat.level]}',
            text(repeat.split),
            bar([(repeat.share / full, "doubtful", f"{percent(repeat.share)} of {repeat.split}")]),
            count_or_dash(repeat.rows),
            percent(repeat.share) if repeat.rows else count_or_dash(0),
            count_or_dash(repeat.texts),
            count_or_dash(repeat.short_rows),
        ]
        for repeat in repeats
    ]
    if not any(repeat.rows or repeat.short_rows for repeat in repeats):
        return ""
    columns = [
        ("level", "label"),
        ("split", "name"),
        (f"share of the split, full bar {percent(full)}", "wide"),
        ("rows", "n"),
        ("share", "n"),
        ("texts", "n"),
        ("too short to count", "n"),
    ]
    about = "Rows that another row of the same split repeats, each level counted on its own."
    return section("Duplicates within a split", about, table(columns, rows), anchor="repeats")


def overlap(overlaps: Sequence[SourceOverlap]) -> str:
    """The matrix of what corpora share: texts, and how often their labels agree."""
    cells = {(each.source, each.other): each for each in overlaps if each.texts}
    if not cells:
        return ""
    sources = sorted({source for pair in cells for source in pair})
    rows = [
        [
            name(source),
            *(_overlap_cell(cells.get((min(source, other), max(source, other)))) for other in sources),
        ]
        for source in sources
    ]
    columns = [("", "label"), *((source, "n") for source in sources)]
    about = (
        "Distinct normalised texts that two corpora share, and how many of those that both label carry one "
        "label in all their rows. Short utterances are left out."
    )
    return section("Texts that corpora share", about, table(columns, rows), anchor="overlap")


def _overlap_cell(overlap: SourceOverlap | None) -> str:
    if overlap is None:
        return count_or_dash(0)
    agreement = "" if overlap.agreement is None else f"{percent(overlap.agreement)} agree"
    return f'{count(overlap.texts)} <span class="quiet">{agreement}</span>'


def conflicts(conflicts: Sequence[Conflict], agreements: Sequence[RaterAgreement]) -> str:
    """Texts with different labels, the best accuracy they leave, and how far raters agree."""
    rows = [
        [
            f'<span class="level">{each.level}</span> {text(checks()[each.code]["short"])}',
            "all splits" if each.split == ALL else text(each.split),
            bar([(each.best_accuracy, "kept", f"{each.best_accuracy:.4f}")]),
            f"{each.best_accuracy:.4f}",
            count_or_dash(each.texts),
            count_or_dash(each.rows),
            percent(each.share) if each.rows else count_or_dash(0),
            count_or_dash(each.short_texts),
        ]
        for each in conflicts
    ]
    found = any(each.texts for each in conflicts)
    if not found and not agreements:
        return ""
    columns = [
        ("level", "label"),
        ("split", "name"),
        ("best accuracy that is possible", "wide"),
        ("", "n"),
        ("texts", "n"),
        ("rows", "n"),
        ("share", "n"),
        ("short texts", "n"),
    ]
    about = (
        "Texts that stand there with different labels. No model that sees no more of a row than its level "
        "does can be right more often than the bar says."
    )
    tables = (table(columns, rows) if found else "") + _raters(agreements)
    return section("Conflicting labels", about, tables, anchor="conflicts")


def _raters(agreements: Sequence[RaterAgreement]) -> str:
    if not agreements:
        return ""
    rows = [
        [
            name(each.source),
            bar([(each.pairwise, "kept", percent(each.pairwise))], mark=(each.by_chance, "by chance")),
            percent(each.pairwise),
            percent(each.by_chance),
            '<span class="quiet">–</span>' if each.kappa is None else f"{each.kappa:.2f}",
            percent(each.unanimous / each.rows),
            percent(each.majority_share),
            count(each.rows),
        ]
        for each in agreements
    ]
    columns = [
        ("source", "label"),
        ("two raters agree", "wide"),
        ("", "n"),
        ("by chance", "n"),
        ("Fleiss' kappa", "n"),
        ("all agree", "n"),
        ("mean share of the majority", "n"),
        ("rows", "n"),
    ]
    return "<h3>Agreement of the raters</h3>\n" + table(columns, rows)

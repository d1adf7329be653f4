"""Compares a candidate with the published version, and says what a reader would not expect of an update.

Only manifests are compared, so it costs nothing and works for versions at a URL. The thresholds, and what
speaks against a dataset on its own, are in `etl.dataset.guards`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping

from etl.dataset.guards import Guard, Objection, accept_options, find_unusable
from etl.dataset.manifest import InputFile, Manifest
from etl.dataset.read import SPLITS
from etl.errors import FindingsError
from etl.language.lists import listing
from etl.language.message import Message, tr
from etl.validation.checks import drift

# The size of a part whose rows are drawn varies by 1/sqrt(n) of it (Poisson); of a distance, see `drift`.
_BEYOND_CHANCE = 3


def compare_manifests(
    candidate: Manifest, published: Manifest, guards: Mapping[str, Guard]
) -> list[Objection]:
    """Returns what speaks against publishing `candidate` in the place of `published`."""
    known = {(each.code, each.of) for each in find_unusable(published.counts, guards)}
    unusable = [each for each in find_unusable(candidate.counts, guards) if (each.code, each.of) not in known]
    found = [
        *_missing_names("source_gone", _rows_by_source(candidate), _rows_by_source(published)),
        *_missing_files(candidate, published),
        *_missing_rows(candidate, published),
        *_missing_names("label_gone", _rows_by_label(candidate), _rows_by_label(published)),
        *_changed_shares(candidate, published),
    ]
    return unusable + [
        Objection(code, tr(guard.message, number=number, threshold=limit, **facts), number, limit)
        for code, number, chance, facts in found
        if (guard := guards.get(code)) and number > (limit := max(guard.threshold, chance))
    ]


def refuse(objections: Collection[Objection], published: str, kept: str) -> FindingsError:
    """Returns the error for a candidate that is not published.

    Args:
        objections: why; at least one.
        published: the folder of the version to compare with.
        kept: the folder in which the candidate is kept.
    """
    return FindingsError(
        tr("the new version differs too much from the published one and is not published"),
        details=[each.line() for each in objections],
        cause=tr("The new version is kept in {kept}.", kept=kept),
        next_step=tr(
            "look at it with `etl diff {published} {kept}`. If it is right, the same `etl refresh` with "
            "`{accept_options}` publishes it; `refresh.guards` in its settings allows it for good.",
            published=published,
            kept=kept,
            accept_options=accept_options(objections),
        ),
    )


# A guard's code, its number, what chance alone may make of it, and the facts of its message.
_Measure = tuple[str, float, float, dict[str, object]]


def _missing_names(code: str, now: Mapping[str, float], before: Mapping[str, float]) -> Iterator[_Measure]:
    names = sorted(name for name in before if not now.get(name))
    yield code, len(names), 0, {"names": listing(names)}


def _missing_files(candidate: Manifest, published: Manifest) -> Iterator[_Measure]:
    """A file is missing if it had rows, and neither its name nor its content is read now."""
    names = {(each.file, each.member) for each in candidate.inputs}
    contents = {each.sha256 for each in candidate.inputs}
    gone = [
        each
        for each in published.inputs
        if each.rows and (each.file, each.member) not in names and each.sha256 not in contents
    ]
    facts = {"rows": sum(each.rows for each in gone), "names": listing([*map(_name, gone)])}
    yield "file_gone", len(gone), 0, facts


def _missing_rows(candidate: Manifest, published: Manifest) -> Iterator[_Measure]:
    """Of all rows, and of each source and split that still has some: the others are gone by name."""
    splits = _rows_of_splits(candidate), _rows_of_splits(published)
    sources = _rows_by_source(candidate), _rows_by_source(published)
    parts: list[tuple[Callable[[str], Message], Mapping[str, float], Mapping[str, float], bool]] = [
        (lambda _: tr("in all"), {"": sum(sources[0].values())}, {"": sum(sources[1].values())}, False),
        (_of_source, sources[0], sources[1] if len(sources[1]) > 1 else {}, False),
        # Which split a new group is in is chance.
        (_in_split, *splits, True),
    ]
    for of, now, before, is_drawn in parts:
        for name, rows in before.items():
            if is_drawn or now.get(name):
                facts = {"of": of(name), "now": now.get(name, 0), "before": rows}
                chance = _BEYOND_CHANCE / math.sqrt(rows) if is_drawn else 0
                yield "rows_gone", 1 - now.get(name, 0) / rows, chance, facts


def _changed_shares(candidate: Manifest, published: Manifest) -> Iterator[_Measure]:
    pairs = [(tr("in all"), _rows_by_label(candidate), _rows_by_label(published))]
    pairs += [
        (_in_split(split), counts.labels, published.splits[split].labels)
        for split, counts in candidate.splits.items()
        if split in published.splits
    ]
    for of, now, before in pairs:
        rows, rows_before = sum(now.values()), sum(before.values())
        if not rows or not rows_before:
            continue
        [drifted] = drift.compare("label", now, before, of, "published")
        shares = {
            label: (now.get(label, 0) / rows, before.get(label, 0) / rows_before) for label in now | before
        }
        most = max(sorted(shares), key=lambda label: abs(shares[label][0] - shares[label][1]))
        facts = {"of": of, "label": most, "now": shares[most][0], "before": shares[most][1]}
        yield "label_shares", drifted.total_variation, _BEYOND_CHANCE * drifted.by_chance, facts


def _of_source(source: str) -> Message:
    return tr("of source {source}", source=source)


def _in_split(split: str) -> Message:
    return tr("in {split}", split=split)


def _rows_by_source(manifest: Manifest) -> dict[str, float]:
    return {source: counts.kept for source, counts in manifest.counts.items() if counts.kept}


def _rows_by_label(manifest: Manifest) -> dict[str, float]:
    rows: defaultdict[str, float] = defaultdict(int)
    for counts in manifest.splits.values():
        for label, number in counts.labels.items():
            if number:
                rows[label] += number
    return dict(rows)


def _rows_of_splits(manifest: Manifest) -> dict[str, float]:
    """Counts the rows of the splits; those without a label leave theirs when they get one."""
    rows = {split: manifest.splits[split].rows for split in SPLITS if split in manifest.splits}
    return {split: number for split, number in rows.items() if number}


def _name(file: InputFile) -> str:
    return f"{file.file} → {file.member}" if file.member else file.file

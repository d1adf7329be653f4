"""`etl diff`: what differs between two versions, or two datasets."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from etl.language.message import by_english, joined, plural, tr

if TYPE_CHECKING:
    from etl.dataset.corrected_rows import CorrectedRow
    from etl.dataset.difference import Difference
    from etl.dataset.read import Dataset

_PLACE_AND_TWO = 3
_MOST_SHOWN = 20
# How the JSON calls what happened to rows, said to people.
_CASES = by_english(tr("added"), tr("removed"), tr("relabelled"), tr("reworded"), tr("moved"))


def diff(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="PLACE A B|DATASET DATASET",
            help="Two versions of a place (names, their first digits, or `current`), or two datasets; "
            "any of them may be a URL.",
            show_default=False,
        ),
    ],
    is_json: Annotated[bool, typer.Option("--json", help="Show the result as JSON.")] = False,
) -> None:
    """Show which rows differ between two versions: added, removed, relabelled, reworded, moved, corrected.

    Rows are known by their ids. Drift is the total variation between the shares of the labels: the share of
    rows that would have to change their label.
    """
    from etl.dataset.difference import compare
    from etl.runtime import console

    with ExitStack() as stack:
        found = compare(*_opened(names, stack))
    if is_json:
        console.json_document(_document(found))
    else:
        _show(found, names[-2:])


def _opened(names: list[str], stack: ExitStack) -> tuple[Dataset, Dataset]:
    from etl.dataset.read import open_dataset
    from etl.errors import SettingsError
    from etl.publishing.places import open_publish_dir
    from etl.storage.datasets import open_url
    from etl.storage.versions.version import choose_version

    if len(names) == _PLACE_AND_TWO:
        store = open_publish_dir(names[0])
        one, other = (store.path_of(choose_version(store, name).name) for name in names[1:])
    elif len(names) == _PLACE_AND_TWO - 1:
        one, other = (stack.enter_context(open_url(name)) for name in names)
    else:
        raise SettingsError(
            tr("two things are compared"),
            details=[tr("expected PLACE A B, or two datasets, got {number} names", number=len(names))],
            next_step=tr("`etl versions PLACE` lists the versions of a place."),
        )
    return open_dataset(one), open_dataset(other)


def _document(found: Difference) -> dict[str, Any]:
    return {
        "is_same": found.is_same,
        "rows": found.rows,
        "earlier_rows": found.earlier_rows,
        "added": found.added,
        "removed": found.removed,
        "relabelled": found.relabelled,
        "reworded": found.reworded,
        "moved": [{"from": start, "to": end, "rows": count} for (start, end), count in found.moved.items()],
        "label_drift": found.label_drift,
        "examples": found.examples,
        "corrected": [asdict(row) for row in found.corrected],
    }


def _show(found: Difference, names: list[str]) -> None:
    from etl.runtime import console

    drift = {split: "" if value is None else f"{value:.4f}" for split, value in found.label_drift.items()}
    console.table(
        f"{names[0]} → {names[1]}",
        [tr("split"), tr("before"), tr("added"), tr("removed"), tr("now"), tr("label drift")],
        [
            [
                split,
                found.earlier_rows[split],
                found.added[split],
                found.removed[split],
                rows,
                drift.get(split, ""),
            ]
            for split, rows in found.rows.items()
        ],
    )
    for (start, end), count in found.moved.items():
        console.line(
            plural(
                "{number:,} row moved from {start} to {end}",
                "{number:,} rows moved from {start} to {end}",
                count,
                start=start,
                end=end,
            )
        )
    console.line(
        plural(
            "{number:,} row relabelled, {reworded:,} reworded",
            "{number:,} rows relabelled, {reworded:,} reworded",
            found.relabelled,
            reworded=found.reworded,
        )
    )
    for case, ids in found.examples.items():
        console.line(joined(": ", (_CASES[case], ", ".join(ids))))
    _show_corrected(found.corrected)
    if found.is_same:
        console.line(tr("No row differs."))


def _show_corrected(rows: Sequence[CorrectedRow]) -> None:
    from etl.runtime import console

    if not rows:
        return
    console.table(
        tr("Corrected ({rows:,})", rows=len(rows)),
        [tr("id"), tr("decision"), tr("label before"), tr("label now")],
        [
            [row.id, row.decision or tr("taken back"), row.earlier_label or "", _label_now(row)]
            for row in rows[:_MOST_SHOWN]
        ],
    )
    if len(rows) > _MOST_SHOWN:
        console.note(tr("{rows:,} more: `--json` names all of them", rows=len(rows) - _MOST_SHOWN))


def _label_now(row: CorrectedRow) -> str:
    return (row.label or "") if row.is_kept else tr("rejected")

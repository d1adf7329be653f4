"""`etl versions`: what was published in a place, and what is current."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from etl.language.message import by_english, tr

if TYPE_CHECKING:
    from etl.dataset.manifest import SplitCounts
    from etl.storage.versions.version import Version

# How the JSON calls what became of a version, said to people.
_STATES = {"": "", **by_english(tr("current"), tr("withdrawn"))}


def versions(
    place: Annotated[
        str, typer.Argument(help="Where `etl refresh` publishes: a folder or a URL.", show_default=False)
    ],
    is_json: Annotated[bool, typer.Option("--json", help="Show the result as JSON.")] = False,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Also draw rows, labels and findings of each version."),
    ] = None,
) -> None:
    """Show the published versions of a dataset, in order, and which of them is current.

    A version that a rollback went back behind is withdrawn: no refresh makes it current again by itself.
    """
    from etl.publishing.history import read_history, render_history
    from etl.publishing.places import open_store
    from etl.runtime import console
    from etl.runtime.files import write_atomic
    from etl.schema.splits import ALL_SPLITS, SPLITS

    store = open_store(place)
    now = store.current()
    found = [
        _document(version, store.read_manifest(version.name).splits, is_current=version.name == now)
        for version in store.versions()
    ]
    if html:
        write_atomic(html, render_history(store.location, read_history(store)))
    if is_json:
        console.json_document(found)
        return
    splits = [name for name in ALL_SPLITS if name in SPLITS or any(name in each["rows"] for each in found)]
    console.table(
        tr("Versions in {location}", location=store.location),
        [tr("version"), tr("published"), *splits, tr("state")],
        [
            [
                each["version"],
                each["published"],
                *(each["rows"].get(name, 0) for name in splits),
                _STATES[each["state"]],
            ]
            for each in found
        ],
    )
    if html:
        console.line(tr("Charts: {file}", file=html))


def _document(version: Version, splits: dict[str, SplitCounts], *, is_current: bool) -> dict[str, Any]:
    return {
        "version": version.name,
        "number": version.number,
        "published": version.published,
        "state": "current" if is_current else "withdrawn" if version.is_withdrawn else "",
        "rows": {split: counts.rows for split, counts in splits.items()},
    }

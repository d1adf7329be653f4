"""`etl versions`: what was published in a place, and what is current."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from etl.dataset.manifest import SplitCounts
    from etl.dataset.versions import Version


def versions(
    place: Annotated[
        str, typer.Argument(help="Where `etl refresh` publishes: a folder or a URL.", show_default=False)
    ],
    is_json: Annotated[bool, typer.Option("--json", help="Show the result as JSON.")] = False,
) -> None:
    """Show the published versions of a dataset, in order, and which of them is current.

    A version that a rollback went back behind is withdrawn: no refresh makes it current again by itself.
    """
    from etl.dataset import versions as published
    from etl.dataset.manifest import read_manifest
    from etl.errors import InputError
    from etl.runtime import console
    from etl.storage import versions as remote
    from etl.storage.remote import is_remote, shown

    if is_remote(place):
        known, now = list(remote.published(place).values()), remote.current(place)
        splits = {each.name: remote.splits(place, each.name) for each in known}
        if not known:
            raise InputError(
                f"nothing was published at {shown(place)}",
                next_step="`etl refresh --config etl.yaml` publishes where `refresh.out` says.",
            )
    else:
        folder = Path(place)
        published.check_place(folder)
        known, now = published.versions(folder), published.current(folder)
        splits = {each.name: read_manifest(published.path_of(folder, each.name)).splits for each in known}
    found = [_document(each, splits[each.name], is_current=each.name == now) for each in known]
    if is_json:
        console.json_document(found)
        return
    console.table(
        f"Versions in {shown(place)}",
        ["version", "published", "train", "validation", "test", "state"],
        [[each["version"], each["published"], *each["rows"].values(), each["state"]] for each in found],
    )


def _document(version: Version, splits: dict[str, SplitCounts], *, is_current: bool) -> dict[str, Any]:
    return {
        "version": version.name,
        "number": version.number,
        "published": version.published,
        "state": "current" if is_current else "withdrawn" if version.is_withdrawn else "",
        "rows": {split: counts.rows for split, counts in splits.items()},
    }

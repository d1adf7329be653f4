"""`etl versions`: what was published in a place, and what is current."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from etl.dataset.versions import Version


def versions(
    place: Annotated[Path, typer.Argument(help="Where `etl refresh` publishes.", show_default=False)],
    is_json: Annotated[bool, typer.Option("--json", help="Show the result as JSON.")] = False,
) -> None:
    """Show the published versions of a dataset, in order, and which of them is current.

    A version that a rollback went back behind is withdrawn: no refresh makes it current again by itself.
    """
    from etl import console
    from etl.dataset import versions as published

    published.check_place(place)
    found = [_document(place, each) for each in published.versions(place)]
    if is_json:
        console.json_document(found)
        return
    console.table(
        f"Versions in {place}",
        ["version", "published", "train", "validation", "test", "state"],
        [[each["version"], each["published"], *each["rows"].values(), each["state"]] for each in found],
    )


def _document(place: Path, version: Version) -> dict[str, Any]:
    from etl.dataset import versions as published
    from etl.dataset.read import open_dataset

    splits = open_dataset(published.path_of(place, version.name)).manifest["splits"]
    is_current = version.name == published.current(place)
    return {
        "version": version.name,
        "number": version.number,
        "published": version.published,
        "state": "current" if is_current else "withdrawn" if version.is_withdrawn else "",
        "rows": {split: facts["rows"] for split, facts in splits.items()},
    }

"""`etl prune`: old versions are removed."""

from __future__ import annotations

from typing import Annotated

import typer


def prune(
    place: Annotated[
        str, typer.Argument(help="Where `etl refresh` publishes: a folder or a URL.", show_default=False)
    ],
    keep: Annotated[
        int, typer.Option(min=1, help="How many of the newest versions stay.", show_default=False)
    ],
    wait: Annotated[bool, typer.Option("--wait", help="Wait for a refresh that runs.")] = False,
    is_json: Annotated[bool, typer.Option("--json", help="Show the result as JSON.")] = False,
) -> None:
    """Remove all versions but the newest ones. The current version always stays.

    Whoever still reads a version that is removed loses its files. Files that other versions share stay.
    """
    from etl.dataset import versions
    from etl.publishing.urls import copy_current, existing_place
    from etl.runtime import console
    from etl.storage.remote import shown

    folder = existing_place(place)
    with versions.locked(folder, "etl prune", wait=wait):
        removed = versions.prune(folder, keep)
        copy_current(folder, place, keep)
        kept = [each.name for each in versions.versions(folder)]
    if is_json:
        console.json_document({"removed": removed, "kept": kept})
    else:
        console.line(
            f"{console.plural(len(removed), 'version')} removed, {len(kept)} kept in {shown(place)}."
        )

"""`etl prune`: old versions are removed."""

from __future__ import annotations

from typing import Annotated

import typer

from etl.language.message import plural


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
    from etl.publishing.places import copy_current, open_publish_dir
    from etl.runtime import console
    from etl.storage.remote import hide_query
    from etl.storage.versions.version import prune_versions

    store = open_publish_dir(place)
    with store.lock("etl prune", wait=wait):
        removed = prune_versions(store, keep)
        copy_current(store, place, keep)
        kept = [version.name for version in store.versions()]
    if is_json:
        console.json_document({"removed": removed, "kept": kept})
    else:
        console.line(
            plural(
                "{number:,} version removed, {kept} kept in {place}.",
                "{number:,} versions removed, {kept} kept in {place}.",
                len(removed),
                kept=len(kept),
                place=hide_query(place),
            )
        )

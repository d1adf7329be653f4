"""`etl rollback`: an earlier version is current again."""

from __future__ import annotations

from typing import Annotated

import typer

from etl.language.message import tr


def rollback(
    place: Annotated[
        str, typer.Argument(help="Where `etl refresh` publishes: a folder or a URL.", show_default=False)
    ],
    version: Annotated[
        str | None,
        typer.Argument(help="The version, or the first digits of it.  [default: the one before the current]"),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for a refresh that runs.")] = False,
    is_json: Annotated[bool, typer.Option("--json", help="Show the result as JSON.")] = False,
) -> None:
    """Make an earlier version current again, in one step.

    Later versions stay where they are, marked as withdrawn: a refresh publishes again when the raw files or
    the settings have changed, and not before. `etl rollback PLACE VERSION` also goes forward again.
    """
    from etl.publishing.places import open_publish_dir, roll_back
    from etl.runtime import console
    from etl.storage.remote import hide_query
    from etl.storage.versions.version import CURRENT

    store = open_publish_dir(place)
    with store.lock("etl rollback", wait=wait):
        before = store.current()
        now = roll_back(store, place, version)
    if is_json:
        console.json_document({"current": now, "before": before})
    else:
        link = f"{hide_query(place).rstrip('/')}/{CURRENT}"
        console.line(
            tr(
                "{link} is version {now}; it was {before}.",
                link=link,
                now=now,
                before=before,
            )
        )

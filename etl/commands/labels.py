"""`etl labels`: how a taxonomy maps each label of each corpus, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from etl.language.message import Message, tr


def labels(
    name: Annotated[
        str,
        typer.Option(
            "--taxonomy",
            metavar="NAME|FILE",
            help="ko7, native11, dialogue6, polarity3, hate, kote44, or a YAML file of your own.",
        ),
    ] = "ko7",
    source: Annotated[
        str | None, typer.Option(metavar="SLUG", help="Only this corpus; `etl sources` lists them.")
    ] = None,
    is_json: Annotated[bool, typer.Option("--json", help="Show the result as JSON.")] = False,
) -> None:
    """Show which label of which corpus becomes what, and why.

    A label that becomes nothing is rejected as label_not_in_taxonomy, and counted.
    """
    from etl.errors import SettingsError
    from etl.runtime import console
    from etl.schema import taxonomy
    from etl.schema.label_words import explain_words

    chosen = taxonomy.load(name)
    slugs = taxonomy.corpora() if source is None else [source]
    if source is not None and source not in [*taxonomy.corpora(), taxonomy.TABLE]:
        raise SettingsError(
            tr("there is no corpus {source!r}", source=source),
            details=[
                tr("expected one of {options}", options=", ".join([*taxonomy.corpora(), taxonomy.TABLE]))
            ],
            next_step=tr("run `etl sources` to see what each of them is"),
        )
    rows = {slug: taxonomy.explain(chosen, slug) for slug in slugs}
    if source == taxonomy.TABLE:
        rows[source] += explain_words(chosen)
    if is_json:
        console.json_document(
            {
                "taxonomy": {"name": chosen.name, "targets": list(chosen.targets), "sha256": chosen.sha256},
                "labels": [row for slug in slugs for row in rows[slug]],
            }
        )
        return
    console.line(f"{chosen.name}: {', '.join(chosen.targets)}")
    if chosen.about:
        console.line(_said(chosen.about))
    for slug in slugs:
        console.line()
        console.table(
            slug,
            [tr("code"), tr("name"), chosen.name, tr("why")],
            [
                [row["code"], _said(row["name"]), row["target"] or "-", _said(row["why"])]
                for row in rows[slug]
            ],
        )


def _said(text: str | None) -> str:
    """A text of the label tables and taxonomies, as a message."""
    return text if isinstance(text, Message) else tr(text) if text else ""

"""`etl sources`: the corpora that can be read, where to get them, and what their files should hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from etl.language.message import joined, tr, translated

if TYPE_CHECKING:
    from etl.schema.contract import Contract


def sources(
    slug: Annotated[
        str | None, typer.Argument(metavar="[SLUG]", help="Everything about this corpus.")
    ] = None,
    is_json: Annotated[bool, typer.Option("--json", help="Show the result as JSON.")] = False,
) -> None:
    """List the corpora: licence, where to get them, their files and published numbers of rows."""
    from etl.errors import SettingsError
    from etl.runtime import console
    from etl.schema import contract

    if slug is not None and slug not in contract.slugs():
        raise SettingsError(
            tr("there is no corpus {slug!r}", slug=slug),
            details=[tr("expected one of {options}", options=", ".join(contract.slugs()))],
            next_step=tr("run `etl sources` to see what each of them is"),
        )
    contracts = [contract.load(each) for each in ([slug] if slug else contract.slugs())]
    if is_json:
        documents = [_document(each) for each in contracts]
        console.json_document(documents[0] if slug else documents)
    elif slug:
        _show_one(contracts[0])
    else:
        _show_all(contracts)


def _show_all(contracts: list[Contract]) -> None:
    from etl.runtime import console

    console.table(
        tr("Corpora"),
        [
            tr("source"),
            tr("title"),
            tr("licence"),
            tr("where to get it"),
            tr("files"),
            tr("published rows"),
        ],
        [
            [
                each.slug,
                tr(each.title),
                tr(each.licence),
                tuple(each.where) or "-",
                tuple(map(tr, each.files)),
                _published(each),
            ]
            for each in contracts
        ],
    )
    console.line(tr("`etl sources SLUG` shows the columns of its files, and what to beware of."))


def _published(contract: Contract) -> tuple[str, ...]:
    """The numbers of the first layout that has any: the others hold the same rows in another form."""
    layouts = [rows.layout for rows in contract.expected_rows]
    return tuple(
        f"{' '.join(filter(None, [rows.release, rows.split]))}: {rows.rows:,}"
        for rows in contract.expected_rows
        if rows.layout == layouts[0]
    )


def _show_one(contract: Contract) -> None:
    from rich.cells import set_cell_size

    from etl.runtime import console

    for name, text in (
        (tr("source"), joined(", ", (contract.slug, tr(contract.title)))),
        (tr("domain"), contract.domain),
        (tr("about"), tr(contract.about)),
        (tr("beware"), tr(contract.limitations)),
        (tr("licence"), tr(contract.licence)),
        (tr("get it"), "  ".join(contract.where)),
        (tr("files"), joined("; ", map(tr, contract.files))),
    ):
        if text:
            console.line(f"{set_cell_size(translated(name), 8)} {translated(text)}")
    console.table(
        tr("Layouts (* needed)"),
        [tr("layout"), tr("columns or keys")],
        [
            [
                layout.name,
                joined(
                    ", ",
                    ((name or tr("(blank)")) + "*" * (name in layout.required) for name in layout.columns),
                ),
            ]
            for layout in contract.layouts.values()
        ],
    )
    if contract.expected_rows:
        console.table(
            tr("Published rows (a hint)"),
            [tr("release"), tr("split"), tr("layout"), tr("rows")],
            [
                [each.release, each.split or tr("all"), each.layout, each.rows]
                for each in contract.expected_rows
            ],
        )


def _document(contract: Contract) -> dict[str, Any]:
    return {
        "source": contract.slug,
        "title": contract.title,
        "domain": contract.domain,
        "about": contract.about,
        "limitations": contract.limitations,
        "licence": contract.licence,
        "where": list(contract.where),
        "files": list(contract.files),
        "releases": list(contract.releases),
        "layouts": {
            layout.name: {"columns": list(layout.columns), "required": sorted(layout.required)}
            for layout in contract.layouts.values()
        },
        "expected_rows": [
            {"release": each.release, "split": each.split, "layout": each.layout, "rows": each.rows}
            for each in contract.expected_rows
        ],
    }

"""`etl sources`: the corpora that can be read, where to get them, and what their files should hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

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
            f"there is no corpus {slug!r}",
            details=[f"expected one of {', '.join(contract.slugs())}"],
            next_step="run `etl sources` to see what each of them is",
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
        "Corpora",
        ["source", "title", "licence", "where to get it", "files", "published rows"],
        [
            [
                each.slug,
                each.title,
                each.licence,
                "\n".join(each.where) or "-",
                "\n".join(each.files),
                _published(each),
            ]
            for each in contracts
        ],
    )
    console.line("`etl sources SLUG` shows the columns of its files, and what to beware of.")


def _published(contract: Contract) -> str:
    """The numbers of the first layout that has any: the others hold the same rows in another form."""
    layouts = [rows.layout for rows in contract.expected_rows]
    return "\n".join(
        f"{' '.join(filter(None, [rows.release, rows.split]))}: {rows.rows:,}"
        for rows in contract.expected_rows
        if rows.layout == layouts[0]
    )


def _show_one(contract: Contract) -> None:
    from etl.runtime import console

    for name, text in (
        ("source", f"{contract.slug}, {contract.title}"),
        ("domain", contract.domain),
        ("about", contract.about),
        ("beware", contract.limitations),
        ("licence", contract.licence),
        ("get it", "  ".join(contract.where)),
        ("files", "; ".join(contract.files)),
    ):
        if text:
            console.line(f"{name:8} {text}")
    console.table(
        "Layouts (* needed)",
        ["layout", "columns or keys"],
        [
            [
                layout.name,
                ", ".join((name or "(blank)") + "*" * (name in layout.required) for name in layout.columns),
            ]
            for layout in contract.layouts.values()
        ],
    )
    if contract.expected_rows:
        console.table(
            "Published rows (a hint)",
            ["release", "split", "layout", "rows"],
            [[each.release, each.split or "all", each.layout, each.rows] for each in contract.expected_rows],
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

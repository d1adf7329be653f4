"""Options that may be given several times and have a fixed choice of values.

Typer accepts a `Literal` as the type of an option, but not a list of them.
"""

from __future__ import annotations

from typing import get_args

import typer

from etl.language.message import tr, translated
from etl.settings import Tagger

TAGGERS: tuple[str, ...] = get_args(Tagger)
TAGGER_METAVAR = f"[{'|'.join(TAGGERS)}]"
# Options of all commands that read tables.
DELIMITER = typer.Option(help="… what stands between its fields, or tab.  [default: found]")
HEADER = typer.Option("--header/--no-header", help="… has none: its columns are called 1, 2, 3 …")
# Of those that write CSV.
RAW = typer.Option("--raw", help="CSV: cells as they are, also those that a spreadsheet takes for formulas.")


def parse_tagger(name: str) -> str:
    """Returns the name of a tagger as it is.

    Raises:
        typer.BadParameter: there is no such tagger.
    """
    if name not in TAGGERS:
        choices = ", ".join(map(repr, TAGGERS))
        # Typer puts it into a sentence of its own, which is in the user's language.
        found = tr("{name!r} is not one of {choices}.", name=name, choices=choices)
        raise typer.BadParameter(translated(found))
    return name

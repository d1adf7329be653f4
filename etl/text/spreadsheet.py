"""Tables that people open in a spreadsheet: no cell of theirs is run as a formula."""

from __future__ import annotations

import re

import polars as pl

# The full-width ones count, too, where the system's language is Korean or Japanese.
_FORMULA = r"^\s*[=+\-@＝＋－＠]"


def guard(text: str) -> str:
    """Returns a cell or the name of a column; with an apostrophe before it where it begins like a formula."""
    return str(pl.select(_guarded(pl.lit(text))).item())


def guard_cells(rows: pl.DataFrame) -> pl.DataFrame:
    """Guards every cell of text, and the names of the columns; numbers stay numbers."""
    cells = rows.with_columns(_guarded(pl.col(pl.String)))
    return cells.rename({name: guard(name) for name in rows.columns})


def unguard(cell: str) -> str:
    """Returns what a cell was before `guard_cells`."""
    return cell[1:] if re.match(rf"'{_FORMULA.removeprefix('^')}", cell) else cell


def _guarded(text: pl.Expr) -> pl.Expr:
    return pl.when(text.str.contains(_FORMULA)).then(pl.format("'{}", text)).otherwise(text)

"""Merged cells: the areas of a sheet that show one value, which stands in their first cell only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl


@dataclass(frozen=True, order=True)
class Area:
    """A rectangle of cells; rows count from 1 as the program shows them, columns from 0."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int

    def shifted(self, columns: int) -> Area:
        """The same area where the first so many columns are left out."""
        return replace(self, first_column=self.first_column - columns, last_column=self.last_column - columns)


def fill(cells: pl.DataFrame, areas: Sequence[Area]) -> pl.DataFrame:
    """Gives every cell of an area the value that the area shows.

    Args:
        cells: the columns of a sheet from its first row on.
        areas: those of more than one row; of two that overlap, which no program writes, the upper counts.
    """
    sources: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for area in sorted(areas):
        if 0 <= area.first_column < cells.width and area.first_row <= cells.height:
            for column in range(area.first_column, min(area.last_column + 1, cells.width)):
                sources[column].append((area.first_column, area.first_row - 1, area.last_row))
    return cells.with_columns(
        _filled(cells, column, of_column).alias(cells.columns[column])
        for column, of_column in sources.items()
    )


def _filled(cells: pl.DataFrame, column: int, areas: Sequence[tuple[int, int, int]]) -> pl.Series:
    """One column, filled from the columns in which its areas begin."""
    parts, row = [], 0
    for source, start, end in areas:
        if start >= row:
            shown = cells.to_series(source)[start]
            parts.append(cells.to_series(column)[row:start])
            row = min(end, cells.height)
            parts.append(pl.Series([shown], dtype=pl.String).new_from_index(0, row - start))
    return pl.concat([*parts, cells.to_series(column)[row:]], rechunk=True)

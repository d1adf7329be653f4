"""Workbooks as frames of strings, one table for each sheet; `sheet` reads the cells."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import polars as pl

from etl.ingestion.sources.raw import OpenFile
from etl.ingestion.tables.header import column_names
from etl.ingestion.tables.preview import HEADER_ROWS, Preview
from etl.ingestion.tables.sheet import Sheet, with_names
from etl.ingestion.tables.table import (
    BATCH_ROWS,
    IsHeader,
    LeftAside,
    OpenTable,
    OpenTables,
    Selection,
    find_header,
    with_no_bad_records,
)


def open_workbook(open_file: OpenFile, preview: Preview, is_header: IsHeader | None = None) -> OpenTables:
    """Opens the sheets that have a header; where nothing tells what a header is, the first sheet.

    Raises:
        InputError: not a workbook, damaged, or far too large once unpacked.
    """
    workbook = preview.workbook
    assert workbook is not None  # the format is that of a workbook
    tables, left_aside = [], []
    for sheet in workbook.filled if is_header else [workbook.first]:
        part = sheet.name if len(workbook.filled) > 1 else ""
        table = _open_sheet(open_file, sheet, part, preview.dialect.has_header, is_header)
        if table is None:
            left_aside.append(LeftAside(part, sheet.cells.height, sheet.row(0)))
        else:
            tables.append(table)
    return OpenTables(tuple(tables), tuple(left_aside))


def _open_sheet(
    open_file: OpenFile, sheet: Sheet, part: str, has_header: bool, is_header: IsHeader | None
) -> OpenTable | None:
    """Opens a sheet; None where none of its first rows is a header."""
    if has_header:
        first_rows = map(sheet.row, range(min(HEADER_ROWS, sheet.cells.height)))
        index = find_header(first_rows, is_header)
        if index is None and is_header:
            return None
        index = index or 0
        columns, start = column_names(sheet.row(index)), index + sheet.rows_of_header(index)
        rows_above = sum(any(sheet.row(above)) for above in range(index))
    else:
        columns = [str(number) for number in range(1, sheet.cells.width)]
        start = rows_above = 0
        if is_header and not is_header(columns):
            return None
    read = partial(_read, open_file, sheet.cells, columns, start)
    name = open_file.raw.name
    return OpenTable(name, columns, read, part=part, rows_above=rows_above, is_hidden=sheet.is_hidden)


def _read(
    open_file: OpenFile, cells: pl.DataFrame, columns: list[str], start: int, selection: Selection
) -> Iterator[pl.DataFrame]:
    body = with_names(cells, columns, start)
    open_file.rows += body.height
    yield from with_no_bad_records(body.select("position", *selection.columns)).iter_slices(BATCH_ROWS)

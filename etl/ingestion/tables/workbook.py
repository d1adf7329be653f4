"""XLSX workbooks as frames of strings; `sheet` reads the cells."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import polars as pl

from etl.ingestion.sources.raw import OpenFile
from etl.ingestion.tables.header import column_names
from etl.ingestion.tables.preview import Preview
from etl.ingestion.tables.sheet import header_of, with_header
from etl.ingestion.tables.table import BATCH_ROWS, OpenTable, Selection, with_no_bad_records


def open_workbook(open_file: OpenFile, preview: Preview) -> OpenTable:
    """Opens the first sheet, whose first row with a cell is its header.

    Raises:
        InputError: not a workbook, damaged, or inflating absurdly.
    """
    cells = preview.cells
    assert cells is not None  # the format is that of a workbook
    columns = column_names(header_of(cells, 0))
    return OpenTable(open_file.raw.name, columns, partial(_read, open_file, cells))


def _read(open_file: OpenFile, cells: pl.DataFrame, selection: Selection) -> Iterator[pl.DataFrame]:
    body = with_header(cells, 0)
    open_file.rows = body.height
    yield from with_no_bad_records(body.select("position", *selection.columns)).iter_slices(BATCH_ROWS)

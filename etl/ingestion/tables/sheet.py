"""The sheets of a workbook (XLSX, XLS) as frames of strings; fastexcel reads the cells.

Rows have the numbers that the spreadsheet program shows, and merged cells are filled. `workbook_parts` looks
into the file for what fastexcel does not tell.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from etl.errors import InputError
from etl.ingestion.sources.raw import DAMAGE_ERRORS, RawFile
from etl.ingestion.tables import compound_file, form, spreadsheet_xml, web_tables, workbook_parts, xls_parts
from etl.ingestion.tables.header import column_names
from etl.ingestion.tables.merged_cells import Area, fill
from etl.language.message import tr
from etl.schema.file_forms import describe_form
from etl.text.encoding import decode_text, is_text

# It warns of charts, which are sheets without cells.
logging.getLogger("calamine").setLevel(logging.ERROR)


@dataclass(frozen=True)
class Sheet:
    """One sheet.

    Args:
        name: as its tab says.
        cells: all its cells as text, columns `c0`, `c1`, … and `position`, the row's number in the program.
            The first row is the first one in which a cell holds anything.
        is_hidden: whether the program does not show it.
        merged: areas of merged cells of more than one row, in row numbers and indices of columns of `cells`.
    """

    name: str
    cells: pl.DataFrame
    is_hidden: bool = False
    merged: tuple[Area, ...] = ()

    def row(self, index: int) -> list[str]:
        """The cells of one row, see `header_of`."""
        return header_of(self.cells, index)

    def rows_of_header(self, index: int) -> int:
        """How many rows a header takes: more than one where its cells are merged with those below."""
        position = self.cells["position"][index] if index < self.cells.height else 0
        return max(
            (area.last_row - position + 1 for area in self.merged if area.first_row == position), default=1
        )


@dataclass(frozen=True)
class Workbook:
    """All sheets of a workbook, in order; charts and the like are none."""

    sheets: tuple[Sheet, ...]

    @property
    def filled(self) -> tuple[Sheet, ...]:
        """The sheets that hold anything."""
        return tuple(sheet for sheet in self.sheets if sheet.cells.height)

    @property
    def first(self) -> Sheet:
        """The first sheet that holds anything."""
        return next(
            iter((*self.filled, *self.sheets)), Sheet("", pl.DataFrame(schema={"position": pl.Int64}))
        )


def read_workbook(raw: RawFile, suffix: str) -> Workbook:
    """Reads all sheets, or all tables of a page.

    Args:
        raw: the file.
        suffix: of its format, as `etl.ingestion.tables.form` finds it.

    Raises:
        InputError: not a workbook, damaged, encrypted, or far too large once unpacked.
    """
    with raw.open() as stream:
        content = stream.read()
    if suffix in {form.HTML, form.XML}:
        return _read_text(content, suffix, raw)
    _refuse_other_form(content, raw)
    import fastexcel

    try:
        checked, merged = _check(content, raw)
        reader = fastexcel.read_excel(checked)
        return Workbook(tuple(_read_sheet(reader, name, merged.get(name, ())) for name in reader.sheet_names))
    except (fastexcel.FastExcelError, ValueError, *DAMAGE_ERRORS) as error:
        raise _not_readable(raw, content, error) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of Rust, and of no class that can be imported
            raise
        raise _not_readable(raw, content, error) from error


def _refuse_other_form(content: bytes, raw: RawFile) -> None:
    if content.startswith((b"PK", compound_file.MAGIC)):
        return
    if said := describe_form(content) or (tr("text") if is_text(content) else None):
        raise InputError(
            tr("{file} is {said}, not a workbook", file=raw.name, said=said),
            details=[tr("expected XLSX, XLS, a table of HTML, or lines with tabs or commas between cells")],
            cause=tr("Its name has the ending of something else, or another file was saved under it."),
            next_step=tr("give it the ending of what it is, or run with `--on-bad-file skip`."),
        )


def _read_text(content: bytes, suffix: str, raw: RawFile) -> Workbook:
    """Reads the tables of a page of HTML, or the sheets of a workbook that is one XML file."""
    text, _ = decode_text(content, raw.name)
    try:
        grids = web_tables.read_tables(text) if suffix == form.HTML else spreadsheet_xml.read_sheets(text)
    except ValueError as error:
        raise _not_readable(raw, content, error) from error
    return Workbook(tuple(_sheet_of(grid, raw) for grid in grids))


def _sheet_of(grid: web_tables.Grid, raw: RawFile) -> Sheet:
    workbook_parts.check_size(grid.width, len(grid.rows), grid.name, raw)
    columns = {
        f"c{column}": pl.Series([row.get(column) for row in grid.rows], dtype=pl.String)
        for column in range(grid.width)
    }
    cells = fill(pl.DataFrame(columns), grid.areas)
    position = pl.Series("position", range(1, cells.height + 1), dtype=pl.Int64)
    return Sheet(grid.name, _without_blank_start(cells.with_columns(position)), merged=tuple(grid.areas))


def _check(content: bytes, raw: RawFile) -> tuple[bytes, dict[str, list[Area]]]:
    """Returns a workbook that can be opened safely, and its merged areas by the name of their sheet."""
    if not content.startswith(compound_file.MAGIC):
        return content, workbook_parts.find_merged(content, raw)
    found = compound_file.read_stream(content)
    if found is None:
        raise OSError(tr("it holds no workbook"))
    return compound_file.write_stream(*found), xls_parts.find_merged(found[1])


def _read_sheet(reader: Any, name: str, merged: Sequence[Area]) -> Sheet:
    # `skip_rows=0` keeps the empty rows above the first cell, so that an index tells the row's number.
    loaded = reader.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
    columns = loaded.available_columns()
    cells = loaded.to_polars()
    cells = cells.rename({theirs: f"c{index}" for index, theirs in enumerate(cells.columns)})
    position = pl.int_range(1, cells.height + 1, dtype=pl.Int64, eager=True).alias("position")
    left = columns[0].absolute_index if columns else 0
    areas = [area.shifted(left) for area in merged]
    cells = fill(cells, areas).with_columns(position)
    return Sheet(name, _without_blank_start(cells), loaded.visible != "visible", tuple(areas))


def _without_blank_start(cells: pl.DataFrame) -> pl.DataFrame:
    """The cells from the first row on in which one holds anything."""
    if cells.width > 1 and cells.height and any(cell is not None for cell in cells.drop("position").row(0)):
        return cells
    is_filled = pl.any_horizontal(pl.exclude("position").is_not_null())
    first = cells.select(is_filled.arg_true().first()).item() if cells.width > 1 else None
    return cells.select("position").clear() if first is None else cells.slice(first)


def with_header(cells: pl.DataFrame, header_index: int) -> pl.DataFrame:
    """The rows below the header, columns named by it (see `etl.ingestion.tables.header`)."""
    return with_names(cells, column_names(header_of(cells, header_index)), header_index + 1)


def with_names(cells: pl.DataFrame, names: Sequence[str], start: int) -> pl.DataFrame:
    """The rows from an index on, with other names for the columns."""
    theirs = [column for column in cells.columns if column != "position"]
    return cells.slice(start).rename(dict(zip(theirs, names, strict=True)))


def header_of(cells: pl.DataFrame, index: int) -> list[str]:
    """The cells of one row, stripped, blanks as empty strings."""
    if index >= cells.height:
        return []
    return [
        (value or "").strip() for name, value in cells.row(index, named=True).items() if name != "position"
    ]


def _not_readable(raw: RawFile, content: bytes, error: BaseException) -> InputError:
    if "EncryptedPackage".encode("utf-16-le") in content:
        return InputError(
            tr("{name} is encrypted", name=raw.name),
            details=[tr("expected a workbook, got one with a password")],
            next_step=tr("save it without a password from a spreadsheet program."),
        )
    return InputError(
        tr("{file} is not a readable workbook", file=raw.name),
        details=[error if str(error) else type(error).__name__],
        cause=tr("The download was cut off, or the file is something else with this ending."),
        next_step=tr("open it in a spreadsheet program to see, or run with `--on-bad-file skip`."),
    )

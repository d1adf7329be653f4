"""The first sheet of an XLSX workbook as a frame of strings.

An XLSX file is a zip of XML (ECMA-376); fastexcel reads the cells, this module adds the row numbers that
Excel shows and refuses a workbook that inflates absurdly.
"""

from __future__ import annotations

import io
import re
import zipfile

import polars as pl

from etl.errors import InputError
from etl.ingestion.sources.raw import RawFile
from etl.ingestion.tables.header import column_names

_MAX_BYTES = 4 << 30
# The first cell that holds anything: a spreadsheet may begin with empty rows, which the reader leaves out.
_FIRST_CELL = re.compile(rb'<c\b[^>]*\br="[A-Z]+(\d+)"[^>]*>\s*(?:<f[^<]*</f>)?\s*<(?:v|is)\b')


def read_sheet(content: bytes, raw: RawFile) -> pl.DataFrame:
    """All cells of the first sheet as text, columns `c0`, `c1`, …, and `position`, Excel's row number.

    Raises:
        InputError: not a workbook, damaged, or inflating absurdly.
    """
    import fastexcel

    try:
        first_row = _first_row(content, raw)
        workbook = fastexcel.read_excel(content)
        cells = workbook.load_sheet(0, header_row=None, dtypes="string").to_polars()
    except (fastexcel.FastExcelError, zipfile.BadZipFile, EOFError) as error:
        raise InputError(
            f"{raw.name} is not a readable XLSX workbook",
            details=[str(error).splitlines()[0]],
            cause="The download was cut off, or the file is something else with this ending.",
            next_step="open it in a spreadsheet program to see, or run with `--on-bad-file skip`.",
        ) from error
    cells = cells.rename({name: f"c{index}" for index, name in enumerate(cells.columns)})
    return cells.with_columns(pl.int_range(first_row, first_row + pl.len(), dtype=pl.Int64).alias("position"))


def with_header(cells: pl.DataFrame, header_index: int) -> pl.DataFrame:
    """The rows below the header, columns named by it (see `etl.ingestion.tables.header`)."""
    names = column_names(header_of(cells, header_index))
    body = cells.slice(header_index + 1)
    return body.rename(dict(zip([c for c in cells.columns if c != "position"], names, strict=True)))


def header_of(cells: pl.DataFrame, index: int) -> list[str]:
    """The cells of one row, stripped, blanks as empty strings."""
    if index >= cells.height:
        return []
    return [
        (value or "").strip() for name, value in cells.row(index, named=True).items() if name != "position"
    ]


def _first_row(content: bytes, raw: RawFile) -> int:
    with zipfile.ZipFile(io.BytesIO(content)) as workbook:
        members = workbook.infolist()
        size = sum(member.file_size for member in members)
        if size > _MAX_BYTES:
            raise InputError(
                f"{raw.name} is refused: it inflates absurdly",
                details=[f"expected at most {_MAX_BYTES:,} bytes, got {size:,}"],
                cause="No corpus is packed like this; the workbook may be a zip bomb.",
                next_step="download it again from its publisher.",
            )
        sheets = sorted(m.filename for m in members if m.filename.startswith("xl/worksheets/sheet"))
        if not sheets:
            return 1
        with workbook.open(sheets[0]) as sheet:
            match = _FIRST_CELL.search(sheet.read(1 << 20))
    return int(match[1]) if match else 1

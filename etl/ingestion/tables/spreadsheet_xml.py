"""The sheets of a workbook in one XML file, as Excel 2003 (SpreadsheetML), SAS and others write it."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from etl.ingestion.tables.merged_cells import Area
from etl.ingestion.tables.web_tables import MAX_COLUMNS, Grid
from etl.language.message import tr

_NAMESPACE = "{urn:schemas-microsoft-com:office:spreadsheet}"
_MAX_ROWS = 1_048_576


def read_sheets(xml: str) -> list[Grid]:
    """Returns the sheets in order.

    Raises:
        ValueError: it is no well-formed XML, declares entities, or has a cell where no sheet has one.
    """
    if "<!DOCTYPE" in xml or "<!ENTITY" in xml:
        raise ValueError(tr("it declares entities, which no program does"))
    try:
        root = ET.fromstring(xml)  # noqa: S314 - without entities
    except ET.ParseError as error:
        raise ValueError(str(error)) from error
    sheets = root.iter(f"{_NAMESPACE}Worksheet")
    return [_read_sheet(sheet, sheet.get(f"{_NAMESPACE}Name", "")) for sheet in sheets]


def _read_sheet(sheet: ET.Element, name: str) -> Grid:
    grid = Grid(name)
    for number, row in _placed(sheet.iter(f"{_NAMESPACE}Row"), "Span"):
        if number > _MAX_ROWS:
            raise ValueError(
                tr(
                    "expected at most {most:,} rows, got one with the number {number:,}",
                    most=_MAX_ROWS,
                    number=number,
                )
            )
        grid.rows.extend({} for _ in range(number - len(grid.rows)))
        for column, cell in _placed(row.findall(f"{_NAMESPACE}Cell"), "MergeAcross"):
            if column > MAX_COLUMNS:
                raise ValueError(
                    tr(
                        "expected at most {most:,} columns, got a cell in {column:,}",
                        most=MAX_COLUMNS,
                        column=column,
                    )
                )
            text = "".join("".join(data.itertext()) for data in cell.findall(f"{_NAMESPACE}Data"))
            if text.strip():
                grid.rows[-1][column - 1] = text
            if down := _number(cell, "MergeDown", 0):
                right = column - 1 + _number(cell, "MergeAcross", 0)
                grid.areas.append(Area(number, column - 1, number + down, min(right, MAX_COLUMNS - 1)))
    return grid


def _placed(elements: Iterator[ET.Element] | list[ET.Element], span: str) -> Iterator[tuple[int, ET.Element]]:
    """Numbers rows or cells from 1; `ss:Index` skips empty ones, and some take the place of several."""
    number = 0
    for element in elements:
        number = max(_number(element, "Index", number + 1), number + 1)
        yield number, element
        number += _number(element, span, 0)


def _number(element: ET.Element, name: str, default: int) -> int:
    value = element.get(f"{_NAMESPACE}{name}", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 9 else default

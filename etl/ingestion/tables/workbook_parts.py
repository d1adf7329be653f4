"""The parts of an XLSX file: merged cells, which fastexcel does not tell, and whether it is safe to open.

An XLSX file is a zip of XML (ECMA-376, part 1, section 18): `xl/workbook.xml` lists the sheets, its
relationships say in which part of the zip each one stands.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import numpy as np
import numpy.typing as npt

from etl.ingestion.sources.raw import RawFile
from etl.ingestion.tables.merged_cells import Area
from etl.language.message import tr
from etl.runtime.unpacking import check_package, too_large

_MAX_CELLS = 30_000_000
_WORKBOOK = "xl/workbook.xml"
# Behind the cells, with or without a prefix of a namespace.
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
# A sheet is held as a rectangle from its first cell to its last. Few have cells beyond column Z, or this row.
# For Arrow, which looks for it three times as fast as Python; numpy is ten times as fast where all references
# are spelt as programs spell them.
_FAR = r"""r[ \t\r\n]*=[ \t\r\n]*["'](?:[A-Z]{2}|[A-Z]?[0-9]{7})"""
_UNUSUAL = (b"r='", b"r =", b"r= ", b"r\t", b"r\n", b"r\r", b"r=\t", b"r=\n", b"r=\r")
_FAR_DIGITS, _REFERENCE_BYTES = 7, 10
_CELL = re.compile(rb"""\sr\s*=\s*["']([A-Z]*)(\d+)""")
_MAX_ROWS, _MAX_COLUMNS = 1_048_576, 16_384


def find_merged(content: bytes, raw: RawFile) -> dict[str, list[Area]]:
    """Returns the merged areas of more than one row, by the name of their sheet.

    Args:
        content: the workbook.
        raw: where it comes from, for errors.

    Raises:
        InputError: it is far too large once unpacked, or a sheet is once it is open.
        BadZipFile: it is no zip, or damaged.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as workbook:
        check_package(raw.name, workbook.infolist(), raw.limits)
        merged = {}
        for name, part in _sheets(workbook):
            xml = workbook.read(part)
            _check_cells(xml, name, raw)
            # The cells take all but the end of the part.
            behind = xml[xml.rfind(b"sheetData") :]
            merged[name] = [area for area in _areas(behind) if area.last_row > area.first_row]
    return merged


def _sheets(workbook: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """The names of the sheets and of the parts that hold them."""
    parts = workbook.namelist()
    if _WORKBOOK not in parts:
        return
    relationships = f"{posixpath.dirname(_WORKBOOK)}/_rels/{posixpath.basename(_WORKBOOK)}.rels"
    targets = {}
    for element in _elements(workbook, relationships) if relationships in parts else ():
        target = posixpath.join("/", posixpath.dirname(_WORKBOOK), element.get("Target", ""))
        targets[element.get("Id")] = posixpath.normpath(target).lstrip("/")
    for element in _elements(workbook, _WORKBOOK):
        if element.tag.rpartition("}")[2] == "sheet":
            identifier = next((value for key, value in element.items() if key.endswith("}id")), None)
            part = targets.get(identifier)
            if part in parts:
                yield element.get("name", ""), part


def _elements(workbook: zipfile.ZipFile, part: str) -> Iterator[ET.Element]:
    """All elements of a small part of the zip; none of one that declares entities, which no program does."""
    xml = workbook.read(part)
    if b"\0" in xml or b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:  # a NUL: UTF-16, which no program writes
        return
    try:
        yield from ET.fromstring(xml).iter()  # noqa: S314 - without entities
    except ET.ParseError:  # fastexcel says what is wrong
        return


def _areas(xml: bytes) -> Iterator[Area]:
    for left, top, right, bottom in _MERGED.findall(xml):
        yield Area(int(top), _column(left), int(bottom), _column(right))


def _column(letters: bytes) -> int:
    """The index from 0 of a column called A, B, … Z, AA, …"""
    index = 0
    for letter in letters:
        index = index * 26 + letter - 64
    return index - 1


def _check_cells(xml: bytes, name: str, raw: RawFile) -> None:
    """Raises where a few cells far apart would make a sheet of billions."""
    if not _may_be_far(xml):
        return
    width = height = 0
    for letters, digits in _CELL.findall(xml):
        width, height = max(width, _column(letters) + 1), max(height, int(digits))
    check_size(width, height, name, raw)


def check_size(width: int, height: int, name: str, raw: RawFile) -> None:
    """Checks how large a sheet is, which is held as a rectangle.

    Args:
        width: how many columns it has.
        height: how many rows.
        name: of the sheet.
        raw: its file.

    Raises:
        InputError: it is larger than a sheet can be, or than is held.
    """
    if width > _MAX_COLUMNS or height > _MAX_ROWS or width * height > _MAX_CELLS:
        raise too_large(
            raw.name,
            tr(
                "sheet {name!r}: expected at most {most:,} cells, got {width:,} × {height:,}",
                name=name,
                most=_MAX_CELLS,
                width=width,
                height=height,
            ),
            tr("open it in the program that wrote it, and save its rows alone."),
        )


def _may_be_far(xml: bytes) -> bool:
    """Whether a cell of a sheet may stand far from the first one."""
    if any(spelling in xml for spelling in _UNUSUAL):
        # Rare, and a tenth of a second to load.
        import pyarrow as pa
        import pyarrow.compute as pc

        return bool(pc.match_substring_regex(pa.array([xml], pa.large_binary()), _FAR)[0].as_py())
    data = np.frombuffer(xml + bytes(_REFERENCE_BYTES), np.uint8)
    begins = (data[:-2] == ord("r")) & (data[1:-1] == ord("=")) & (data[2:] == ord('"'))
    at = np.flatnonzero(begins) + len('r="')
    first_is_letter, second_is_letter = _is_letter(data[at]), _is_letter(data[at + 1])
    digits = data[(at + first_is_letter)[:, None] + np.arange(_FAR_DIGITS)] - ord("0")  # below 0 it wraps
    return bool((first_is_letter & second_is_letter).any() or (digits < 10).all(axis=1).any())


def _is_letter(data: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    return (data >= ord("A")) & (data <= ord("Z"))

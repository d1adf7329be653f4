"""Writes zips and workbooks whose bytes depend on their content only: the same seed gives the same files."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_WORKBOOK_TIME = datetime(2020, 1, 1, tzinfo=UTC)

Cell = str | int | None


def save(path: Path, content: bytes) -> None:
    """Writes a file, and creates missing folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def json_bytes(document: Any, *, encoding: str = "utf-8", indent: int | None = None) -> bytes:
    """Encodes a JSON document, with Korean unescaped."""
    return json.dumps(document, ensure_ascii=False, indent=indent).encode(encoding)


def zip_bytes(members: Iterable[tuple[str, bytes]]) -> bytes:
    """Packs (name, content) into a zip; names that are not ASCII are UTF-8 and flagged so."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members:
            _add(archive, name, content)
    return packed.getvalue()


def korean_zip_bytes(members: Iterable[tuple[str, bytes]]) -> bytes:
    """Packs (name, content) into a zip as Korean Windows tools do: names in cp949, without the UTF-8 flag.

    `zipfile` has no way to write such names, so each member is written under an ASCII name of the same
    number of bytes, and the names are replaced in the finished archive.
    """
    packed = io.BytesIO()
    names: list[tuple[bytes, bytes]] = []
    with zipfile.ZipFile(packed, "w") as archive:
        for index, (name, content) in enumerate(members):
            wanted = name.encode("cp949")
            stand_in = f"<{index:08d}>".ljust(len(wanted), "~")
            names.append((stand_in.encode("ascii"), wanted))
            _add(archive, stand_in, content)
    finished = packed.getvalue()
    for stand_in_bytes, wanted in names:
        finished = finished.replace(stand_in_bytes, wanted)
    return finished


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    member = zipfile.ZipInfo(name, _ZIP_TIME)
    member.compress_type = zipfile.ZIP_DEFLATED
    # Otherwise these fields would depend on the operating system.
    member.create_system, member.external_attr = 3, 0o644 << 16
    archive.writestr(member, content)


def xlsx_bytes(rows: Iterable[Sequence[Cell]], *, sheet: str = "Sheet1") -> bytes:
    """Writes a workbook with one sheet. None: no cell; an empty string: a formatted cell without content."""
    import xlsxwriter

    packed = io.BytesIO()
    workbook = xlsxwriter.Workbook(packed, {"in_memory": True})
    workbook.set_properties({"created": _WORKBOOK_TIME})
    blank = workbook.add_format({"font_size": 11})
    worksheet = workbook.add_worksheet(sheet)
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            if cell == "":
                worksheet.write_blank(row, column, None, blank)
            elif isinstance(cell, str):
                worksheet.write_string(row, column, cell)
            elif cell is not None:
                worksheet.write_number(row, column, cell)
    workbook.close()
    return packed.getvalue()

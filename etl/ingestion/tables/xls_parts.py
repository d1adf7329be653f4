"""The merged cells of an XLS file, which fastexcel does not tell, and whether its numbers can be true.

The stream of an XLS file is a list of records ([MS-XLS]): two bytes of type, two of length, and so many of
content. `BoundSheet8` says where the records of a sheet begin; one of them is `MergeCells`.
`compound_file` reads the stream.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from etl.ingestion.tables.merged_cells import Area
from etl.language.message import tr

_BOUND_SHEET, _MERGE_CELLS, _EOF, _STRINGS, _DIMENSIONS = 0x85, 0xE5, 0x0A, 0xFC, 0x200
_CELLS = {0x06, 0xBD, 0xBE, 0xD6, 0xFD, 0x201, 0x203, 0x204, 0x205, 0x27E}
_MAX_ROWS, _MAX_COLUMNS = 65_536, 256
_HEADER = struct.Struct("<HH")
_AREA = struct.Struct("<HHHH")
# Where the records begin, visibility, kind; then the name: its length, whether it is UTF-16, its characters.
_SHEET = struct.Struct("<IBBBB")


def find_merged(stream: bytes) -> dict[str, list[Area]]:
    """Returns the merged areas of more than one row, by the name of their sheet.

    Args:
        stream: the stream `Workbook`; in an older format other records stand for merged cells.

    Raises:
        OSError: it is damaged. What it says of its own size is believed by the reader, so it is checked here.
    """
    return dict(_sheets(stream))


def _sheets(stream: bytes) -> Iterator[tuple[str, list[Area]]]:
    for kind, record in _records(stream, 0):
        # How many strings there are; each takes three bytes at least.
        if kind == _STRINGS and int.from_bytes(record[4:8], "little") > len(stream) // 3:
            raise OSError(tr("it has more strings than bytes"))
        if kind == _BOUND_SHEET and len(record) > _SHEET.size:
            start, _, _, length, is_wide = _SHEET.unpack_from(record)
            characters = record[_SHEET.size :][: length * 2 if is_wide & 1 else length]
            name = characters.decode("utf-16-le" if is_wide & 1 else "latin-1", "replace")
            yield name, [area for area in _areas(stream, start) if area.last_row > area.first_row]


def _areas(stream: bytes, start: int) -> Iterator[Area]:
    for kind, record in _records(stream, start):
        if kind in _CELLS and int.from_bytes(record[2:4], "little") >= _MAX_COLUMNS:
            raise OSError(tr("a cell stands beyond the last column"))
        if kind == _DIMENSIONS:
            top, rows, left, columns = struct.unpack_from("<IIHH", record.ljust(12, b"\0"))
            if not (top <= rows <= _MAX_ROWS and left <= columns <= _MAX_COLUMNS):
                raise OSError(tr("a sheet is larger than a sheet can be"))
        if kind == _MERGE_CELLS:
            for top, bottom, left, right in _AREA.iter_unpack(record[2 : 2 + (len(record) - 2) // 8 * 8]):
                yield Area(top + 1, left, bottom + 1, right)


def _records(stream: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """The records from a place on, until the end of what begins there."""
    while start + _HEADER.size <= len(stream):
        kind, length = _HEADER.unpack_from(stream, start)
        start += _HEADER.size
        if kind == _EOF:
            return
        yield kind, stream[start : start + length]
        start += length

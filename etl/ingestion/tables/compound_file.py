"""Reads the stream of an XLS file out of its container, and puts it into a new one that nobody has damaged.

The reader of workbooks follows the chains of sectors of a compound file ([MS-CFB]) wherever they lead, in a
circle as well. `olefile` does not, so what it has read is written again, as the only stream of a file.
"""

from __future__ import annotations

import io
import struct

from etl.language.message import tr

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_STREAMS = ("Workbook", "Book")  # since Excel 97, and before
_SECTOR = 4096
_ENTRIES = _SECTOR // 4
# The header lists 109 sectors of the table of sectors, and more are not needed.
_MAX_BYTES = 109 * (_ENTRIES - 2) * _SECTOR
_END, _TABLE, _FREE = 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
_HEADER = struct.Struct("<8s16sHHHHH6sIIIIIIIIII")
_ENTRY = struct.Struct("<64sHBBIII16sI8s8sIQ")


def read_stream(content: bytes) -> tuple[str, bytes] | None:
    """Returns the name and the bytes of the stream with the workbook; None where there is none.

    Raises:
        OSError: the file is damaged.
    """
    import olefile

    with olefile.OleFileIO(io.BytesIO(content)) as file:
        name = next((name for name in _STREAMS if file.exists(name)), None)
        return None if name is None else (name, file.openstream(name).read())


def write_stream(name: str, stream: bytes) -> bytes:
    """Returns a compound file with one stream.

    Raises:
        OSError: the stream is too long.
    """
    if len(stream) > _MAX_BYTES:
        raise OSError(tr("it is longer than any workbook of this format"))
    stream = stream.ljust(_SECTOR, b"\0")  # a shorter one would stand elsewhere, in small sectors
    n_sectors = -(-len(stream) // _SECTOR)
    n_tables = -(-(n_sectors + 1) // (_ENTRIES - 1))
    # First the table of sectors, then the directory, then the stream, a chain that ends with the last.
    stream_start = n_tables + 1
    chain = [*range(stream_start + 1, stream_start + n_sectors), _END]
    table = [*[_TABLE] * n_tables, _END, *chain]
    table += [_FREE] * (n_tables * _ENTRIES - len(table))
    listed = [*range(n_tables), *[_FREE] * (109 - n_tables)]
    header = _HEADER.pack(
        *(
            MAGIC,
            b"",
            0x3E,
            4,
            0xFFFE,
            12,
            6,
            b"",
            1,
            n_tables,
            n_tables,
            0,
            _SECTOR,
            _END,
            0,
            _END,
            0,
            listed[0],
        )
    )
    header += struct.pack("<108I", *listed[1:])
    # Small sectors would begin where the root does: there are none, but the reader wants to see a beginning.
    root = _entry("Root Entry", 5, child=1, start=0, size=0)
    directory = root + _entry(name, 2, child=_FREE, start=stream_start, size=len(stream))
    parts = [header, struct.pack(f"<{len(table)}I", *table), directory, stream]
    return b"".join(part.ljust(-(-len(part) // _SECTOR) * _SECTOR, b"\0") for part in parts)


def _entry(name: str, kind: int, *, child: int, start: int, size: int) -> bytes:
    encoded = name.encode("utf-16-le")
    return _ENTRY.pack(
        *(encoded, len(encoded) + 2, kind, 1, _FREE, _FREE, child, b"", 0, b"", b"", start, size)
    )

"""Opens a HWP 5 file: an OLE compound file whose sections are streams of records.

The form is Hancom's "Hangul Document File Format 5.0", revision 1.3.
"""

from __future__ import annotations

import importlib.util
import re
import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from etl.documents.file import DocumentFile
from etl.documents.hwp import damage
from etl.documents.hwp.distribution import decipher
from etl.language.message import joined, tr

if TYPE_CHECKING:
    from olefile import OleFileIO

SUFFIXES = (".hwp", ".hwt")
SIGNATURE = b"HWP Document File"
# What olefile raises for a file that is damaged.
DAMAGE = (OSError, ValueError, IndexError, KeyError, TypeError, AttributeError, struct.error, OverflowError)
_COMPRESSED, _PASSWORD, _DISTRIBUTION, _RIGHTS = 1 << 0, 1 << 1, 1 << 2, 1 << 4 | 1 << 8 | 1 << 10
_TRACKED = 1 << 14
_SECTION = re.compile(r"Section(\d{1,9})", re.IGNORECASE)


def is_hwp(file: DocumentFile) -> bool:
    """Whether a compound file is a document of Hangul, and not a mail or an object that holds one."""
    if not (file.is_compound_file and SIGNATURE in file.content):
        return False
    if importlib.util.find_spec("olefile") is None:
        return True
    import olefile

    try:
        with file.open() as stream, olefile.OleFileIO(stream) as compound:
            return bool(compound.exists("FileHeader"))
    except DAMAGE:
        return True


def read_sections(file: DocumentFile) -> Iterator[tuple[bytes, bool]]:
    """Reads the records of each section, in the order of their numbers.

    Yields:
        The records of a section, and whether text in it may be marked as deleted.

    Raises:
        InputError: it is damaged, encrypted, or would be far larger once unpacked.
    """
    damage.require("olefile", file.name)
    import olefile

    try:
        with file.open() as stream, olefile.OleFileIO(stream) as compound:
            yield from _sections(compound, file)
    except DAMAGE as error:
        raise damage.damaged(file.name, "HWP", joined(": ", (type(error).__name__, error))) from error


def _sections(compound: OleFileIO, file: DocumentFile) -> Iterator[tuple[bytes, bool]]:
    name, limits = file.name, file.limits
    flags = _flags(compound, name)
    is_distribution = bool(flags & _DISTRIBUTION)
    # The body of a document for distribution is a notice; its text stands, enciphered, in ViewText.
    streams = _streams(compound, "ViewText" if is_distribution else "BodyText")
    if not streams:
        raise damage.damaged(name, "HWP", tr("expected sections of text, got none"))
    # Of a document with tracked changes the body has the final text, and ViewText the one with the marks.
    has_marks = is_distribution or not (flags & _TRACKED and _streams(compound, "ViewText"))
    left = limits.package_mb << 20
    for stream in streams:
        content: bytes = compound.openstream(stream).read()
        if is_distribution:
            content = decipher(content, name)
        if flags & _COMPRESSED:
            content = _inflated(content, min(left, limits.member_mb << 20), name)
        left -= len(content)
        yield content, has_marks


def _flags(compound: OleFileIO, name: str) -> int:
    header: bytes = compound.openstream("FileHeader").read()
    if not header.startswith(SIGNATURE) or len(header) < 40:
        raise damage.damaged(name, "HWP", tr("expected a FileHeader that names the form, got another"))
    (flags,) = struct.unpack_from("<I", header, 36)
    if flags & (_PASSWORD | _RIGHTS):
        raise damage.encrypted(name)
    return int(flags)


def _streams(compound: OleFileIO, storage: str) -> list[list[str]]:
    """The streams of the sections in a storage, section 2 before section 10."""
    numbered = [
        (int(matched[1]), stream)
        for stream in compound.listdir()
        if len(stream) == 2 and stream[0].lower() == storage.lower()
        if (matched := _SECTION.fullmatch(stream[1]))
    ]
    return [stream for _, stream in sorted(numbered)]


def _inflated(content: bytes, limit: int, name: str) -> bytes:
    inflater = zlib.decompressobj(-15)
    try:
        inflated = inflater.decompress(content, limit)
    except zlib.error as error:
        raise damage.damaged(name, "HWP", joined(": ", (type(error).__name__, error))) from error
    if inflater.unconsumed_tail and not inflater.eof:
        raise damage.beyond(name, tr("expected at most {most:,} bytes", most=limit))
    if not inflater.eof:
        raise damage.damaged(name, "HWP", tr("expected a whole section, got one that was cut off"))
    return inflated

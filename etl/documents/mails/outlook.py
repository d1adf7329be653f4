"""Reads a mail that Outlook has saved, `.msg`: a compound file of MAPI properties (MS-OXMSG).

__properties_version1.0            numbers and dates, sixteen bytes each after a header
__substg1.0_1000001F               property 1000 (the body) in UTF-16; 001E in a code page, 0102 bytes
__attach_version1.0_#00000000/     an attachment; in its __substg1.0_3701000D an attached mail
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_string
from functools import partial
from typing import TYPE_CHECKING

from etl.documents.formal.needs import require
from etl.documents.formal.rtf import rtf_text
from etl.documents.html import text_of
from etl.documents.mails.charsets import decode_charset, decode_header
from etl.documents.mails.mail import MAX_DEPTH, Attachment, Mail
from etl.documents.mails.mime import sender_of, time_of
from etl.documents.mails.quotes import html_marks
from etl.errors import InputError
from etl.language.message import tr

if TYPE_CHECKING:
    from olefile import OleFileIO
    from olefile.olefile import OleDirectoryEntry

PROPERTIES = "__properties_version1.0"
_ROOT_HEADER, _EMBEDDED_HEADER, _ATTACHMENT_HEADER = 32, 24, 8  # bytes before the properties
# Properties, as MS-OXPROPS numbers them.
_CLASS, _SUBJECT, _HEADERS = 0x001A, 0x0037, 0x007D
_SENDER, _REPRESENTED, _SENDER_ADDRESS, _SENDER_SMTP = 0x0C1A, 0x0042, 0x0C1F, 0x5D01
_SENT, _DELIVERED = 0x0039, 0x0E06
_BODY, _RTF, _HTML = 0x1000, 0x1009, 0x1013
_CODE_PAGE, _INTERNET_CODE_PAGE = 0x3FFD, 0x3FDE
_DATA, _FILE, _LONG_FILE, _TYPE, _NAME = 0x3701, 0x3704, 0x3707, 0x370E, 0x3001
_STRING, _STRING8, _BINARY, _OBJECT = 0x001F, 0x001E, 0x0102, 0x000D
_IS_STORAGE, _IS_STREAM = 1, 2
_PACKAGES = {"olefile": "olefile", "compressed_rtf": "compressed-rtf"}
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
# What olefile raises for a damaged file, and numbers of an impossible date.
_DAMAGE = (OSError, ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, struct.error)


def parse_message(content: bytes, name: str) -> Mail:
    """Reads a mail of Outlook.

    Args:
        content: the whole file.
        name: for errors.

    Raises:
        InputError: it is damaged, encrypted, or another compound file; or a package is not installed.
    """
    for module, package in _PACKAGES.items():
        require(module, package, name)
    import olefile

    try:
        ole = olefile.OleFileIO(io.BytesIO(content))
        if not ole.exists(PROPERTIES):
            raise _damaged(name, tr("no stream {stream}", stream=PROPERTIES))
        return _mail(_Storage(ole, [], ole.root, _ROOT_HEADER), name, 0)
    except RecursionError as error:
        raise _damaged(name, tr("storages that hold each other")) from error
    except (*_DAMAGE, MemoryError) as error:
        raise _damaged(name, tr("{kind}: {error}", kind=type(error).__name__, error=error)) from error


class _Storage:
    """A folder of properties in a compound file: a mail or an attachment."""

    def __init__(self, ole: OleFileIO, path: list[str], entry: OleDirectoryEntry, header_bytes: int) -> None:
        self._ole = ole
        self._path = path
        self._entries = {each.name.lower(): each for each in entry.kids}
        properties = self._stream(PROPERTIES) or b""
        self._fixed: dict[int, bytes] = {}
        for start in range(header_bytes, len(properties) - 15, 16):
            number = struct.unpack_from("<H", properties, start + 2)[0]
            self._fixed.setdefault(number, properties[start + 8 : start + 16])

    def number(self, property_id: int) -> int | None:
        """A property of 32 bits."""
        value = self._fixed.get(property_id)
        return None if value is None else int(struct.unpack_from("<i", value)[0])

    def date(self, *property_ids: int) -> str | None:
        """The first of several properties that is a date, in ISO 8601."""
        for property_id in property_ids:
            if value := self._fixed.get(property_id):
                moment = _EPOCH + timedelta(microseconds=struct.unpack("<Q", value)[0] // 10)
                return moment.isoformat(timespec="seconds")
        return None

    def content(self, property_id: int, kind: int = _BINARY) -> bytes | None:
        """The bytes of a property."""
        return self._stream(f"__substg1.0_{property_id:04X}{kind:04X}")

    def text(self, *property_ids: int) -> str:
        """The first of several properties that is a text with words."""
        for property_id in property_ids:
            wide, narrow = self.content(property_id, _STRING), self.content(property_id, _STRING8)
            text = wide.decode("utf-16-le", "replace") if wide else self.decoded(narrow or b"") or ""
            if text.strip("\0 \r\n"):
                return text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
        return ""

    def decoded(self, content: bytes) -> str | None:
        """Bytes in the code page that the mail says, or in the one that they are in; None where none fits."""
        pages = (self.number(_INTERNET_CODE_PAGE), self.number(_CODE_PAGE), None)
        texts = (decode_charset(content, f"cp{page}" if page else None) for page in dict.fromkeys(pages))
        return next((text for text in texts if text is not None), None)

    def storages(self, prefix: str, header_bytes: int) -> Iterator[_Storage]:
        """The storages in this one whose names begin so, in order."""
        for name, entry in sorted(self._entries.items()):
            if name.startswith(prefix.lower()) and entry.entry_type == _IS_STORAGE:
                yield _Storage(self._ole, [*self._path, entry.name], entry, header_bytes)

    def _stream(self, name: str) -> bytes | None:
        entry = self._entries.get(name.lower())
        if entry is None or entry.entry_type != _IS_STREAM:
            return None
        with self._ole.openstream([*self._path, entry.name]) as stream:
            return bytes(stream.read())


def _mail(storage: _Storage, name: str, depth: int) -> Mail:
    if storage.text(_CLASS).upper().startswith(("IPM.NOTE.RPMSG", "IPM.NOTE.SMIME")) and not storage.text(
        _BODY
    ):
        raise InputError(
            tr("{name} is encrypted", name=name),
            details=[
                tr("expected a mail that can be read, got one of the class {name}", name=storage.text(_CLASS))
            ],
            next_step=tr("open it in Outlook and save its text as .txt."),
        )
    headers = message_from_string(storage.text(_HEADERS))
    sender = storage.text(_SENDER, _REPRESENTED) or sender_of(headers["from"] or "")
    return Mail(
        sender=(sender or storage.text(_SENDER_SMTP, _SENDER_ADDRESS)).strip() or None,
        time=time_of(headers["date"] or "") or storage.date(_SENT, _DELIVERED),
        subject=storage.text(_SUBJECT) or decode_header(headers["subject"] or ""),
        text=_body(storage),
        is_wrapped=False,
        attached=[
            _attached(each, name, depth)
            for each in storage.storages("__attach_version1.0_#", _ATTACHMENT_HEADER)
        ],
    )


def _body(storage: _Storage) -> str:
    """The body: plain, else HTML, else compressed RTF."""
    if text := storage.text(_BODY):
        return text
    page = storage.decoded(storage.content(_HTML) or b"")
    if page is None or storage.decoded(storage.content(_BODY, _STRING8) or b"") is None:
        raise ValueError(tr("a body in none of the code pages that are known"))
    if text := text_of(page or storage.text(_HTML), html_marks()).strip():
        return text
    packed = storage.content(_RTF)
    return _rtf_text(packed) if packed else ""


def _rtf_text(packed: bytes) -> str:
    from compressed_rtf import decompress

    try:
        return rtf_text(decompress(packed))
    except Exception as error:  # the library raises nothing narrower
        raise ValueError(tr("compressed RTF: {error}", error=error)) from error


def _attached(storage: _Storage, name: str, depth: int) -> Mail | Attachment:
    """What is attached: a mail, or a file."""
    mail = next(storage.storages(f"__substg1.0_{_DATA:04X}{_OBJECT:04X}", _EMBEDDED_HEADER), None)
    if mail is not None and mail.text(_CLASS) and depth < MAX_DEPTH:
        return _mail(mail, name, depth + 1)
    file = storage.text(_LONG_FILE, _FILE, _NAME).strip() or tr("an attachment without a name")
    return Attachment(file, storage.text(_TYPE), partial(_bytes_of, storage, file))


def _bytes_of(storage: _Storage, name: str) -> bytes:
    try:
        return storage.content(_DATA) or b""
    except _DAMAGE as error:
        raise _damaged(name, tr("{kind}: {error}", kind=type(error).__name__, error=error)) from error


def _damaged(name: str, got: str) -> InputError:
    return InputError(
        tr("{name} cannot be read as a mail of Outlook", name=name),
        details=[tr("expected the properties of a mail (MSG), got {got}", got=got)],
        cause=tr("It is damaged, was cut off, or is another file with the name of a mail."),
        next_step=tr("save it again from Outlook, as .msg or .eml, or save its text as .txt."),
    )

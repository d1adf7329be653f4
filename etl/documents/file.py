"""A file that holds a document: on disk, in an archive, or attached to a mail."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import IO, Any

from etl.documents.passage import Kind
from etl.documents.text import decode
from etl.errors import InputError
from etl.ingestion.sources.raw import RawFile
from etl.ingestion.tables.dialect import FOUND_OUT, Dialect
from etl.ingestion.tables.reader import raw_file_at, raw_file_in_memory
from etl.language.message import tr
from etl.settings import Limits
from etl.user_files.plain import plain_file

# The longest reports have some megabytes of text, and their pictures are as large unpacked as packed.
LIMITS = Limits(member_mb=64, package_mb=1024)
SAVE_TEXT = tr("if you trust it, save its text from the program that wrote it.")
_HEAD_BYTES = 64 << 10
_ZIP, _COMPOUND_FILE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True)
class ReadOptions:
    """How documents are read.

    Args:
        kind: what the file is; None: found out.
        text_column: of posts, the column that holds the text; None: by its usual names.
        has_quotes: whether what a mail quotes, and signatures, are read.
        dialect: of posts in a table, what the user says of how it is written.
        keep_markup: of posts, whether HTML tags and entities stay.
    """

    kind: Kind | None = None
    text_column: str | None = None
    has_quotes: bool = False
    dialect: Dialect = FOUND_OUT
    keep_markup: bool = False


class DocumentFile:
    """A file, of which no more is read than is asked for.

    Args:
        name: as the user calls it, for messages.
        path: where it stands on disk; of a member of an archive or an attachment only its name.
        content: its bytes, where it is not on disk.
        limits: what it may at most be once unpacked.
    """

    def __init__(self, name: str, path: Path, content: bytes | None = None, limits: Limits = LIMITS):
        self.name = name
        self.path = path
        self.limits = limits
        self._content = content

    @property
    def suffix(self) -> str:
        """The suffix in lower case, such as `.txt`."""
        return PurePosixPath(self.path.name).suffix.lower()

    @cached_property
    def size(self) -> int:
        """The number of bytes."""
        return plain_file(self.path).stat().st_size if self._content is None else len(self._content)

    def open(self) -> IO[bytes]:
        """Opens the file for reading."""
        return plain_file(self.path).open("rb") if self._content is None else io.BytesIO(self._content)

    @property
    def raw(self) -> RawFile:
        """The file as readers of tables take it; one that gzip has compressed as what is in it."""
        if self._content is None:
            return raw_file_at(self.path, self.name)
        return raw_file_in_memory(self._content, self.name)

    @cached_property
    def head(self) -> bytes:
        """The first 64 KiB."""
        with self.open() as stream:
            return stream.read(_HEAD_BYTES)

    @cached_property
    def content(self) -> bytes:
        """All bytes."""
        return plain_file(self.path).read_bytes() if self._content is None else self._content

    @cached_property
    def text(self) -> str:
        """The text of a text file; lines end with a line feed.

        Raises:
            InputError: it is in no known encoding, or no text.
        """
        return decode(self.content, self.name)

    @cached_property
    def is_text(self) -> bool:
        """Whether the bytes are a text in a known encoding."""
        try:
            return isinstance(self.text, str)
        except InputError:
            return False

    @cached_property
    def json(self) -> Any:
        """The value of a text that is one JSON document; None of any other."""
        if not self.is_text or self.text.lstrip()[:1] not in {"{", "["}:
            return None
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            return None

    @cached_property
    def members(self) -> Mapping[str, int]:
        """The members of a zip archive with their inflated sizes; of a damaged or other file none."""
        if not self.head.startswith(_ZIP):
            return {}
        try:
            with self.open() as stream, zipfile.ZipFile(stream) as archive:
                return {member.filename: member.file_size for member in archive.infolist()}
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            return {}

    @property
    def is_compound_file(self) -> bool:
        """Whether this is a compound file (OLE, MS-CFB), in which old office programs keep streams."""
        return self.head.startswith(_COMPOUND_FILE)

    def has_stream(self, name: str) -> bool:
        """Whether a compound file has a stream of this name: its directory holds names in UTF-16."""
        return self.is_compound_file and name.encode("utf-16-le") in self.content

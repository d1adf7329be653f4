"""What a user has given: texts, files, or lines on standard input; told apart, and read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Literal

from etl.documents.passage import Passage
from etl.documents.read import SUFFIXES
from etl.errors import SettingsError
from etl.ingestion.sources.decode import ENCODINGS

STREAM = "-"
_CHUNK_BYTES = 1 << 20
_FILE_NAME = re.compile(rf"\S+(?:{'|'.join(map(re.escape, SUFFIXES))})", re.IGNORECASE)


def what(text: str) -> Literal["text", "file", "stream"]:
    """What an argument is. A file is one that is there, or is called like one.

    Raises:
        SettingsError: it is blank.
    """
    if text == STREAM:
        return "stream"
    if not text.strip():
        raise SettingsError(
            "there is no sentence to classify",
            details=[f"expected a text or a file, got {len(text)} blank characters"],
            next_step="give a text in quotation marks, a file, or `-` for lines on standard input.",
        )
    try:
        is_file = Path(text).exists() or _FILE_NAME.fullmatch(text) is not None
    except (OSError, ValueError):  # too long for a name, or with a NUL
        is_file = False
    return "file" if is_file else "text"


def texts(spoken: Sequence[str], first: int = 1) -> list[Passage]:
    """Texts of the command line, each a document, numbered from `first`.

    Raises:
        SettingsError: one is in another encoding than the terminal's.
    """
    for text in spoken:
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise SettingsError(
                "the text is not UTF-8",
                details=[f"character {error.start + 1} is half of one, or a byte of another encoding"],
                next_step="put it into a text file, UTF-8 or cp949, and name the file.",
            ) from error
    return [Passage(text, "text", "line", number, number) for number, text in enumerate(spoken, start=first)]


def lines(stream: BinaryIO) -> Iterator[list[Passage]]:
    """The lines of a stream, each a document, as soon as they are there; blank ones are left out.

    One that is neither UTF-8 nor cp949 is a `bad_row`.
    """
    rest, position, document = b"", 0, 0
    while True:
        # Not `read`, which waits until it has all of it: who types a line waits for its label.
        chunk = stream.read1(_CHUNK_BYTES) if hasattr(stream, "read1") else stream.read(_CHUNK_BYTES)
        whole, newline, rest = (rest + chunk).rpartition(b"\n") if chunk else (rest, b"", b"")
        passages = []
        for line in whole.split(b"\n") if whole or newline else []:
            position += 1
            if line.strip():
                document += 1
                passages.append(_line(line, position, document))
        if passages:
            yield passages
        if not chunk:
            return


def _line(line: bytes, position: int, document: int) -> Passage:
    for encoding in ENCODINGS:
        try:
            return Passage(line.decode(encoding).strip(), "text", "line", position, document=document)
        except UnicodeDecodeError:
            continue
    text = line.decode("utf-8", "replace")
    return Passage(text, "text", "line", position, document=document, reason="bad_row")

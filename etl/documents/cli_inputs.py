"""The arguments of `etl predict`: texts, files, or `-` for lines on standard input."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Literal

from etl.documents.passage import SHOWN_CHARS, Passage, bounded
from etl.errors import InputError, SettingsError
from etl.language.message import tr
from etl.settings import MAX_RAW_CHARS
from etl.text.encoding import decode_text

STREAM = "-"
_CHUNK_BYTES = 1 << 20
_MAX_LINE_BYTES = 5 * MAX_RAW_CHARS
_NAME = re.compile(r"\S+\.\w+")


def classify_argument(text: str) -> Literal["text", "file", "stream"]:
    """Says what an argument is. A file is one that exists, or has a file's name.

    Raises:
        SettingsError: it is blank.
    """
    if text == STREAM:
        return "stream"
    if not text.strip():
        raise SettingsError(
            tr("there is no sentence to classify"),
            details=[tr("expected a text or a file, got {number} blank characters", number=len(text))],
            next_step=tr("give a text in quotation marks, a file, or `-` for lines on standard input."),
        )
    try:
        is_file = os.path.lexists(text) or (_NAME.fullmatch(text) is not None and _has_suffix(text))
    except (OSError, ValueError):  # too long for a name, or with a NUL
        is_file = False
    return "file" if is_file else "text"


def _has_suffix(name: str) -> bool:
    """Whether a name ends like that of a file that can be read, with something before it."""
    # The readers of all forms take longer to load than a text takes to classify.
    from etl.documents.formats import SUFFIXES

    return any(name.lower().endswith(suffix) and len(name) > len(suffix) for suffix in SUFFIXES)


def read_texts(texts: Sequence[str], first: int = 1) -> list[Passage]:
    """Turns texts of the command line into passages.

    Args:
        texts: each of them is a document.
        first: the number of the first.

    Raises:
        SettingsError: one is in another encoding than the terminal's.
    """
    for text in texts:
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise SettingsError(
                tr("the text is not UTF-8"),
                details=[
                    tr(
                        "character {place} is half of one, or a byte of another encoding",
                        place=error.start + 1,
                    )
                ],
                next_step=tr("put it into a text file, UTF-8 or cp949, and name the file."),
            ) from error
    return [Passage(text, "text", "line", number, number) for number, text in enumerate(texts, start=first)]


def read_lines(stream: BinaryIO) -> Iterator[list[Passage]]:
    """Reads the lines of a stream as soon as they arrive; blank ones are left out.

    Yields:
        One passage for each line, each a document. A line in no known encoding is a `bad_row`, of one beyond
        all measure no more than the beginning is kept.
    """
    rest, position, document = bytearray(), 0, 0
    while True:
        # Not `read`, which waits until it has all of it: a user who types a line waits for its label.
        chunk = stream.read1(_CHUNK_BYTES) if hasattr(stream, "read1") else stream.read(_CHUNK_BYTES)
        *whole, end = chunk.split(b"\n") if chunk else ([bytes(rest)] if rest else []) + [b""]
        if whole and chunk:
            whole[0] = bytes(rest) + whole[0]
            rest.clear()
        if len(rest) <= _MAX_LINE_BYTES:  # of a longer line the beginning is enough
            rest += end
        passages = []
        for line in whole:
            position += 1
            if line.strip():
                document += 1
                passages.append(_line(line, position, document))
        if passages:
            yield passages
        if not chunk:
            return


def _line(line: bytes, position: int, document: int) -> Passage:
    if len(line) > _MAX_LINE_BYTES:
        text = line[:SHOWN_CHARS].decode("utf-8", "replace")
        return Passage(text, "text", "line", position, document=document, reason="text_too_long")
    try:
        text, _ = decode_text(line)
        return bounded(Passage(text.strip(), "text", "line", position, document=document))
    except InputError:
        text = line.decode("utf-8", "replace")
        return bounded(Passage(text, "text", "line", position, document=document, reason="bad_row"))

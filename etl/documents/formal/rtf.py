r"""RTF 1.9.1: body, tables, text boxes and notes, in reading order; Korean as \u or in a code page.

Headers, footers, comments, hidden and deleted text, numbers of lists and directions are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from etl.documents.formal.markup import load_rules
from etl.documents.formal.needs import damaged
from etl.documents.formal.soft_breaks import join_soft_breaks
from etl.documents.passage import Passage
from etl.language.message import tr

_TOKEN = re.compile(
    r"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\(.)|([{}])|([^\\{}\r\n]+)", re.DOTALL
)
_MAX_DEPTH = 1000
_KOREAN = re.compile(rb"(?:[\xb0-\xc8][\xa1-\xfe]){2}")  # two syllables in cp949
_SOFT = "\u2028"  # ends a line within a paragraph


@dataclass(frozen=True)
class _State:
    """What holds in a group: whether it is read, how, and to where."""

    is_left_out: bool = False
    hidden: frozenset[str] = frozenset()
    fallback_chars: int = 1  # that follow a \u
    font: int = 0
    is_font_table: bool = False
    aside: int = 0  # how many notes and boxes deep


@dataclass
class _Reader:
    rules: dict[str, Any]
    state: _State = field(default_factory=_State)
    stack: list[_State] = field(default_factory=list)
    is_starred: bool = False
    is_first: bool = False  # in its group
    to_skip: int = 0  # characters that stand for a \u
    pending: bytearray = field(default_factory=bytearray)
    encoding: str = "cp1252"
    encodings: dict[int, str] = field(default_factory=dict)
    body: list[str] = field(default_factory=list)
    asides: list[str] = field(default_factory=list)

    def flush(self) -> None:
        """Decodes the bytes that have gathered."""
        if self.pending:
            content, self.pending = bytes(self.pending), bytearray()
            self.write(self._decode(content))

    def write(self, text: str) -> None:
        """Adds words where they belong."""
        if self.state.is_left_out or self.state.hidden:
            return
        if self.state.aside:
            self.asides.append(text)
            return
        line, newline, rest = text.partition("\n")
        self.body.append(line)
        if newline:
            self.body += ["\n", *self.asides, "\n"]
            self.asides = []
            self.write(rest)

    def _decode(self, content: bytes) -> str:
        own = self.encodings.get(self.state.font, self.encoding)
        # Word names the font of Latin letters even where the letters are Korean.
        said = {self.encoding, *self.encodings.values()}
        is_korean = "cp949" in said or _KOREAN.search(content) is not None
        for encoding in (*(["cp949"] if is_korean else []), own, "cp949", "utf-8", "cp1252"):
            with suppress(UnicodeDecodeError, LookupError):
                return content.decode(encoding)
            if encoding == "cp949" and is_korean and not content[:-1].isascii():
                with suppress(UnicodeDecodeError):  # cut off inside a letter
                    return content[:-1].decode(encoding)
        return content.decode("latin-1")


def read_rtf(content: bytes, name: str) -> Iterator[Passage]:
    """Reads the paragraphs and the cells of tables.

    Args:
        content: the whole file.
        name: of the file, for the error.

    Raises:
        InputError: it was cut off; what stands before the cut has been read then.
    """
    lines = (
        line for text in _text(content).split("\n") for line in join_soft_breaks(text.replace(_SOFT, "\n"))
    )
    for position, line in enumerate(lines, start=1):
        yield Passage(line, "formal", "paragraph", position)
    if not content.rstrip(b"\0\x1a \t\r\n").endswith(b"}"):
        raise damaged(name, "RTF", ValueError(tr("the last group has no end")))


def rtf_text(content: bytes) -> str:
    """Returns the text of an RTF document; each line, paragraph and cell ends with a line feed."""
    return _text(content).replace(_SOFT, "\n")


def _text(content: bytes) -> str:
    reader = _Reader(load_rules("rtf"))
    text = content.decode("latin-1")
    position = 0
    while match := _TOKEN.search(text, position):
        position = match.end()
        word, number, byte, symbol, brace, plain = match.groups()
        if brace:
            reader.flush()
            _enter_or_leave(reader, brace)
            if not reader.stack:
                break
        elif word:
            if word == "bin":
                position += max(0, int(number or 0))
            _control(reader, word, int(number) if number else None)
        elif byte or plain:
            _add_bytes(reader, bytes([int(byte, 16)]) if byte else plain.encode("latin-1"))
        elif symbol == "*":
            reader.is_starred = True
        elif symbol in reader.rules["symbols"]:
            reader.flush()
            reader.write(reader.rules["symbols"][symbol])
    reader.flush()
    joined = "".join([*reader.body, "\n", *reader.asides])
    return joined.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _enter_or_leave(reader: _Reader, brace: str) -> None:
    reader.to_skip = 0
    if brace == "{" and len(reader.stack) < _MAX_DEPTH:
        reader.stack.append(reader.state)
        reader.is_first, reader.is_starred = True, False
    elif brace == "}" and reader.stack:
        was_aside = reader.state.aside
        reader.state = reader.stack.pop()
        if was_aside > reader.state.aside:
            reader.asides.append("\n")


def _control(reader: _Reader, word: str, number: int | None) -> None:
    rules, state = reader.rules, reader.state
    if word == "u" and number is not None:
        reader.flush()
        reader.write(chr(number % 65536))
        reader.to_skip = state.fallback_chars
        return
    reader.flush()
    reader.to_skip = 0
    if reader.is_first:
        is_unknown = reader.is_starred and word not in rules["keep"]
        if word in rules["leave_out"] or is_unknown:
            reader.state = replace(state, is_left_out=True, is_font_table=word == "fonttbl")
        elif word in rules["aside"]:
            reader.state = replace(state, aside=state.aside + 1, hidden=frozenset())
    reader.is_first = reader.is_starred = False
    if word in rules["breaks"]:
        reader.write(rules["breaks"][word])
    elif word in rules["hidden"]:
        is_on = number != 0
        reader.state = replace(state, hidden=state.hidden | {word} if is_on else state.hidden - {word})
    elif word == "plain":
        reader.state = replace(state, hidden=frozenset())
    else:
        _set(reader, word, number or 0)


def _set(reader: _Reader, word: str, number: int) -> None:
    """Control words that say how bytes are read."""
    if word == "uc":
        reader.state = replace(reader.state, fallback_chars=number)
    elif word == "f":
        reader.state = replace(reader.state, font=number)
    elif word in {"ansicpg", "cpg"} and number:
        if word == "ansicpg":
            reader.encoding = f"cp{number}"
        elif reader.state.is_font_table:
            reader.encodings[reader.state.font] = f"cp{number}"
    elif word == "fcharset" and number in reader.rules["charsets"]:
        reader.encodings[reader.state.font] = reader.rules["charsets"][number]


def _add_bytes(reader: _Reader, content: bytes) -> None:
    reader.is_first = False
    skipped = min(reader.to_skip, len(content))
    reader.to_skip -= skipped
    reader.pending += content[skipped:]

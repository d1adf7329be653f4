"""HWP 5 files that a test makes for itself, of records around made-up text."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.compound_files import compound_file

PARA_HEADER, PARA_TEXT, PARA_RANGE_TAG, CTRL_HEADER, LIST_HEADER = 66, 67, 70, 71, 72
SHAPE_COMPONENT, TABLE, EQEDIT, FORM_OBJECT, MEMO_LIST = 76, 77, 88, 91, 93
COMPRESSED, PASSWORD, DISTRIBUTION, TRACKED = 1, 2, 4, 1 << 14
NOTICE = "이 문서는 상위 버전의 배포용 문서입니다."


@dataclass(frozen=True)
class Control:
    """A control character; an extended one with its record.

    Args:
        code: of the character.
        ident: of the record; of an inline character the same letters stand in the text.
        content: of the record, behind the ident.
        inside: the records below it, for a level.
        is_inline: whether it has no record.
    """

    code: int
    ident: str = ""
    content: bytes = b""
    inside: Callable[[int], bytes] = lambda level: b""
    is_inline: bool = False


@dataclass(frozen=True)
class Deleted:
    """Pieces that a tracked change has deleted, and whether the end of the paragraph with them."""

    pieces: tuple[str | Control, ...]
    takes_end: bool = False


Piece = str | Control | Deleted


def record(tag: int, level: int, content: bytes = b"") -> bytes:
    """A record with its header."""
    size = min(len(content), 0xFFF)
    long = struct.pack("<I", len(content)) if size == 0xFFF else b""
    return struct.pack("<I", tag | level << 10 | size << 20) + long + content


def paragraph(level: int, *pieces: Piece) -> bytes:
    """The records of a paragraph."""
    text, controls, ranges = b"", b"", b""
    for piece in pieces:
        start = len(text) // 2
        for each in piece.pieces if isinstance(piece, Deleted) else (piece,):
            text += each.encode("utf-16-le") if isinstance(each, str) else _character(each)
            if isinstance(each, Control) and not each.is_inline:
                ident = each.ident.encode()[::-1]
                controls += record(CTRL_HEADER, level + 1, ident + each.content) + each.inside(level + 2)
        if isinstance(piece, Deleted):
            ranges += struct.pack("<III", start, len(text) // 2 + piece.takes_end, 0x11 << 24 | 1)
    text += "\r".encode("utf-16-le")
    header = struct.pack("<I18x", len(text) // 2)
    body = (
        record(PARA_HEADER, level, header)
        + record(PARA_TEXT, level + 1, text)
        + record(68, level + 1, bytes(8))
    )
    return body + (record(PARA_RANGE_TAG, level + 1, ranges) if ranges else b"") + controls


def _character(control: Control) -> bytes:
    code = struct.pack("<H", control.code)
    if control.code in {10, 24, 30, 31}:
        return code
    return code + control.ident.encode()[::-1].ljust(4, b"\0") + bytes(8) + code


def paragraphs(level: int, texts: Sequence[str | Sequence[Piece]], list_bytes: int = 16) -> bytes:
    """A list of paragraphs with the header of the list."""
    each = (paragraph(level, *([text] if isinstance(text, str) else text)) for text in texts)
    return record(LIST_HEADER, level, bytes(list_bytes)) + b"".join(each)


def control(code: int, ident: str, *texts: str | Sequence[Piece], content: bytes = b"") -> Control:
    """A control with a list of paragraphs: a note, a header, a hidden comment."""
    return Control(code, ident, content, lambda level: paragraphs(level, texts))


def note(*texts: str | Sequence[Piece]) -> Control:
    """A footnote."""
    number = Control(18, "atno", struct.pack("<IHHHH", 1, 1, 0, 0, 0))
    return control(17, "fn  ", [number, " ", texts[0]], *texts[1:])


def table(*cells: str | Sequence[Piece] | list[Sequence[Piece]], caption: str = "") -> Control:
    """A table of one column."""

    def inside(level: int) -> bytes:
        said = paragraphs(level, [caption], 22) if caption else b""
        return (
            said + record(TABLE, level, bytes(26)) + b"".join(paragraphs(level, [cell], 47) for cell in cells)
        )

    return Control(11, "tbl ", bytes(42), inside)


def box(*texts: str | Sequence[Piece], caption: str = "") -> Control:
    """A text box."""

    def inside(level: int) -> bytes:
        said = paragraphs(level, [caption], 22) if caption else b""
        return said + record(SHAPE_COMPONENT, level, bytes(196)) + paragraphs(level + 1, texts)

    return Control(11, "gso ", bytes(42), inside)


def group(*texts: str) -> Control:
    """Boxes in a group, each in a group of its own."""

    def inside(level: int) -> bytes:
        return record(SHAPE_COMPONENT, level, b"noc$") + b"".join(
            record(SHAPE_COMPONENT, level + 1, b"noc$")
            + record(SHAPE_COMPONENT, level + 2, b"cer$")
            + paragraphs(level + 3, [text])
            + record(79, level + 3, bytes(33))
            for text in texts
        )

    return Control(11, "gso ", bytes(42), inside)


def equation(script: str, caption: str) -> Control:
    """An equation with a caption."""
    return Control(
        11,
        "eqed",
        bytes(42),
        lambda level: paragraphs(level, [caption]) + record(EQEDIT, level, script.encode("utf-16-le")),
    )


def field(ident: str, *pieces: str | Control, command: str = "") -> list[str | Control]:
    """A field around some pieces."""
    begin = Control(3, ident, struct.pack("<IBH", 0, 9, len(command)) + command.encode("utf-16-le"))
    return [begin, *pieces, Control(4, ident, is_inline=True)]


def click_here(text: str, direction: str) -> list[str | Control]:
    """A form field with a direction."""
    command = f"Clickhere:set:66:Direction:wstring:{len(direction)}:{direction} HelpState:wstring:0:  "
    return field("%clk", text, command=command)


def form(kind: str, settings: str) -> Control:
    """An object of a form, such as an edit box."""
    words = settings.encode("utf-16-le")
    content = kind.encode() * 2 + struct.pack("<IH", len(settings), len(settings)) + words
    return Control(11, "form", bytes(42), lambda level: record(FORM_OBJECT, level, content))


def counted(text: str) -> bytes:
    """A string with its length before it."""
    return struct.pack("<H", len(text)) + text.encode("utf-16-le")


def section(*texts: str | Sequence[Piece]) -> bytes:
    """The records of a section; its first paragraph holds its definition, with a master page."""
    page = Control(
        2, "secd", bytes(34), lambda level: record(73, level, bytes(40)) + paragraphs(level, ["바탕쪽"])
    )
    first, *others = [[text] if isinstance(text, str) else text for text in texts]
    return paragraph(0, page, Control(2, "cold", bytes(12)), *first) + b"".join(
        paragraph(0, *p) for p in others
    )


def write_hwp(
    path: Path,
    *sections: bytes,
    flags: int = COMPRESSED,
    seed: int = 0x1234567A,
    others: dict[str, Any] | None = None,
) -> Path:
    """A HWP 5; with the flag of a document for distribution, an enciphered one with a notice in its body."""
    packed = [_compressed(content, flags) for content in sections]
    tree: dict[str, Any] = {
        "FileHeader": b"HWP Document File".ljust(32, b"\0") + struct.pack("<II216x", 0x05010100, flags),
        "DocInfo": _compressed(record(16, 0, bytes(26)), flags),
        "PrvText": "미리 보기입니다.".encode("utf-16-le"),
        "BodyText": {f"Section{number}": content for number, content in enumerate(packed)},
    }
    if flags & DISTRIBUTION:
        tree["ViewText"] = {f"Section{n}": _enciphered(content, seed + n) for n, content in enumerate(packed)}
        tree["BodyText"] = {"Section0": _compressed(section(NOTICE), flags)}
    path.write_bytes(compound_file(tree | (others or {})))
    return path


def _compressed(content: bytes, flags: int) -> bytes:
    if not flags & COMPRESSED:
        return content
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(content) + packer.flush()


def _enciphered(content: bytes, seed: int) -> bytes:
    """A section as documents for distribution keep it: AES-128 with a key that a scrambled record holds."""
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import ECB

    key = "0A1B2C3D4E5F60718293A4B5C6D7E8F901234567".encode("utf-16-le")
    place = 4 + (seed & 0xF)
    plain = (bytes(place) + key).ljust(256, b"\x5a")
    state, mask = seed, b""

    def rand() -> int:
        nonlocal state
        state = (state * 214013 + 2531011) % (1 << 32)
        return state >> 16 & 0x7FFF

    while len(mask) < 256:
        byte, times = rand() & 0xFF, (rand() & 0xF) + 1
        mask += bytes([byte]) * times
    scrambled = struct.pack("<I", seed) + bytes(plain[at] ^ mask[at] for at in range(4, 256))
    encryptor = Cipher(AES(key[:16]), ECB()).encryptor()
    return record(28, 0, scrambled) + encryptor.update(content.ljust(-(-len(content) // 16) * 16, b"\0"))

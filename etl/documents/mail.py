"""Mails: `.eml`, and `.mbox` with many of them. The writer's own words are told from quotes and signatures.

What quotes and signatures look like stands in `schemas/documents/mail.yaml`.
"""

from __future__ import annotations

import mailbox
import re
from collections.abc import Iterator
from email import message_from_bytes, policy, utils
from email.message import EmailMessage
from functools import cache
from typing import TYPE_CHECKING, cast

from etl.documents.html import text_of
from etl.documents.passage import Part, Passage
from etl.documents.text import paragraphs
from etl.errors import InputError
from etl.schema import resources

if TYPE_CHECKING:
    from pathlib import Path

_ESSENTIAL = ("from", "to", "subject", "date", "mime-version", "received", "message-id", "return-path")
_ENCRYPTED = {"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}
_LOOKED_AT = 4  # lines, for programs wrap what stands above a quote
# Of those any bytes are letters: they say nothing about what the bytes are.
_SAY_NOTHING = {None, "us-ascii", "ascii", "iso-8859-1", "latin-1", "windows-1252", "unknown-8bit"}
_KOREAN = {"euc-kr", "euckr", "ks_c_5601-1987", "ks_c_5601", "ksc5601", "cp949", "uhc", "windows-949"}
# What the parser of the standard library raises for some headers that are not as they should be.
_BAD_HEADER = (ValueError, IndexError, LookupError, AttributeError, TypeError)


def read_mail(content: bytes, name: str) -> Iterator[Passage]:
    """The paragraphs of one mail.

    Raises:
        InputError: it is no mail, it is encrypted, or its encoding is not known.
    """
    message = message_from_bytes(content, policy=policy.default)
    if not any(header in message for header in _ESSENTIAL):
        raise InputError(
            f"{name} is not a mail",
            details=["expected headers such as `From:` and `Subject:` first, got none"],
            cause="It is something else, whatever its name says.",
            next_step="give it the suffix of what it is, such as .txt.",
        )
    yield from _passages(message, name, 1)


def read_mbox(path: Path, name: str) -> Iterator[Passage]:
    """The paragraphs of all mails of a mailbox, each mail a document. One that cannot be read is a `bad_row`.

    Raises:
        InputError: it holds no mail.
    """

    box = mailbox.mbox(path, factory=None, create=False)
    try:
        keys = box.keys()
        if not keys:
            raise InputError(
                f"{name} is not a mailbox",
                details=["expected mails that begin with a line `From …`, got none"],
                next_step="export the mailbox again as mbox, or name single mails (.eml).",
            )
        for number, key in enumerate(keys, start=1):
            message = message_from_bytes(box.get_bytes(key), policy=policy.default)
            try:
                yield from _passages(message, name, number)
            except InputError as error:
                yield Passage(error.what, "mail", "paragraph", 1, document=number, reason="bad_row")
    finally:
        box.close()


def _passages(message: EmailMessage, name: str, number: int) -> Iterator[Passage]:
    writer, address = utils.parseaddr(_header(message, "from"))
    speaker, time = writer or address or None, _time(message)
    blocks = _parts(_body(message, name).split("\n"))
    found = ((part, text) for part, block in blocks for _, text in paragraphs(block))
    for position, (part, text) in enumerate(found, start=1):
        yield Passage(text, "mail", "paragraph", position, number, speaker, time, part)


def _header(message: EmailMessage, name: str) -> str:
    """A header, decoded; also one that was written in Korean bytes without saying so."""
    raw = next((str(value) for key, value in message.raw_items() if key.lower() == name), "")
    if not raw.isascii():
        return _decoded(raw.encode("ascii", "surrogateescape"), None) or ""
    try:
        return str(message[name] or "")
    except _BAD_HEADER:
        return raw


def _time(message: EmailMessage) -> str | None:
    try:
        return utils.parsedate_to_datetime(_header(message, "date")).isoformat()
    except _BAD_HEADER:
        return None


def _body(message: EmailMessage, name: str) -> str:
    """The plain part, else the HTML one as text; lines end with a line feed."""
    if message.get_content_type() in _ENCRYPTED:
        raise InputError(
            f"{name} is encrypted",
            details=[f"expected a mail that can be read, got {message.get_content_type()}"],
            next_step="save its text as .txt, from the program that can read it.",
        )
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        if part is None:
            continue
        content = cast(bytes, part.get_payload(decode=True) or b"")
        text = _decoded(content, part.get_content_charset())
        if text is None:
            raise InputError(
                f"the encoding of {name} is not known",
                details=[f"expected {part.get_content_charset()}, UTF-8 or cp949, got other bytes"],
                cause="The mail was cut off, or changed on its way.",
                next_step="export the mail again, or save its text as UTF-8.",
            )
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        text = text_of(text) if kind == "html" else text
        if text.strip():
            return text
    return ""


def _decoded(content: bytes, charset: str | None) -> str | None:
    """Text in the charset that it says, unless the bytes say better; None where none fits.

    UTF-8 proves itself: Korean in another encoding is never UTF-8 by chance.
    """
    charset = charset.lower() if charset else None
    if b"\x1b$)C" in content and content.isascii():
        encodings = ["iso2022_kr"]
    elif charset in _SAY_NOTHING:
        encodings = ["utf-8-sig", "cp949", charset or "us-ascii"]
    elif charset in _KOREAN:
        encodings = ["utf-8-sig", "cp949"]
    else:
        encodings = ["utf-8-sig", str(charset), "cp949"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return None


@cache
def _patterns() -> dict[str, list[re.Pattern[str]]]:
    schema = resources.load("schemas", "documents", "mail.yaml")
    return {name: [re.compile(each, re.MULTILINE) for each in patterns] for name, patterns in schema.items()}


def _parts(lines: list[str]) -> Iterator[tuple[Part, list[tuple[int, str]]]]:
    """Runs of lines of one part, in order."""
    block: list[tuple[int, str]] = []
    part: Part = "body"
    for number, (each, line) in enumerate(_parted(lines), start=1):
        if each != part and block:
            yield part, block
            block = []
        part = each
        block.append((number, line.lstrip("> ") if each == "quote" else line))
    if block:
        yield part, block


def _parted(lines: list[str]) -> Iterator[tuple[Part, str]]:
    """Each line with its part."""
    rest: Part = "body"  # what lines are that look like nothing else
    quoted_lines = 0  # of what stands above a quote
    for index, line in enumerate(lines):
        here = "\n".join(lines[index : index + _LOOKED_AT])
        if quoted_lines:
            quoted_lines -= 1
        elif found := _found("attribution", here):
            quoted_lines = found.group().count("\n")
        elif _found("original", here):
            rest = "quote"
        elif line.startswith(">"):
            pass
        elif rest == "body" and _found("signature", line):
            rest = "signature"
            yield rest, line
            continue
        else:
            yield "signature" if rest == "body" and _found("footer", line) else rest, line
            continue
        yield "quote", line


def _found(name: str, text: str) -> re.Match[str] | None:
    return next((found for pattern in _patterns()[name] if (found := pattern.match(text))), None)

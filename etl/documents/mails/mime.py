"""Reads a mail as it is sent (RFC 5322, MIME): headers, the body among its parts, and what is attached."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, utils
from email.message import Message
from email.policy import Compat32
from functools import partial
from typing import Any, cast

from etl.documents.html import text_of
from etl.documents.mails.charsets import decode_charset, decode_header
from etl.documents.mails.mail import MAX_DEPTH, Attachment, Mail
from etl.documents.mails.quotes import has_words_elsewhere, html_marks, is_encrypted, is_html
from etl.errors import InputError
from etl.language.message import tr

_ESSENTIAL = ("from", "to", "subject", "date", "mime-version", "received", "message-id", "return-path")
_ENCRYPTED = {"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}
_SIGNATURES = {"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"}
_MAILS = {"message/rfc822", "message/global", "message/news"}
_TEXTS, _CHOICE = {"text/plain", "text/html"}, "multipart/alternative"
_LENGTH = re.compile(rb"(\d{1,15})[ \t]*\r?\n")
_NEWLINE = re.compile(r"\r\n?")
_NAME = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^<"]*)\s*<([^<>]*)>')
# What the standard library raises for some headers that are not as they should be.
_BAD_HEADER = (ValueError, IndexError, LookupError, AttributeError, TypeError, OverflowError)


class _Raw(Compat32):
    """Gives headers as they stand: the other policies lose what is not in ASCII."""

    def header_fetch_parse(self, name: str, value: str) -> Any:  # noqa: ARG002
        return value


_POLICY = _Raw()


@dataclass(slots=True)
class _Found:
    """What is found in the parts of a mail while its text is read; see `Mail`."""

    name: str
    depth: int
    is_wrapped: bool = True
    attached: list[Mail | Attachment] = field(default_factory=list)


def parse_mail(content: bytes, name: str, depth: int = 0) -> Mail:
    """Reads a mail.

    Args:
        content: all of it.
        name: for errors.
        depth: in how many mails it is attached.

    Raises:
        InputError: it is no mail, it is encrypted, damaged, or its encoding is not known.
    """
    try:
        message = message_from_bytes(_mail_in(content), policy=_POLICY)
        if any(header in message for header in _ESSENTIAL):
            return mail_of(message, name, depth)
    except RecursionError as error:
        raise InputError(
            tr("{name} is not a mail that can be read", name=name),
            details=[tr("expected some parts in parts, got hundreds of levels of them")],
            cause=tr("It is damaged, or made to do harm."),
            next_step=tr("save its text as .txt, from a program that can show it."),
        ) from error
    raise InputError(
        tr("{name} is not a mail", name=name),
        details=[tr("expected headers such as `From:` and `Subject:` first, got none")],
        cause=tr("It is something else, whatever its name says."),
        next_step=tr("give it the suffix of what it is, such as .txt."),
    )


def _mail_in(content: bytes) -> bytes:
    """The mail in a file: Apple Mail (`.emlx`) writes its length before it, and properties after it."""
    if found := _LENGTH.match(content):
        return content[found.end() : found.end() + int(found[1])]
    return content.lstrip(b"\xef\xbb\xbf\r\n")


def mail_of(message: Message, name: str, depth: int = 0) -> Mail:
    """Reads a parsed mail; see `parse_mail`."""
    found = _Found(name, depth)
    media_type = _media_type(message)
    if media_type in _ENCRYPTED:
        raise _encrypted(name, media_type)
    text = _text_in(message, found, is_root=True)
    if is_encrypted(text):
        raise _encrypted(name, "PGP")
    return Mail(
        sender=sender_of(message["from"] or ""),
        time=time_of(message["date"] or ""),
        subject=decode_header(message["subject"] or ""),
        text=text,
        is_wrapped=found.is_wrapped,
        attached=found.attached,
    )


def sender_of(raw: str) -> str | None:
    """The name in a header such as `From`, else its address."""
    content = re.sub(r"\r?\n(?=[ \t])", "", raw)
    if found := _NAME.match(content):
        name, address = found.groups()
        name = re.sub(r"\\(.)", r"\1", name.strip()[1:-1]) if name.startswith('"') else name
    else:
        name, address = utils.parseaddr(content)
    name = decode_header(name).strip(" \t'\"")
    return (address if "=?" in name and address else name or address).strip() or None


def time_of(raw: str) -> str | None:
    """The date of a header in ISO 8601, as far as it is one."""
    try:
        return utils.parsedate_to_datetime(raw).isoformat()
    except _BAD_HEADER:
        return None


def _text_in(part: Message, found: _Found, *, is_root: bool = False, is_needed: bool = True) -> str:
    """The words of a part and those in it; what is not its text is put to what is attached."""
    media_type = _media_type(part)
    if media_type in _MAILS:
        found.attached.append(_nested(part, found))
    elif part.is_multipart():
        parts = cast(list[Message], part.get_payload())
        return _text_of_parts(parts, found, is_choice=media_type == _CHOICE, is_needed=is_needed)
    elif media_type in _TEXTS and not _is_attachment(part, is_root=is_root):
        return _decoded(part, media_type, found) if is_needed else ""
    elif media_type.startswith("multipart/"):
        raise InputError(
            tr("the parts of {name} cannot be told apart", name=found.name),
            details=[
                tr("expected {media_type} with a boundary between its parts, got none", media_type=media_type)
            ],
            cause=tr("The mail was cut off, or changed on its way."),
            next_step=tr("export the mail again, or save its text as UTF-8."),
        )
    elif media_type not in _SIGNATURES:
        found.attached.append(_attachment(part))
    return ""


def _media_type(part: Message) -> str:
    """Such as `text/plain`; also where the semicolon after it is missing."""
    return part.get_content_type().split(maxsplit=1)[0]


def _text_of_parts(parts: list[Message], found: _Found, *, is_choice: bool, is_needed: bool) -> str:
    """The texts of several parts; of those that say the same the plain one, or the first with words."""
    texts: list[str] = []
    notices: list[str] = []
    errors: list[InputError] = []
    for part in sorted(parts, key=lambda each: is_choice and _media_type(each) != "text/plain"):
        try:
            text = _text_in(part, found, is_needed=is_needed and not (is_choice and texts))
        except InputError as error:
            errors.append(error)
            continue
        if text.strip():
            (notices if is_choice and has_words_elsewhere(text) else texts).append(text)
    if errors and not (is_choice and texts):
        raise errors[0]
    return "\n\n".join(texts or notices)


def _decoded(part: Message, media_type: str, found: _Found) -> str:
    charset = part.get_content_charset()
    text = decode_charset(_content(part, found.name), charset)
    if text is None:
        raise InputError(
            tr("the encoding of {name} is not known", name=found.name),
            details=[tr("expected {charset}, UTF-8 or cp949, got other bytes", charset=charset or "UTF-8")],
            cause=tr("The mail was cut off, or changed on its way."),
            next_step=tr("export the mail again, or save its text as UTF-8."),
        )
    text = _NEWLINE.sub("\n", text.replace("\0", ""))
    is_flowed = str(part.get_param("format", "")).lower() == "flowed"
    found.is_wrapped = found.is_wrapped and media_type == "text/plain" and not is_flowed
    if media_type == "text/html" or is_html(text):
        return text_of(text, html_marks())
    if is_flowed:
        return "\n".join(_unflowed(text, is_deleted=str(part.get_param("delsp", "")).lower() == "yes"))
    return text


def _content(part: Message, name: str) -> bytes:
    """The bytes of a part.

    Raises:
        InputError: they are said to be base64, and are not.
    """
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return b""
    is_base64 = str(part.get("content-transfer-encoding", "")).strip().lower() == "base64"
    if (
        is_base64
        and content.strip()
        and content == str(part.get_payload()).encode("utf-8", "surrogateescape")
    ):
        raise InputError(
            tr("{name} is damaged", name=name),
            details=[tr("expected base64, got other letters")],
            cause=tr("The mail was cut off, or changed on its way."),
            next_step=tr("export the mail again, or save its text as UTF-8."),
        )
    return content


def _unflowed(text: str, *, is_deleted: bool) -> Iterator[str]:
    """Puts the lines together that end with a blank (RFC 3676), which may be no part of them."""
    gathered = ""
    for each in text.split("\n"):
        is_quote = each.startswith(">")
        line = each if each.startswith(" >") else each.removeprefix(" ")  # stuffed; a quote that is none
        if line.endswith(" ") and not is_quote and line != "-- ":
            gathered += line[:-1] if is_deleted else line
        else:
            yield gathered + line
            gathered = ""
    if gathered:
        yield gathered


def _is_attachment(part: Message, *, is_root: bool) -> bool:
    disposition = str(part.get("content-disposition", "")).strip().lower()
    return disposition.startswith("attachment") or (not is_root and bool(_file_name(part)))


def _attachment(part: Message) -> Attachment:
    name = _file_name(part) or _media_type(part)
    return Attachment(name, _media_type(part), partial(_content, part, name))


def _file_name(part: Message) -> str:
    for parameter, header in (("filename", "content-disposition"), ("name", "content-type")):
        value = part.get_param(parameter, None, header)
        if isinstance(value, tuple):  # RFC 2231
            content = value[2].encode("latin-1", "replace")
            return decode_charset(content, value[0]) or content.decode("utf-8", "replace")
        if value:
            return decode_header(value).strip()
    return ""


def _nested(part: Message, found: _Found) -> Mail | Attachment:
    """A mail in a mail; as a file that is not read where it cannot be."""
    unread = Attachment("message/rfc822", "message/rfc822", bytes)
    if found.depth >= MAX_DEPTH:
        return unread
    payload = part.get_payload()
    message = payload[0] if isinstance(payload, list) and payload else None
    if not isinstance(message, Message):
        return unread
    try:
        if str(part.get("content-transfer-encoding", "")).strip().lower() == "base64" and not message.keys():
            letters = str(message.get_payload()).encode("ascii", "ignore")
            return parse_mail(binascii.a2b_base64(letters), found.name, found.depth + 1)
        return mail_of(message, found.name, found.depth + 1)
    except (InputError, ValueError):
        return unread


def _encrypted(name: str, form: str) -> InputError:
    return InputError(
        tr("{name} is encrypted", name=name),
        details=[tr("expected a mail that can be read, got {form}", form=form)],
        next_step=tr("save its text as .txt, from the program that can read it."),
    )

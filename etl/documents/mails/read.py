"""Mails to passages: the writer's own words, then the mails and chats that are forwarded or attached."""

from __future__ import annotations

import logging
import mailbox
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from msgspec.structs import replace

from etl.documents.file import DocumentFile
from etl.documents.mails.mail import Attachment, Mail
from etl.documents.mails.mime import parse_mail
from etl.documents.mails.outlook import parse_message
from etl.documents.mails.quotes import letters_in
from etl.documents.passage import Passage
from etl.documents.text import paragraphs
from etl.errors import InputError
from etl.language.lists import listing
from etl.language.message import Message, tr
from etl.runtime.console import printable, shortened

# Reads the messages of a file that is a chat; None of any other.
ReadChat = Callable[[DocumentFile], Iterator[Passage] | None]

_log = logging.getLogger(__name__)
_SHOWN, _MOST_CHARS = 5, 200
_MAIL_SUFFIX, _MESSAGE_SUFFIX = ".eml", ".msg"
_PACKED_BY_OUTLOOK = {"application/ms-tnef", "application/vnd.ms-tnef"}
_PACKED_NAME = "winmail.dat"
_TIME, _HEADER = re.compile(rb"\d:\d\d"), re.compile(rb">?[!-9;-~]+:|>?From ")
_ESCAPED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)


def read_mail(content: bytes, name: str, read_chat: ReadChat) -> Iterator[Passage]:
    """The paragraphs of one mail; mails and chats in it are documents of their own, after it.

    Args:
        content: the mail.
        name: for errors and notes.
        read_chat: for attachments.

    Raises:
        InputError: it is no mail, it is encrypted or damaged, its encoding is not known, or its words are
            only in attachments that are not read.
    """
    return _read_one(parse_mail(content, name), name, read_chat)


def read_message(content: bytes, name: str, read_chat: ReadChat) -> Iterator[Passage]:
    """The paragraphs of a mail that Outlook has saved; see `read_mail`."""
    return _read_one(parse_message(content, name), name, read_chat)


def read_mbox(path: Path, name: str, read_chat: ReadChat) -> Iterator[Passage]:
    """The paragraphs of all mails of a mailbox, each mail a document. One that cannot be read is a `bad_row`.

    Raises:
        InputError: it holds no mail.
    """
    box = mailbox.mbox(path, factory=None, create=False)
    try:
        keys = box.keys()
        if not keys:
            raise InputError(
                tr("{name} is not a mailbox", name=name),
                details=[tr("expected mails that begin with a line `From …`, got none")],
                next_step=tr("export the mailbox again as mbox, or name single mails (.eml)."),
            )
        unread: list[str] = []
        contents = _contents(box.get_bytes(key, from_=True) for key in keys)
        yield from _numbered(_attempted(contents, name), unread, read_chat)
        _note(unread, name)
    finally:
        box.close()


def _read_one(mail: Mail, name: str, read_chat: ReadChat) -> Iterator[Passage]:
    unread: list[str] = []
    is_read = False
    for passage in _numbered([mail], unread, read_chat):
        is_read = True
        yield passage
    if unread and not is_read:
        raise _only_attachments(unread, name)
    _note(unread, name)


def _contents(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The mails of a mailbox, which begins one at each line `From …`.

    Some programs do not escape such lines of a writer: without a time, and above no header, it is one.
    """
    gathered: list[bytes] = []
    for piece in pieces:
        first, _, content = piece.partition(b"\n")
        is_new = _TIME.search(first) or _HEADER.match(content)
        if gathered and is_new:
            yield b"\n".join(gathered)
            gathered = []
        gathered.append(piece if gathered else content)
    if gathered:
        yield b"\n".join(gathered)


def _attempted(contents: Iterable[bytes], name: str) -> Iterator[Mail | InputError]:
    for content in contents:
        try:
            yield parse_mail(_ESCAPED_FROM.sub(rb"\1", content), name)
        except InputError as error:
            yield error


def _numbered(
    mails: Iterable[Mail | InputError], unread: list[str], read_chat: ReadChat
) -> Iterator[Passage]:
    """The passages of mails. Every mail and every chat takes a number, also one without words."""
    before = 0
    for mail in mails:
        for passages in _documents(mail, unread, read_chat):
            last = 1
            for passage in passages:
                last = passage.document
                yield replace(passage, document=before + last)
            before += last


def _documents(
    mail: Mail | InputError, unread: list[str], read_chat: ReadChat
) -> Iterator[Iterable[Passage]]:
    """The documents in a mail: itself, what is forwarded in it, what is attached.

    Args:
        mail: one, or why there is none.
        unread: gets the names of attachments that are not read.
        read_chat: for attachments.
    """
    if isinstance(mail, InputError):
        yield [Passage(str(mail.what), "mail", "paragraph", 1, reason="bad_row")]
        return
    for number, letter in enumerate(letters_in(mail.text, mail.subject)):
        speaker, time = (letter.sender, letter.time) if number else (mail.sender, mail.time)
        blocks = ((part, _paragraphs(lines, mail)) for part, lines in letter.blocks)
        found = [(part, text) for part, texts in blocks for text in texts]
        yield (
            Passage(text, "mail", "paragraph", position, speaker=speaker, time=time, part=part)
            for position, (part, text) in enumerate(found, start=1)
        )
    for attached in mail.attached:
        try:
            inner = attached if isinstance(attached, Mail) else _content_of(attached, read_chat)
        except InputError:
            inner = None
        if isinstance(inner, Mail):
            yield from _documents(inner, unread, read_chat)
        elif inner is not None:
            yield inner
        elif isinstance(attached, Attachment):
            unread.append(attached.name)


def _paragraphs(lines: list[str], mail: Mail) -> Iterator[str]:
    if mail.is_wrapped:
        return (text for _, text in paragraphs(enumerate(lines)))
    return (text for line in lines if (text := line.strip()))


def _content_of(attachment: Attachment, read_chat: ReadChat) -> Mail | list[Passage] | None:
    """An attached mail, or the messages of an attached chat; None of any other file."""
    name, content = attachment.name, attachment.load()
    file = DocumentFile(name, Path(name.replace("\0", "")), content)
    if file.suffix == _MAIL_SUFFIX:
        return parse_mail(content, name)
    if file.suffix == _MESSAGE_SUFFIX:
        return parse_message(content, name)
    messages = read_chat(file)
    return None if messages is None else list(messages)  # all or none: a damaged one is not read


def _only_attachments(unread: list[str], name: str) -> InputError:
    is_packed = any(each.lower() in {_PACKED_NAME, *_PACKED_BY_OUTLOOK} for each in unread)
    return InputError(
        tr("{name} has no words but in attachments that are not read", name=name),
        details=[tr("expected a text, got {names}", names=_listed(unread))],
        cause=tr("Outlook has packed the text of the mail in its own form (TNEF).") if is_packed else "",
        next_step=tr("open it in Outlook and save it as .msg or .eml, or save its text as .txt.")
        if is_packed
        else tr("save the attachments, and give them to `etl predict`."),
    )


def _note(unread: list[str], name: str) -> None:
    if unread:
        _log.warning(tr("{name}: what is attached was not read: {names}", name=name, names=_listed(unread)))


def _listed(names: list[str]) -> str:
    said = [name if isinstance(name, Message) else printable(shortened(name, _MOST_CHARS)) for name in names]
    return listing(said, _SHOWN)

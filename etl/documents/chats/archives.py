"""Reads chats in a zip as the app hands it out: KakaoTalk, WhatsApp, Telegram, Slack, Facebook, Instagram.

The chats are read, each is a document; pictures and whatever else is in it are named in a warning.
"""

from __future__ import annotations

import logging
import re
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path, PurePosixPath

from etl.documents.chats import read, slack
from etl.documents.chats.layouts import schema_of
from etl.documents.file import SAVE_TEXT, DocumentFile
from etl.documents.passage import Passage
from etl.errors import InputError
from etl.ingestion.sources.archive import member_name
from etl.ingestion.sources.raw import DAMAGE_ERRORS
from etl.language.lists import listing
from etl.language.message import joined, plural, tr
from etl.runtime.unpacking import check_package, check_ratio
from etl.settings import Limits

_log = logging.getLogger(__name__)

_DAMAGE = (*DAMAGE_ERRORS, ValueError, struct.error)
_ZIP = b"PK\x03\x04"
_ENCRYPTED = 1  # the first of the general purpose bits
# So many members are looked at to find out whether an archive holds chats.
_TRIED_MEMBERS = 30
_NAMED = 5


@dataclass
class _Archive:
    """The members of a zip, by name: those that may be chats, days of Slack, and all others."""

    name: str
    limits: Limits
    candidates: list[str] = field(default_factory=list)
    days: list[str] = field(default_factory=list)
    users: str | None = None
    others: list[str] = field(default_factory=list)
    members: dict[str, zipfile.ZipInfo] = field(default_factory=dict)


def has_chats(file: DocumentFile) -> bool:
    """Whether a file is a zip with a chat in it."""
    if not file.head.startswith(_ZIP):
        return False
    try:
        with file.open() as stream, zipfile.ZipFile(stream) as opened:
            archive = _listed(opened, file)
            if archive.days:
                return True
            tried = islice(archive.candidates, _TRIED_MEMBERS)
            return any(read.is_chat(_member(opened, archive, each)) for each in tried)
    except (*_DAMAGE, InputError):
        return False


def read_chats(file: DocumentFile) -> Iterator[Passage]:
    """Reads the chats of an archive; each chat, and each channel of Slack, is a document.

    Args:
        file: a zip with chats.

    Raises:
        InputError: it is damaged, encrypted, or far too large once unpacked.
    """
    try:
        with file.open() as stream, zipfile.ZipFile(stream) as opened:
            archive = _listed(opened, file)
            yield from _read_slack(opened, archive) if archive.days else _read_each(opened, archive)
    except _DAMAGE as error:
        raise InputError(
            tr("{file} cannot be read", file=file.name),
            details=[joined(": ", (type(error).__name__, error))],
            cause=tr("The download was cut off, or the archive is encrypted."),
            next_step=tr("export the chat again, or unpack it and name what is in it."),
        ) from error
    _warn(archive)


def _read_each(opened: zipfile.ZipFile, archive: _Archive) -> Iterator[Passage]:
    document = 1
    for name in archive.candidates:
        member = _member(opened, archive, name)
        if not read.is_chat(member):
            archive.others.append(name)
            continue
        last = document - 1
        for passage in read.read_chat(member, document):
            last = passage.document
            yield passage
        document = max(document, last) + 1


def _read_slack(opened: zipfile.ZipFile, archive: _Archive) -> Iterator[Passage]:
    archive.others += archive.candidates
    names = read.read_users(_content(opened, archive, archive.users)) if archive.users else {}
    channels = groupby(archive.days, key=lambda name: PurePosixPath(name).parent)
    for document, (_, days) in enumerate(channels, start=1):
        position = 1
        for name in days:
            messages = _member(opened, archive, name).json
            if not isinstance(messages, list):
                archive.others.append(name)
                continue
            yield from slack.read_slack_day(messages, names, document, position)
            position += len(messages)


def _listed(opened: zipfile.ZipFile, file: DocumentFile) -> _Archive:
    archive = _Archive(file.name, file.limits)
    schema = schema_of("archives")
    archive.members = {
        member: info
        for info in opened.infolist()
        if not info.is_dir() and not re.fullmatch(schema["ignored"], member := member_name(info))
    }
    ranked = []
    for member in sorted(archive.members):
        rank = next((n for n, each in enumerate(schema["chats"]) if re.fullmatch(each, member)), None)
        path = PurePosixPath(member)
        if slack.is_day_name(path.name) and len(path.parts) > 1:
            archive.days.append(member)
        elif path.name == read.USERS:
            archive.users = member
        elif rank is None:
            archive.others.append(member)
        elif not slack.is_list_name(path.name):
            ranked.append((rank, member))
    archive.candidates = [member for _, member in sorted(ranked)]
    if archive.users is None and archive.days:  # days of something else
        archive.candidates += archive.days
        archive.days = []
    return archive


def _member(opened: zipfile.ZipFile, archive: _Archive, name: str) -> DocumentFile:
    content = _content(opened, archive, name)
    return DocumentFile(f"{archive.name}/{name}", Path(name), content, archive.limits)


def _content(opened: zipfile.ZipFile, archive: _Archive, name: str) -> bytes:
    """The bytes of a member, which never inflate beyond what the archive states.

    Raises:
        InputError: it is encrypted, or far too large once unpacked.
    """
    info = archive.members[name]
    check_package(archive.name, [info], archive.limits, SAVE_TEXT)
    check_ratio(archive.name, name, info.compress_size, info.file_size, archive.limits, SAVE_TEXT)
    if info.flag_bits & _ENCRYPTED:
        raise InputError(
            tr("{archive} is encrypted", archive=archive.name),
            next_step=tr("unpack it with its password, and name what is in it."),
        )
    return opened.read(info)


def _warn(archive: _Archive) -> None:
    if archive.others:
        members = plural("{number:,} member", "{number:,} members", len(archive.others))
        _log.warning(
            tr(
                "{archive}: {members} left aside, only chats are read: {names}",
                archive=archive.name,
                members=members,
                names=listing([*map(repr, archive.others)], _NAMED),
            )
        )

"""Reads one chat, in whatever layout of text, CSV or JSON it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from etl.documents.chats import lines, records, slack, tables
from etl.documents.chats.layouts import find_app
from etl.documents.file import DocumentFile
from etl.documents.passage import Passage
from etl.documents.posts import header_of
from etl.errors import InputError
from etl.language.message import tr

Reader = Callable[[DocumentFile, int], Iterator[Passage]]

USERS = "users.json"


def is_chat(file: DocumentFile) -> bool:
    """Whether a file is a chat in a layout that is known."""
    return _reader_of(file) is not None


def read_chat(file: DocumentFile, document: int = 1) -> Iterator[Passage]:
    """Reads the messages of a chat, numbered from 1.

    Args:
        file: the chat.
        document: its number, where it is one of several; an export of all chats counts on from it.

    Raises:
        InputError: it is no chat in a layout that is known.
    """
    reader = _reader_of(file) or _read_lines
    yield from reader(file, document)


def refuse_without_messages(file: DocumentFile) -> None:
    """Refuses a text that has the title of a chat, and no message that is known below it.

    Raises:
        InputError: it is one.
    """
    if app := find_app(file.text):
        raise InputError(
            tr(
                "{file} begins like a chat of {app}, and no message in it is in a known layout",
                file=file.name,
                app=app.name,
            ),
            cause=tr(
                "It holds notices only, or it comes from a version or a language that is not known yet."
            ),
            next_step=tr("export the chat again from the app; docs/predict.md lists what is read."),
        )


def _reader_of(file: DocumentFile) -> Reader | None:
    if not file.is_text:
        return None
    if file.json is not None:
        if records.find_records(file.json) is not None:
            return _read_records
        return _read_slack_day if slack.is_slack_day(file.json) else None
    if tables.is_chat_table(header_of(file.text)):
        return _read_table
    return _read_lines if lines.is_chat(file.text) else None


def _read_lines(file: DocumentFile, document: int) -> Iterator[Passage]:
    return lines.read_chat(file.text, file.name, document)


def _read_table(file: DocumentFile, document: int) -> Iterator[Passage]:
    return tables.read_chat_table(file.text, file.name, document)


def _read_records(file: DocumentFile, document: int) -> Iterator[Passage]:
    return records.read_records(file.json, file.name, document)


def _read_slack_day(file: DocumentFile, document: int) -> Iterator[Passage]:
    """A day of a channel on its own; the list of users may stand in its folder, or the one above."""
    folders = (file.path.parent, file.path.parent.parent)
    users = next((path for folder in folders if (path := folder / USERS).is_file()), None)
    names = slack.user_names(DocumentFile(USERS, users).json) if users else {}
    return slack.read_slack_day(file.json, names, document)


def read_users(content: bytes) -> dict[str, str]:
    """Returns the name of each user in the bytes of a `users.json` of Slack, by id."""
    return slack.user_names(DocumentFile(USERS, Path(USERS), content).json)

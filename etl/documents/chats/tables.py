"""Reads chats that are CSV: of KakaoTalk on a Mac, and of DiscordChatExporter."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from etl.documents.chats.layouts import App, app_named, schema_of
from etl.documents.chats.stamps import iso_time
from etl.documents.chats.words import words_of
from etl.documents.passage import Passage
from etl.errors import InputError
from etl.ingestion.tables.dialect import find_cut
from etl.language.message import tr

_APPS = ("kakaotalk", "discord")


def is_chat_table(header: Sequence[str]) -> bool:
    """Whether these are the columns of a chat, all of them and no other."""
    return _app_of(header) is not None


def read_chat_table(text: str, name: str, document: int = 1) -> Iterator[Passage]:
    """Reads the messages of a CSV, numbered from 1; a record of another length is a `bad_row`.

    A program that saves it again may put semicolons or tabs between the fields.

    Args:
        text: with the header of a chat.
        name: of the file, as the user calls it.
        document: the number of the chat.

    Raises:
        InputError: it is no CSV.
    """
    delimiter = find_cut(text.partition("\n")[0]).delimiter
    records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        header = next(records, [])
        app = _app_of(header)
        if app is None:
            raise InputError(
                tr("{name} is not a chat in a layout that is known", name=name),
                details=[
                    tr(
                        "expected columns such as Date, User, Message, got {columns}",
                        columns=", ".join(header)[:200] or tr("none"),
                    )
                ],
                next_step=tr("export the chat again from the app, or read it with `--kind post`."),
            )
        names = _columns(app, header)
        filled = (record for record in records if record)
        for position, record in enumerate(filled, start=1):
            yield from _message(
                app_named(app), names, record, Passage("", "chat", "message", position, document)
            )
    except csv.Error as error:
        raise InputError(
            tr("{name} is damaged", name=name),
            details=[tr("expected CSV, got at line {line:,}: {error}", line=records.line_num, error=error)],
            cause=tr("A quotation mark is missing, or the file was cut off."),
            next_step=tr("export the chat again from the app."),
        ) from error


def _message(app: App, names: list[str], record: list[str], place: Passage) -> Iterator[Passage]:
    if len(record) != len(names):
        yield replace(place, text=",".join(record), reason="bad_row")
        return
    cells = dict(zip(names, record, strict=True))
    speaker = cells["speaker"].strip()
    if words := words_of(app, speaker, cells["text"]):
        yield replace(place, text=words, speaker=speaker or None, time=iso_time(cells["time"].strip()))


def _app_of(header: Sequence[str]) -> str | None:
    return next(
        (app for app in _APPS if sorted(_columns(app, header)) == sorted(schema_of(app)["csv"])), None
    )


def _columns(app: str, header: Sequence[str]) -> list[str]:
    """Our names of the columns, "" where one is not known."""
    ours = {theirs: name for name, names in schema_of(app)["csv"].items() for theirs in names}
    return [ours.get(each.strip().lower(), "") for each in header]

"""Reads the passages of a file of any form that `etl.documents.formats` knows."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from etl.documents import unread
from etl.documents.chats.read import refuse_without_messages
from etl.documents.file import DocumentFile, ReadOptions
from etl.documents.formats import FORMATS, PROMISED, DocumentFormat, recognise
from etl.documents.passage import Kind, Passage, bounded
from etl.errors import InputError
from etl.ingestion.tables.dialect import FOUND_OUT, Dialect
from etl.language.message import plural, tr
from etl.language.system_words import system_words
from etl.text.markup import remove_markup

_log = logging.getLogger(__name__)

_SAID: dict[Kind, str] = {
    "text": tr("text"),
    "mail": tr("a mail"),
    "chat": tr("a chat"),
    "post": tr("posts"),
    "formal": tr("a formal document"),
}
# A text is held whole, which takes twice its bytes.
MAX_BYTES = 512 << 20


def read_document(
    path: Path,
    name: str,
    *,
    kind: Kind | None = None,
    text_column: str | None = None,
    has_quotes: bool = False,
    dialect: Dialect = FOUND_OUT,
    keep_markup: bool = False,
) -> Iterator[Passage]:
    """Reads the passages of a file, in order.

    Args:
        path: the file.
        name: as the user calls it.
        kind: what it is, where that is not to be found out.
        text_column: of posts, the column that holds the text.
        has_quotes: whether what a mail quotes, and signatures, are among them.
        dialect: of posts in a table, what the user says of how it is written.
        keep_markup: of posts, whether HTML tags and entities stay.

    Raises:
        InputError: it cannot be read, is empty, is of a form that is not read, or is not of `kind`.
    """
    options = ReadOptions(kind, text_column, has_quotes, dialect, keep_markup)
    yield from read_file(DocumentFile(name, path), options)


def read_file(file: DocumentFile, options: ReadOptions) -> Iterator[Passage]:
    """Reads the passages of a file; see `read_document`."""
    passages = _recognise(file, options).read(file, options)
    n_passages = n_bad = 0
    for passage in map(bounded, passages):
        if options.has_quotes or passage.part == "body":
            n_passages += 1
            n_bad += passage.reason == "bad_row"
            yield passage if options.keep_markup else _without_markup(passage)
    if not n_passages:
        raise InputError(
            tr("{file} is empty", file=file.name),
            details=[tr("expected words, got none in {size:,} bytes", size=file.size)],
            cause=tr("It holds nothing, or nothing that a person has written."),
            next_step=tr("give another file."),
        )
    if n_bad == n_passages:
        raise InputError(
            tr("nothing in {file} can be read", file=file.name),
            details=[
                tr(
                    "expected posts, got {rows} without one",
                    rows=plural("{number:,} row", "{number:,} rows", n_bad),
                )
            ],
            cause=tr("It is something else than it seems, or damaged."),
            next_step=tr("name the column of the posts with `--text-column NAME`, or give another file."),
        )
    if n_bad * 2 > n_passages:
        _log.warning(
            tr(
                "of {rows} in {file} {bad:,} cannot be read: it may be something else than it seems",
                rows=plural("{number:,} row", "{number:,} rows", n_passages),
                file=file.name,
                bad=n_bad,
            ),
        )


def _without_markup(passage: Passage) -> Passage:
    """A post without HTML; one of nothing else, which the cleaner finds empty, and any other as it stands."""
    if passage.kind != "post" or passage.reason:
        return passage
    text = remove_markup(passage.text).strip()
    return replace(passage, text=text) if text and text != passage.text else passage


def _recognise(file: DocumentFile, options: ReadOptions) -> DocumentFormat:
    try:
        size = file.size
        file.head  # noqa: B018 - whether it can be read
    except OSError as error:
        raise InputError(
            tr("{file} cannot be read: {error}", file=file.name, error=system_words(error)),
            next_step=tr("name the files in it.")
            if file.path.is_dir()
            else tr("check the path, and that you may read it."),
        ) from error
    refuse_too_large(file.name, size)
    form = recognise(file, options)
    is_plain = form is FORMATS[-1]
    if form is None or is_plain:
        unread.refuse_unread(file)
    if form is None:
        raise _no_form(file, options)
    if is_plain and options.kind is None and file.text.strip():
        unread.refuse_code(file)
        refuse_without_messages(file)
        unread.refuse_log(file)
        unread.refuse_named(file)
        if file.suffix in PROMISED:
            raise _no_form(file, options)
    return form


def refuse_too_large(name: str, size: int) -> None:
    """Refuses a file that would take too much memory.

    Raises:
        InputError: it has more than `MAX_BYTES`.
    """
    if size > MAX_BYTES:
        raise InputError(
            tr("{name} is too large", name=name),
            details=[tr("expected at most {most:,} bytes, got {size:,}", most=MAX_BYTES, size=size)],
            next_step=tr("divide it, or give its lines to `etl predict MODEL -`."),
        )


def _no_form(file: DocumentFile, options: ReadOptions) -> InputError:
    if b"\0" in file.head and options.kind is None and file.suffix in PROMISED:
        return InputError(
            tr("{file} is not what its name says", file=file.name),
            details=[tr("expected {promised}, got bytes of no known form", promised=PROMISED[file.suffix])],
            cause=tr("It is damaged, encrypted, or something else with this ending."),
            next_step=tr("copy it again from where it was, or save it again from the program that wrote it."),
        )
    if not file.is_text:
        file.text  # noqa: B018 - raises, and says why it is no text
    form = recognise(file, ReadOptions(text_column=options.text_column))
    said = form.said if form else tr("something else")
    if options.kind:
        return InputError(
            tr("{file} is not what --kind {kind} says", file=file.name, kind=options.kind),
            details=[tr("expected {promised}, got {said}", promised=_SAID[options.kind], said=said)],
            next_step=tr("leave out `--kind`, or give another file."),
        )
    return InputError(
        tr("{file} is not what its name says", file=file.name),
        details=[tr("expected {promised}, got {said}", promised=PROMISED[file.suffix], said=said)],
        next_step=tr("give it the suffix of what it is, such as .txt, or say what it is with `--kind`."),
    )

"""Forms of files that are recognised, so that they are named truly, and not read.

They stand in `schemas/documents/formats.yaml`. A form that is not known is never taken for prose.
"""

from __future__ import annotations

import re
import zipfile
from functools import cache
from typing import Any

from etl.documents.file import DocumentFile
from etl.errors import InputError
from etl.ingestion.sources.pointer import refuse_pointer
from etl.language.message import tr
from etl.schema import resources
from etl.schema.file_forms import unread_form

_NEXT_STEP = tr("save it as .docx, .pdf or text from the program that wrote it.")
_MIN_LINES = 3
_SHOWN_CHARS, _LINE_CHARS = 40, 200


def promised() -> dict[str, str]:
    """Returns the suffixes of files that are not read, and what they promise."""
    return {form["suffix"]: tr(form["said"]) for form in _forms("suffixes")}


def mimetype_of(file: DocumentFile) -> str:
    """The type that an OpenDocument or EPUB states in its first member."""
    if file.members.get("mimetype", 1 << 20) > 1 << 10:
        return ""
    try:
        with file.open() as stream, zipfile.ZipFile(stream) as archive:
            return archive.read("mimetype").decode("ascii", "ignore").strip()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return ""


def refuse_unread(file: DocumentFile) -> None:
    """Refuses a file of a form that is known, and that nothing here reads.

    Raises:
        InputError: it is one.
    """
    refuse_pointer(file.head, file.name)
    form = _binary(file) or _textual(file)
    if form:
        raise InputError(
            tr("{file} is {form}, which is not read", file=file.name, form=tr(form["said"])),
            next_step=tr(form["next"]) if "next" in form else _NEXT_STEP,
        )


def refuse_named(file: DocumentFile) -> None:
    """Refuses a text whose name says that it is a program, settings or the like.

    Raises:
        InputError: it is one.
    """
    form = next((form for form in _forms("named") if file.suffix in form["suffixes"]), None)
    if form:
        raise InputError(
            tr("{file} is {form} by its name, and that is not read", file=file.name, form=tr(form["said"])),
            next_step=tr(
                "if a person wrote it, call it .txt, or take each line as it stands: `--kind post`."
            ),
        )


def refuse_page_of_chat(file: DocumentFile) -> None:
    """Refuses a page of HTML in which an app has exported a chat: names and times are paragraphs of it.

    Raises:
        InputError: it is one.
    """
    page = next((page for page in _forms("pages") if re.search(page["has"], file.text)), None)
    if page:
        raise InputError(
            tr("{file} is {form}, which is not read", file=file.name, form=tr(page["said"])),
            next_step=tr(page["next"]),
        )


def refuse_log(file: DocumentFile) -> None:
    """Refuses a text most lines of which begin with a date or time: a chat or a log of a layout not known.

    Raises:
        InputError: it is one.
    """
    lines = _lines(file.text)
    stamped = [line for line in lines if _found("stamp", line)]
    if len(lines) >= _MIN_LINES and len(stamped) * 2 > len(lines):
        raise InputError(
            tr("{file} looks like a chat or a log, of a layout that is not known", file=file.name),
            details=[
                tr(
                    "{stamped:,} of {lines:,} lines begin with a date or a time, such as {example!r}",
                    stamped=len(stamped),
                    lines=len(lines),
                    example=stamped[0][:_SHOWN_CHARS],
                )
            ],
            cause=tr("It was exported by another app, in another language, or edited."),
            next_step=tr("export it again from the app, or take each line as it stands: `--kind post`."),
        )


def refuse_code(file: DocumentFile) -> None:
    """Refuses a text most lines of which are program code, settings, or bytes spelled as letters.

    Raises:
        InputError: it is one.
    """
    lines = [line for line in _lines(file.text) if not re.match(_schema()["comment_line"], line)]
    code = [line for line in lines if _found("code_line", line)]
    if len(code) * 2 > len(lines):
        raise InputError(
            tr("{file} looks like program code or settings, which is not read", file=file.name),
            details=[
                tr(
                    "{code:,} of {lines:,} lines do, such as {example!r}",
                    code=len(code),
                    lines=len(lines),
                    example=code[0][:_SHOWN_CHARS],
                )
            ],
            next_step=tr("if it is what a person wrote, take each line as it stands: `--kind post`."),
        )


def _binary(file: DocumentFile) -> dict[str, Any] | None:
    if form := unread_form(file.head):
        return form
    if file.is_compound_file:
        return next((form for form in _forms("compound") if file.has_stream(form["stream"])), None)
    if file.head.startswith(b"PK\x03\x04"):
        mimetype = mimetype_of(file)
        return next(
            form
            for form in _forms("zipped")
            if (any(re.fullmatch(form["member"], name) for name in file.members) or not form["member"])
            and form.get("mimetype") in {None, mimetype}
        )
    return None


def _textual(file: DocumentFile) -> dict[str, Any] | None:
    if not file.is_text:
        return None
    return next((form for form in _forms("text") if re.match(form["begins"], file.text)), None)


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]


def _forms(name: str) -> list[dict[str, Any]]:
    forms: list[dict[str, Any]] = _schema()[name]
    return forms


def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = resources.load("schemas", "documents", "formats.yaml")
    return schema


@cache
def _patterns(name: str) -> list[re.Pattern[str]]:
    return [re.compile(each) for each in _schema()[name]]


def _found(name: str, line: str) -> bool:
    # The patterns look at how a line begins and ends; some would take long on one of a million characters.
    line = line if len(line) <= _LINE_CHARS else line[: _LINE_CHARS // 2] + line[-_LINE_CHARS // 2 :]
    return any(pattern.match(line) for pattern in _patterns(name))

"""Finds out what kind of document a file is, by its content and its name, and reads its passages."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from etl.documents import chat, formal, mail, posts
from etl.documents.passage import Kind, Passage
from etl.documents.text import decode
from etl.errors import InputError
from etl.ingestion.tables.reader import FORMATS, format_of, raw_file_at, raw_file_in_memory
from etl.text.encoding import head_as_utf8

_MAX_BYTES = 2 << 30
_HEAD_BYTES = 8192
_HEADER = re.compile(rb"(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*){2}")
_MAIL_HEADER = re.compile(
    rb"^(?:from|to|subject|date|received|message-id|mime-version|return-path):", re.I | re.M
)
_BINARY = {
    b"%PDF-": "pdf",
    b"PK\x03\x04": "zip",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "ole",
    b"HWP Document File": "hwp",
    b"\x1f\x8b": "gzip",
    b"{\\rtf": "rtf",
    b"PAR1": "parquet",
    b"ARROW1": "arrow",
    b"\xff\xff\xff\xff": "arrow",  # a stream
    b"\x89PNG": "png",
    b"\xff\xd8\xff": "jpeg",
}
_SAID = {
    "pdf": "a PDF",
    "docx": "a DOCX",
    "xlsx": "a workbook (XLSX)",
    "parquet": "a Parquet table",
    "arrow": "an Arrow table",
    "packed": "a table in gzip",
    "zip": "a zip archive",
    "hwp": "a document of Hangul (HWP)",
    "ole": "a document of an old Office, or an encrypted one",
    "gzip": "a gzip archive",
    "rtf": "an RTF document",
    "png": "a picture",
    "jpeg": "a picture",
    "mail": "a mail",
    "mbox": "a mailbox",
    "json": "JSON lines",
    "text": "text",
}
_TABLES = {"xlsx", "parquet", "arrow", "packed"}
_TEXTS = {"text", "mail", "mbox", "json"}
# What a file may hold, by its suffix. Any other suffix is taken for that of a text.
_EXPECTED = {
    ".eml": {"mail"},
    ".mbox": {"mbox"},
    ".json": _TEXTS,
    ".jsonl": {"json"},
    ".ndjson": {"json"},
    ".csv": {"text", "json"},
    ".tsv": {"text", "json"},
    ".xlsx": {"xlsx"},
    ".parquet": {"parquet"},
    ".arrow": {"arrow"},
    ".gz": {"packed"},
    ".md": {"text", "mail"},
    ".markdown": {"text", "mail"},
    ".docx": {"docx"},
    ".pdf": {"pdf"},
}
# What can be read as each kind.
_OF_KIND: dict[str, set[str]] = {
    "mail": {"mail", "mbox"},
    "chat": _TEXTS,
    "post": _TEXTS | _TABLES,
    "formal": _TEXTS | {"pdf", "docx"},
}
SUFFIXES = (*_EXPECTED, ".txt")


def read_document(
    path: Path,
    name: str,
    *,
    kind: Kind | None = None,
    text_column: str | None = None,
    has_quotes: bool = False,
) -> Iterator[Passage]:
    """Reads the passages of a file, in order.

    Args:
        path: the file.
        name: as the user calls it.
        kind: what it is, where that is not to be found out.
        text_column: of posts, the column that holds the text.
        has_quotes: whether what a mail quotes, and signatures, are among them.

    Raises:
        InputError: it cannot be read, is empty, or is not what its name says.
    """
    is_empty = True
    for passage in _passages(path, name, _form(path, name, kind), kind, text_column):
        if has_quotes or passage.part == "body":
            is_empty = False
            yield passage
    if is_empty:
        raise InputError(
            f"{name} is empty",
            details=[f"expected words, got none in {path.stat().st_size:,} bytes"],
            cause="It holds nothing, or nothing that a person has written.",
            next_step="give another file.",
        )


def _form(path: Path, name: str, kind: Kind | None) -> str:
    """Recognises the format of a file, and checks it against the stated kind."""
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError as error:
        raise InputError(
            f"{name} cannot be read: {error.strerror}", next_step="check the path, and that you may read it."
        ) from error
    if size > _MAX_BYTES:
        raise InputError(
            f"{name} is too large",
            details=[f"expected at most {_MAX_BYTES:,} bytes, got {size:,}"],
            next_step="divide it, or give its lines to `etl predict MODEL -`.",
        )
    form = _sniff(path, head)
    expected = _OF_KIND[kind] if kind in _OF_KIND else _EXPECTED.get(path.suffix.lower(), _TEXTS)
    if head.strip() and form not in expected:
        said = f"--kind {kind}" if kind in _OF_KIND else "its name"
        raise InputError(
            f"{name} is not what {said} says",
            details=[f"expected {_listed(expected)}, got {_said(path, form)}"],
            next_step=_advice(form),
        )
    return form


def _sniff(path: Path, head: bytes) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    form = next((form for magic, form in _BINARY.items() if start.startswith(magic)), None)
    if form == "zip":
        return _zipped(path)
    if form == "gzip" and path.suffix.lower() == ".gz" and format_of(path) in FORMATS:
        return "packed"
    if form is not None:
        return form
    if start.startswith(b"From ") and _HEADER.match(start.partition(b"\n")[2]):
        return "mbox"
    if _HEADER.match(start.replace(b"\r\n", b"\n")) and _MAIL_HEADER.search(start):
        return "mail"
    return "json" if re.match(rb'\s*\{\s*(?:"|\})', head_as_utf8(head)) else "text"


def _zipped(path: Path) -> str:

    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        suffix = path.suffix.lower()  # cut off: its reader explains that
        return suffix[1:] if suffix in {".docx", ".xlsx"} else "zip"
    if "Contents/section0.xml" in names:
        return "hwp"
    if "xl/workbook.xml" in names:
        return "xlsx"
    return "docx" if "word/document.xml" in names else "zip"


def _passages(
    path: Path, name: str, form: str, kind: Kind | None, text_column: str | None
) -> Iterator[Passage]:
    if form == "pdf":
        return formal.read_pdf(path, name)
    if form == "docx":
        return formal.read_docx(path, name)
    if form == "mbox" and kind in {None, "mail"}:
        return mail.read_mbox(path, name)
    if form in _TABLES:
        suffix = format_of(path) if form == "packed" else f".{form}"
        return posts.read_table(raw_file_at(path, name), suffix, text_column)
    content = path.read_bytes()
    if form == "mail" and kind in {None, "mail"}:
        return mail.read_mail(content, name)
    text = decode(content, name)
    if kind in {None, "chat"} and (found := _chat(text, name, kind)):
        return found
    is_array = path.suffix.lower() == ".json" and re.match(r"\s*\[\s*\{", text)
    if (form == "json" or is_array) and kind in {None, "post"}:
        suffix = ".json" if is_array else ".jsonl"
        return posts.read_table(raw_file_in_memory(text.encode(), name), suffix, text_column)
    return _of_text(text, path, name, kind, text_column)


def _chat(text: str, name: str, kind: Kind | None) -> Iterator[Passage] | None:
    if chat.is_chat_table(posts.header_of(text)):
        return chat.read_chat_table(text)
    return chat.read_chat(text, name) if kind == "chat" or chat.is_chat(text) else None


def _of_text(
    text: str, path: Path, name: str, kind: Kind | None, text_column: str | None
) -> Iterator[Passage]:
    """A text that is neither mail nor chat: posts in a table or on lines, or a formal document."""
    suffix = path.suffix.lower()
    if kind == "formal" or suffix in {".md", ".markdown"}:
        return formal.read_markdown(text) if suffix in {".md", ".markdown"} else formal.read_text(text)
    header = posts.header_of(text)
    is_table = suffix in {".csv", ".tsv"} or text_column in header
    if text.strip() and (is_table or (kind == "post" and len(header) > 1 and posts.has_columns(header))):
        return posts.read_table(raw_file_in_memory(text.encode(), name), ".csv", text_column)
    # Paragraphs have blank lines between them; lists of posts have one post a line.
    has_paragraphs = re.search(r"\S[^\n]*\n[^\S\n]*\n\s*\S", text)
    return formal.read_text(text) if has_paragraphs and kind is None else posts.read_lines(text)


def _said(path: Path, form: str) -> str:
    if form == "ole":
        content = path.read_bytes()
        if "EncryptedPackage".encode("utf-16-le") in content:
            return "an encrypted document"
        if "HwpSummaryInformation".encode("utf-16-le") in content:
            return _SAID["hwp"]
    return _SAID[form]


def _listed(forms: set[str]) -> str:
    return " or ".join(_SAID[form] for form in _SAID if form in forms)


def _advice(form: str) -> str:
    if form in {"pdf", "docx", "xlsx", "parquet", "arrow"}:
        return f"give it the suffix .{form}."
    if form in _TEXTS:
        return "give it the suffix of what it is, such as .txt, or say what it is with `--kind`."
    return "save it as .docx, .pdf or text, without a password, from the program that wrote it."

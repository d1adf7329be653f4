"""All forms of documents that are read, in the order in which a file is tried. A new form is one entry here.

A file is recognised by its content; its name only decides between forms of text that look the same, such as
Markdown. Forms that are recognised and not read stand in `etl.documents.unread`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from etl.documents import exports, posts, unread
from etl.documents.chats import archives as chat_archives
from etl.documents.chats import read as chats
from etl.documents.file import DocumentFile, ReadOptions
from etl.documents.formal import docx, opendocument, pdf, rtf, text
from etl.documents.hwp import compound as hwp_compound
from etl.documents.hwp import package as hwpx_package
from etl.documents.hwp.read import read_hwp, read_hwpx
from etl.documents.mails import read as mails
from etl.documents.passage import Kind, Passage
from etl.errors import InputError
from etl.ingestion.tables import form
from etl.ingestion.tables.dialect import FOUND_OUT
from etl.ingestion.tables.preview import Preview
from etl.ingestion.tables.reader import FORMATS as TABLE_FORMATS
from etl.ingestion.tables.reader import format_of
from etl.language.message import tr
from etl.text.encoding import head_as_utf8

Reader = Callable[[DocumentFile, ReadOptions], Iterator[Passage]]

_HEADER = re.compile(rb"(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*){2}")
_LENGTH = re.compile(rb"\A\d+[ \t]*\r?\n")  # Apple Mail begins a file with it
_MAIL_HEADER = re.compile(
    rb"^(?:from|to|subject|date|received|message-id|mime-version|return-path):", re.I | re.M
)
_HTML = re.compile(
    r"\s*(?:<\?xml\b[^>]*>\s*|<!--(?:(?!-->).)*-->\s*)*<(?:!doctype\s+html|html|head|body|meta|title|link|div|p|table|span|br|"
    r"ul|ol|h[1-6]|article|section|main|header|form|pre|blockquote|center|font)\b",
    re.IGNORECASE | re.DOTALL,
)
_JSON = re.compile(rb'\s*(?:\{\s*(?:"|\})|\[\s*\{)')
_MARKDOWN = {".md", ".markdown"}
_DELIMITED = {".csv", ".tsv"}
_JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
_PROSE_LINE = re.compile(r"[^\n]*[,;] ")  # people write a blank after a comma
# Paragraphs have blank lines between them; lists of posts have one post a line.
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")


@dataclass(frozen=True)
class DocumentFormat:
    """One form of documents.

    Args:
        said: what a file of it is, in words.
        kind: of its documents.
        is_format: whether a file is of this form.
        read: its passages, in order.
        suffixes: of its files. They promise the form: a text without any form is not read under such a name.
    """

    said: str
    kind: Kind
    is_format: Callable[[DocumentFile, ReadOptions], bool]
    read: Reader
    suffixes: tuple[str, ...] = ()


def recognise(file: DocumentFile, options: ReadOptions) -> DocumentFormat | None:
    """Returns the form of a file; None where none that is read fits.

    Args:
        file: what to recognise.
        options: with a `kind`, only its forms are tried; a text that is of none is read as its plain form.
    """
    fits = (each for each in FORMATS if options.kind in {None, each.kind})
    found = next((each for each in fits if each.is_format(file, options)), None)
    if found is None and options.kind in _PLAIN and file.is_text:
        return _PLAIN[options.kind]
    return found


def _begins(*magics: bytes) -> Callable[[DocumentFile, ReadOptions], bool]:
    return lambda file, _: file.head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(magics)


def _holds(member: str) -> Callable[[DocumentFile, ReadOptions], bool]:
    """A zip archive with this member, a pattern; one that was cut off and has the suffix of such a one."""
    suffix = ".docx" if member.startswith("word") else ".xlsx"
    return lambda file, _: (
        any(re.fullmatch(member, name) for name in file.members)
        or (file.head.startswith(b"PK\x03\x04") and not file.members and file.suffix == suffix)
    )


def _is_pdf(file: DocumentFile, _: ReadOptions) -> bool:
    """Whether it begins as a PDF; what a mail program or a server has put before it may be there."""
    at = file.head.find(b"%PDF-", 0, 1024)
    is_inside = file.is_compound_file or file.head.startswith(b"PK") or _HEADER.match(file.head)
    return at == 0 or (at > 0 and not is_inside and not file.is_text)


def _is_odt(file: DocumentFile, _: ReadOptions) -> bool:
    if "content.xml" not in file.members:
        return False
    mimetype = unread.mimetype_of(file)
    return mimetype.startswith(opendocument.MIMETYPE) or (not mimetype and file.suffix == ".odt")


def _is_mailbox(file: DocumentFile, _: ReadOptions) -> bool:
    start = file.head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith(b"From ") and bool(_HEADER.match(start.partition(b"\n")[2]))


def _is_mail(file: DocumentFile, _: ReadOptions) -> bool:
    start = _LENGTH.sub(b"", file.head.lstrip(b"\xef\xbb\xbf \t\r\n"))
    return bool(_HEADER.match(start.replace(b"\r\n", b"\n")) and _MAIL_HEADER.search(start))


def _is_outlook(file: DocumentFile, _: ReadOptions) -> bool:
    """A mail that Outlook has saved; also one that was cut off before the names of its streams."""
    is_cut_off = file.suffix == ".msg" and file.is_compound_file and not file.has_stream("Root Entry")
    return is_cut_off or file.has_stream("__properties_version1.0") or file.has_stream("__substg1.0_1000001F")


def _read_chat_attached(file: DocumentFile) -> Iterator[Passage] | None:
    """The messages of a chat that is attached to a mail; None of any other file."""
    found = recognise(file, ReadOptions())
    return found.read(file, ReadOptions()) if found and found.kind == "chat" else None


def _is_json(file: DocumentFile, _: ReadOptions) -> bool:
    return bool(_JSON.match(head_as_utf8(file.head))) or file.json is not None


def _is_packed_table(file: DocumentFile, _: ReadOptions) -> bool:
    is_gzip = file.head.startswith(b"\x1f\x8b") and file.suffix == ".gz"
    return is_gzip and format_of(file.path) in TABLE_FORMATS


def _is_misnamed(file: DocumentFile, _: ReadOptions) -> bool:
    """A page of HTML, XML or text that is called a workbook or CSV; JSON may be more than a table."""
    if not form.may_be_misnamed(file.suffix):
        return False
    return form.find_suffix(file.suffix, file.head) not in {file.suffix, ".json"}


def _is_delimited(file: DocumentFile, options: ReadOptions) -> bool:
    """A table in a text: by its suffix, a column that was named, usual columns, or TABs in each line."""
    if file.suffix == ".gz":  # what is in it was tried
        return False
    preview = Preview(file.raw, ".csv", options.dialect)
    try:
        first_lines, records = preview.text, preview.first_records
    except InputError:  # in no known encoding
        return False
    if not records or (options.dialect != FOUND_OUT and file.is_text):
        return bool(records)
    header, *records = records
    # A first line of prose can hold a known name; a table has as many cells in each of its lines.
    is_table = all(header) and all(len(record) == len(header) for record in records)
    is_table = is_table and len(header) > 1 and not _PROSE_LINE.match(first_lines)
    has_column = options.text_column in header or posts.has_columns(header)
    if not file.is_text:  # some of its rows may be damaged
        return has_column and (len(header) > 1 or file.suffix in _DELIMITED)
    is_known = (is_table or options.kind == "post") and len(header) > 1 and has_column
    is_tabular = is_table and len(records) > 1 and "\t" in first_lines and options.kind is None
    return file.suffix in _DELIMITED or options.text_column in header or is_known or is_tabular


def _read_table(suffix: str) -> Reader:
    return lambda file, options: posts.read_table(file.raw, suffix, options.text_column, options.dialect)


def _read_text_table(file: DocumentFile, options: ReadOptions) -> Iterator[Passage]:
    suffix = file.suffix if file.suffix in _DELIMITED else ".csv"
    return posts.read_table(file.raw, suffix, options.text_column, options.dialect)


def _read_json(file: DocumentFile, options: ReadOptions) -> Iterator[Passage]:
    suffix = "" if file.suffix in _JSON_SUFFIXES else ".jsonl" if file.json is None else ".json"
    return posts.read_table(file.raw, suffix, options.text_column, options.dialect)


def _read_page(file: DocumentFile, options: ReadOptions) -> Iterator[Passage]:
    if options.kind is None:
        unread.refuse_page_of_chat(file)
    return text.read_html(file.text)


def _read_plain(file: DocumentFile, options: ReadOptions) -> Iterator[Passage]:
    """A text without any form: paragraphs, or one post a line."""
    has_paragraphs = _BLANK_LINE.search(file.text.strip()) is not None
    is_formal = options.kind == "formal" or (has_paragraphs and options.kind is None)
    return text.read_text(file.text) if is_formal else posts.read_lines(file.text)


_TEXT = DocumentFormat(tr("text"), "formal", lambda file, _: file.is_text, _read_plain)
_CHAT = DocumentFormat(
    tr("a chat"),
    "chat",
    lambda file, _: chats.is_chat(file),
    lambda file, _: chats.read_chat(file),
)
# With what a text is read that is said to be of a kind, and looks like none of its forms.
_PLAIN: dict[Kind | None, DocumentFormat] = {"chat": _CHAT, "post": _TEXT, "formal": _TEXT}

FORMATS: tuple[DocumentFormat, ...] = (
    DocumentFormat(
        tr("a PDF"),
        "formal",
        _is_pdf,
        lambda file, _: pdf.read_pdf(file),
        (".pdf",),
    ),
    DocumentFormat(
        tr("a DOCX"),
        "formal",
        _holds(r"word/document\d*\.xml"),
        lambda file, _: docx.read_docx(file),
        (".docx", ".docm"),
    ),
    DocumentFormat(
        tr("a document of Hangul (HWP)"),
        "formal",
        lambda file, _: hwp_compound.is_hwp(file),
        lambda file, _: read_hwp(file),
        hwp_compound.SUFFIXES,
    ),
    DocumentFormat(
        tr("a document of Hangul (HWPX)"),
        "formal",
        lambda file, _: hwpx_package.is_hwpx(file),
        lambda file, _: read_hwpx(file),
        hwpx_package.SUFFIXES,
    ),
    DocumentFormat(tr("an ODT"), "formal", _is_odt, lambda file, _: opendocument.read_odt(file), (".odt",)),
    DocumentFormat(
        tr("an RTF document"),
        "formal",
        _begins(b"{\\rtf"),
        lambda file, _: rtf.read_rtf(file.content, file.name),
        (".rtf",),
    ),
    DocumentFormat(
        tr("a workbook (XLSX)"), "post", _holds(r"xl/workbook\.xml"), _read_table(".xlsx"), (".xlsx",)
    ),
    DocumentFormat(
        tr("a workbook of an old Excel (XLS)"),
        "post",
        lambda file, _: file.has_stream("Workbook"),
        _read_table(".xls"),
        (".xls",),
    ),
    DocumentFormat(tr("a Parquet table"), "post", _begins(b"PAR1"), _read_table(".parquet"), (".parquet",)),
    DocumentFormat(
        tr("an Arrow table"),
        "post",
        _begins(b"ARROW1", b"\xff\xff\xff\xff"),
        _read_table(".arrow"),
        (".arrow", ".feather"),
    ),
    DocumentFormat(tr("a table in gzip"), "post", _is_packed_table, _read_table(""), (".gz",)),
    DocumentFormat(tr("a table of another form than its name says"), "post", _is_misnamed, _read_table("")),
    DocumentFormat(
        tr("a mailbox"),
        "mail",
        _is_mailbox,
        lambda file, _: mails.read_mbox(file.path, file.name, _read_chat_attached),
        (".mbox",),
    ),
    DocumentFormat(
        tr("a mail"),
        "mail",
        _is_mail,
        lambda file, _: mails.read_mail(file.content, file.name, _read_chat_attached),
        (".eml", ".emlx"),
    ),
    DocumentFormat(
        tr("a mail of Outlook (MSG)"),
        "mail",
        _is_outlook,
        lambda file, _: mails.read_message(file.content, file.name, _read_chat_attached),
        (".msg",),
    ),
    _CHAT,
    DocumentFormat(
        tr("a zip archive with chats"),
        "chat",
        lambda file, _: chat_archives.has_chats(file),
        lambda file, _: chat_archives.read_chats(file),
    ),
    DocumentFormat(
        tr("an export of posts or comments"),
        "post",
        lambda file, _: exports.find_layout(file) is not None,
        lambda file, _: exports.read_export(file),
    ),
    DocumentFormat("JSON", "post", _is_json, _read_json, _JSON_SUFFIXES),
    DocumentFormat(
        tr("a page of HTML"),
        "formal",
        lambda file, _: file.is_text and _HTML.match(file.text) is not None,
        _read_page,
        (".html", ".htm", ".xhtml"),
    ),
    DocumentFormat(
        "Markdown",
        "formal",
        lambda file, _: file.suffix in _MARKDOWN and file.is_text,
        lambda file, _: text.read_markdown(file.text, file.name),
    ),
    DocumentFormat(tr("a table"), "post", _is_delimited, _read_text_table),
    _TEXT,
)

# Suffixes that promise a form, with what they promise; those of forms that are not read among them.
PROMISED = {suffix: each.said for each in FORMATS for suffix in each.suffixes} | unread.promised()
# An argument of the command line that ends like this is a file, even one that is not there.
SUFFIXES = (*PROMISED, *_MARKDOWN, *_DELIMITED, ".txt")

"""Formal documents such as self-introductions: plain text, Markdown, DOCX and PDF, paragraph by paragraph."""

from __future__ import annotations

import importlib.util
import logging
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl.documents.html import text_of
from etl.documents.passage import Passage
from etl.documents.text import paragraphs
from etl.errors import InputError

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import Table

# A book in DOCX has some megabytes of XML, and its pictures are as large inflated as packed.
_MAX_XML_BYTES, _MAX_BYTES = 64 << 20, 1 << 30
_INSTALL = "pip install 'korean-emotion-etl[documents]'"
# What parsers raise for a file that is damaged in a way that its format does not foresee.
_DAMAGE = (
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    AssertionError,
    RecursionError,
    OSError,
)


def read_text(text: str) -> Iterator[Passage]:
    """The paragraphs of a plain text."""
    for number, paragraph in paragraphs(enumerate(text.split("\n"), start=1)):
        yield Passage(paragraph, "formal", "line", number)


def read_html(text: str) -> Iterator[Passage]:
    """The paragraphs of a page of HTML, without scripts, styles and hidden parts."""
    for position, (_, paragraph) in enumerate(
        paragraphs(enumerate(text_of(text).split("\n"), start=1)), start=1
    ):
        yield Passage(paragraph, "formal", "paragraph", position)


def read_markdown(text: str) -> Iterator[Passage]:
    """The paragraphs, headings, list items and cells of a Markdown text, without its marks and code."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    for token in parser.parse(_without_front_matter(text)):
        if token.type != "inline" or not token.map:
            continue
        lines: list[str] = [""]
        for child in token.children or []:
            if child.type in {"softbreak", "hardbreak"}:
                lines.append("")
            elif child.type in {"text", "code_inline", "text_special"}:
                lines[-1] += child.content
        first = token.map[0] + 1
        for number, paragraph in paragraphs(enumerate(lines, start=first)):
            yield Passage(paragraph, "formal", "line", number)


def _without_front_matter(text: str) -> str:
    """The metadata that stand before some texts are made blank, so that the lines keep their numbers."""
    lines = text.split("\n")
    if lines[0].rstrip() != "---" or "---" not in lines[1:]:
        return text
    end = lines.index("---", 1)
    return "\n" * (end + 1) + "\n".join(lines[end + 1 :])


def read_docx(path: Path, name: str) -> Iterator[Passage]:
    """The paragraphs and the cells of tables, in the order in which they stand.

    Raises:
        InputError: it is damaged, not a DOCX, or would be far larger once unpacked; or python-docx is not
            installed.
    """
    _require("docx", "python-docx", name)
    import docx
    from docx.opc.exceptions import OpcError

    try:
        _refuse_bomb(path, name)
        document = docx.Document(str(path))
        texts = [text for text in _blocks(document) if text.strip()]
    except (OpcError, zipfile.BadZipFile, zlib.error, SyntaxError, *_DAMAGE) as error:
        raise InputError(
            f"{name} cannot be read as DOCX",
            details=[f"{type(error).__name__}: {error}"],
            cause="It is damaged, was cut off, or is another file with the name of a DOCX.",
            next_step="open it in a word processor and save it again as .docx.",
        ) from error
    position = 0
    for text in texts:
        for line in filter(str.strip, text.split("\n")):
            position += 1
            yield Passage(line.strip(), "formal", "paragraph", position)


def _blocks(container: Document | Any) -> Iterator[str]:
    """The text of each paragraph and cell; merged cells once."""
    from docx.table import Table

    for block in container.iter_inner_content():
        if isinstance(block, Table):
            yield from _cells(block)
        else:
            yield block.text


def _cells(table: Table) -> Iterator[str]:
    seen = set()
    for row in table.rows:
        for cell in row.cells:
            if cell._tc not in seen:  # a merged cell stands in each of its places
                seen.add(cell._tc)
                yield from _blocks(cell)


def _refuse_bomb(path: Path, name: str) -> None:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    xml = max((each.file_size for each in members if each.filename.endswith((".xml", ".rels"))), default=0)
    total = sum(each.file_size for each in members)
    for size, limit in ((xml, _MAX_XML_BYTES), (total, _MAX_BYTES)):
        if size > limit:
            raise InputError(
                f"{name} would be far too large once unpacked",
                details=[f"expected at most {limit:,} bytes, got {size:,} from {path.stat().st_size:,}"],
                cause="No document is packed like this; it may be a zip bomb.",
                next_step="open it in a word processor that you trust it to, and save its text.",
            )


def read_pdf(path: Path, name: str) -> Iterator[Passage]:
    """The paragraphs of a PDF, by page.

    Raises:
        InputError: it is damaged, encrypted, or holds only pictures of text; or pypdf is not installed.
    """
    _require("pypdf", "pypdf", name)
    import pypdf
    from pypdf.errors import DependencyError, PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it would warn on standard error, page by page
    try:
        reader = pypdf.PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise _encrypted(name)
        pages = [page.extract_text() for page in reader.pages]
    except DependencyError as error:
        raise _encrypted(name) from error
    except (PyPdfError, zlib.error, *_DAMAGE) as error:
        raise InputError(
            f"{name} cannot be read as PDF",
            details=[f"{type(error).__name__}: {error}"],
            cause="It is damaged, or was cut off.",
            next_step="open it in a PDF reader and save it again, or save its text as .txt.",
        ) from error
    if pages and not any(page.strip() for page in pages):
        raise InputError(
            f"{name} has no text",
            details=[f"expected text on {len(pages):,} pages, got none"],
            cause="It was scanned: its pages are pictures.",
            next_step="have its text recognised (OCR), or save it from the program that wrote it.",
        )
    for number, page in enumerate(pages, start=1):
        for _, paragraph in paragraphs(enumerate(page.split("\n"), start=1)):
            yield Passage(paragraph, "formal", "page", number)


def _encrypted(name: str) -> InputError:
    return InputError(
        f"{name} is encrypted",
        details=["expected a PDF that opens without a password"],
        next_step="open it with its password and save it without one.",
    )


def _require(module: str, package: str, name: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise InputError(
            f"{name} cannot be read: a package is not installed",
            details=[f"expected {package}, got nothing"],
            next_step=f"install it: {_INSTALL}",
        )

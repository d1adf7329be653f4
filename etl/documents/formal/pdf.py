"""PDF by PDFium, which knows the Korean code pages of PDF; `pdf_layout` orders the lines and joins them.

Body, tables, boxes, notes and the contents of form fields are read. Lines that stand on most pages, such as
headers and page numbers, are left out.
"""

from __future__ import annotations

import ctypes
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from etl.documents.file import DocumentFile
from etl.documents.formal.needs import DAMAGE, damaged, require
from etl.documents.formal.pdf_layout import Line, in_reading_order, join_lines
from etl.documents.passage import Passage
from etl.errors import InputError
from etl.language.message import tr

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage, PdfTextPage

_MAX_PAGES, _MAX_CHARS_A_PAGE = 5000, 200_000
# A letter is further from the one before it than this share of its size: another column or cell.
_GAP, _BLANK = 1.5, 0.2
_MEANINGLESS_SHARE, _MIN_CHARS = 0.1, 10
# A blank that PDFium has put where letters stand apart. In a line of which this share are blanks, they stand
# apart only to fill it.
_GENERATED, _STRETCHED_SHARE = "\u200b", 0.35
_HYPHENS = "\u0002\u00ad\ufffe"
_REPEATED_PAGES = 2
_PAGE_NUMBER = re.compile(r"[-–—\s]*\d+(?:\s*/\s*\d+)?[-–—\s]*")
_PASSWORD_ERROR = 4  # FPDF_ERR_PASSWORD


def read_pdf(file: DocumentFile) -> Iterator[Passage]:
    """Reads the paragraphs of a PDF, each with the page that it begins on.

    Raises:
        InputError: it is damaged, encrypted, holds only pictures of text or letters without a meaning, or
            pypdfium2 is not installed.
    """
    require("pypdfium2", "pypdfium2", file.name)
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(file.content)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD_ERROR or "password" in str(error).lower():
            raise _encrypted(file) from error
        raise damaged(file.name, "PDF", error) from error
    try:
        pages = _pages(document, file)
    except InputError:
        raise
    except (pypdfium2.PdfiumError, *DAMAGE) as error:
        raise damaged(file.name, "PDF", error) from error
    finally:
        document.close()
    _refuse_no_text(pages, file)
    in_order = [line for lines in _without_repeated(pages) for line in in_reading_order(lines)]
    for page, paragraph in join_lines(in_order):
        yield Passage(paragraph, "formal", "page", page)


def _pages(document: PdfDocument, file: DocumentFile) -> list[list[Line]]:
    """The lines of each page, in the order of the file."""
    document.init_forms()
    if len(document) > _MAX_PAGES:
        raise InputError(
            tr("{file} is too long", file=file.name),
            details=[
                tr(
                    "expected at most {most:,} pages, got {pages:,}",
                    most=_MAX_PAGES,
                    pages=len(document),
                )
            ],
            next_step=tr("divide it."),
        )
    pages = []
    for index in range(len(document)):
        page = document[index]
        text_page = page.get_textpage()
        pages.append([*_lines(text_page, index + 1), *_fields(page, document, index + 1)])
    return pages


def _lines(text_page: PdfTextPage, page: int) -> list[Line]:
    """Runs of letters on one baseline without a wide gap, in the order of the file."""
    import pypdfium2.raw as pdfium

    rectangle = pdfium.FS_RECTF()
    is_artifact = _artifacts(text_page)
    lines: list[Line] = []
    line: Line | None = None
    for index in range(min(text_page.count_chars(), _MAX_CHARS_A_PAGE)):
        code = pdfium.FPDFText_GetUnicode(text_page, index)
        character = chr(code) if code < 0x110000 else "\ufffd"
        if character in "\r\n\0" and not 0xD800 <= code <= 0xDFFF:
            continue
        is_generated = pdfium.FPDFText_IsGenerated(text_page, index) == 1
        if character.isspace():
            if line and not line.text.endswith(" "):
                blank = _GENERATED if is_generated else " "
                line = lines[-1] = replace(line, text=line.text + blank, has_space=not is_generated)
            continue
        # As wide as the letter's advance and as high as the font: a full stop is as high as a syllable.
        if not pdfium.FPDFText_GetLooseCharBox(text_page, index, rectangle) or is_artifact(index):
            continue
        turn = round(-pdfium.FPDFText_GetCharAngle(text_page, index) / (math.pi / 2)) % 4
        box = _turned_back((rectangle.left, rectangle.bottom, rectangle.right, rectangle.top), turn)
        size = _size(text_page, index, box[3] - box[1])
        if line and line.turn == turn and line.goes_on_with(box, size, _GAP):
            # PDFium puts blanks between letters that stand apart, but not into turned text.
            is_apart = bool(turn) and box[0] - line.right > _BLANK * size and not line.text.endswith(" ")
            line = line.add(f" {character}" if is_apart else character, box, size)
            lines[-1] = line
        else:
            line = Line(character, *box, size=size, page=page, turn=turn)
            lines.append(line)
    return [_tidy(line) for line in lines if line.text.strip()]


def _artifacts(text_page: PdfTextPage) -> Callable[[int], bool]:
    """Whether a letter of a tagged file is marked as none of its text, as headers are (ISO 32000, 14.8.2)."""
    import pypdfium2.raw as pdfium

    name, length = (pdfium.FPDF_WCHAR * 16)(), ctypes.c_ulong()

    @cache
    def has_mark(address: int) -> bool:
        shown = ctypes.cast(address, pdfium.FPDF_PAGEOBJECT)
        for index in range(pdfium.FPDFPageObj_CountMarks(shown)):
            mark = pdfium.FPDFPageObj_GetMark(shown, index)
            is_named = pdfium.FPDFPageObjMark_GetName(mark, name, ctypes.sizeof(name), length)
            if is_named and bytes(name)[: length.value] == "Artifact\0".encode("utf-16-le"):
                return True
        return False

    def is_artifact(index: int) -> bool:
        shown = pdfium.FPDFText_GetTextObject(text_page, index)
        return bool(shown) and has_mark(ctypes.cast(shown, ctypes.c_void_p).value or 0)

    return is_artifact


def _turned_back(box: tuple[float, float, float, float], turn: int) -> tuple[float, float, float, float]:
    """The box of a letter where the page is turned so that its line is level."""
    for _ in range(turn):
        left, bottom, right, top = box
        box = (bottom, -right, top, -left)
    return box


def _size(text_page: PdfTextPage, index: int, height: float) -> float:
    """The size of a letter on the page: the file may say 1, and enlarge it by a matrix."""
    import pypdfium2.raw as pdfium

    matrix = pdfium.FS_MATRIX()
    if not pdfium.FPDFText_GetMatrix(text_page, index, matrix):
        return max(height, 1.0)
    return max(float(pdfium.FPDFText_GetFontSize(text_page, index)) * math.hypot(matrix.b, matrix.d), 1.0)


def _tidy(line: Line) -> Line:
    """Pairs surrogates, and says how the line ends and whether its letters were moved apart."""
    text = line.text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    is_stretched = text.count(_GENERATED) > _STRETCHED_SHARE * len(text)
    text = text.replace(_GENERATED, "" if is_stretched else " ")
    stripped = text.rstrip()
    is_hyphenated = stripped.endswith(tuple(_HYPHENS))
    return replace(
        line,
        text=stripped.translate(dict.fromkeys(map(ord, _HYPHENS))).strip(),
        has_space=line.has_space and text != stripped,
        is_hyphenated=is_hyphenated,
        is_stretched=is_stretched,
    )


def _fields(page: PdfPage, document: PdfDocument, number: int) -> Iterator[Line]:
    """The contents of form fields for text, each a line of its own."""
    import pypdfium2.raw as pdfium

    if document.formenv is None:
        return
    for index in range(pdfium.FPDFPage_GetAnnotCount(page)):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        try:
            kind = pdfium.FPDFAnnot_GetFormFieldType(document.formenv, annotation)
            if kind not in {pdfium.FPDF_FORMFIELD_TEXTFIELD, pdfium.FPDF_FORMFIELD_COMBOBOX}:
                continue
            length = pdfium.FPDFAnnot_GetFormFieldValue(document.formenv, annotation, None, 0)
            buffer = ctypes.create_string_buffer(length)
            value = ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR))
            pdfium.FPDFAnnot_GetFormFieldValue(document.formenv, annotation, value, length)
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)
        text = buffer.raw[: max(0, length - 2)].decode("utf-16-le", "replace")
        for each in filter(str.strip, re.split(r"[\r\n]+", text)):
            yield Line(each.strip(), 0, 0, 0, 0, size=1, page=number, is_apart=True)


def _without_repeated(pages: list[list[Line]]) -> list[list[Line]]:
    """All lines but, at the top or bottom, those that most pages have, digits aside, and page numbers."""
    edges = [_edges(lines) for lines in pages]
    counts = Counter(form for forms in edges for form in {_form(line) for line in forms})
    threshold = max(_REPEATED_PAGES, len(pages) // 2 + 1)

    def is_repeated(line: Line) -> bool:
        return counts[_form(line)] >= threshold or _PAGE_NUMBER.fullmatch(line.text) is not None

    return [
        [line for line in lines if not (line in at_edge and is_repeated(line))]
        for lines, at_edge in zip(pages, edges, strict=True)
    ]


def _edges(lines: list[Line]) -> list[Line]:
    placed = [line for line in lines if not line.is_apart]
    if not placed:
        return []
    turn = Counter(line.turn for line in placed).most_common(1)[0][0]
    placed = [line for line in placed if line.turn == turn]
    highest, lowest = max(line.top for line in placed), min(line.bottom for line in placed)
    return [line for line in placed if line.top > highest - line.size or line.bottom < lowest + line.size]


def _form(line: Line) -> str:
    return re.sub(r"\d+", "#", line.text)


def _refuse_no_text(pages: list[list[Line]], file: DocumentFile) -> None:
    characters = [each for lines in pages for line in lines for each in line.text if not each.isspace()]
    if not characters and pages:
        raise InputError(
            tr("{file} has no text", file=file.name),
            details=[tr("expected text on {pages:,} pages, got none", pages=len(pages))],
            cause=tr("It was scanned: its pages are pictures."),
            next_step=tr("have its text recognised (OCR), or save it from the program that wrote it."),
        )
    meaningless = sum(map(_is_meaningless, characters))
    if len(characters) >= _MIN_CHARS and meaningless > _MEANINGLESS_SHARE * len(characters):
        raise InputError(
            tr("the letters of {file} cannot be told", file=file.name),
            details=[
                tr(
                    "of {letters:,} letters {meaningless:,} cannot be told",
                    letters=len(characters),
                    meaningless=meaningless,
                )
            ],
            cause=tr("Its fonts do not say which letters their shapes are."),
            next_step=tr("have its text recognised (OCR), or save it from the program that wrote it."),
        )


def _is_meaningless(character: str) -> bool:
    """Whether a character is for private use, no character, or a syllable that hardly any Korean text has."""
    if unicodedata.category(character) in {"Co", "Cn", "Cc", "Cs"} or character == "\ufffd":
        return True
    # The 2,350 syllables of KS X 1001 take two bytes; Python spells others out, in eight.
    is_syllable = unicodedata.name(character, "").startswith("HANGUL SYLLABLE")
    return is_syllable and len(character.encode("euc-kr")) > 2


def _encrypted(file: DocumentFile) -> InputError:
    return InputError(
        tr("{file} is encrypted", file=file.name),
        details=[tr("expected a PDF that opens without a password")],
        next_step=tr("open it with its password and save it without one."),
    )

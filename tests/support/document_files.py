"""Documents that a test makes for itself."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_NAMESPACES = " ".join(
    f'xmlns:{name}="urn:made-up:{name}"'
    for name in ("w", "mc", "v", "wps", "office", "text", "table", "draw", "svg")
)
DATA = Path(__file__).parents[1] / "data" / "documents"


def write_pdf(path: Path, pages: Sequence[Sequence[str]]) -> Path:
    """A PDF with Korean text, one string a line."""
    placed = [[(72, 760 - 20 * index, line) for index, line in enumerate(page)] for page in pages]
    return write_placed_pdf(path, placed)


def write_placed_pdf(
    path: Path,
    pages: Sequence[Sequence[tuple[int, int, str]]],
    unicode_shift: int = 0,
    matrix: str = "1 0 0 1",
    artifact: str = "",
) -> Path:
    """A PDF in which each text stands at its x and y. Each character is a glyph of its own; no font is in it.

    `matrix` turns the texts; that one which is `artifact` is marked as none of the document's text.
    `unicode_shift` is added to what the letters are said to be: with it they are others than they look like.
    """
    characters = sorted({character for page in pages for _, _, line in page for character in line})
    glyphs = {character: number for number, character in enumerate(characters, start=1)}
    meanings = {each: chr(ord(each) + unicode_shift).encode("utf-16-be").hex() for each in characters}
    mapping = "\n".join(f"<{glyphs[each]:04X}> <{meanings[each]}>" for each in characters)
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
        f"{len(characters)} beginbfchar\n{mapping}\nendbfchar\nendcmap end end"
    )
    contents = []
    for page in pages:
        shown = [
            f"{matrix} {x} {y} Tm <{''.join(f'{glyphs[each]:04X}' for each in line)}> Tj"
            for x, y, line in page
        ]
        shown = [
            f"/Artifact << /Type /Pagination >> BDC {each} EMC" if artifact and line == artifact else each
            for each, (_, _, line) in zip(shown, page, strict=True)
        ]
        contents.append("BT /F1 12 Tf\n" + "\n".join(shown) + "\nET")
    first = 7
    kids = " ".join(f"{first + 2 * index} 0 R" for index in range(len(pages)))
    bodies = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type0 /BaseFont /Made-Up /Encoding /Identity-H"
        " /DescendantFonts [4 0 R] /ToUnicode 6 0 R >>",
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Made-Up /FontDescriptor 5 0 R /DW 1000"
        " /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>",
        "<< /Type /FontDescriptor /FontName /Made-Up /Flags 4 /FontBBox [0 0 1000 1000] /ItalicAngle 0"
        " /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>",
        f"<< /Length {len(cmap)} >>\nstream\n{cmap}\nendstream",
    ]
    for index, content in enumerate(contents):
        bodies.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {first + 2 * index + 1} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>"
        )
        bodies.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    path.write_bytes(_with_table(bodies))
    return path


def write_korean_code_page_pdf(path: Path, lines: Sequence[str]) -> Path:
    """A PDF whose text is in the code page of Korean Windows, without a table from glyphs to letters."""
    shown = " ".join(f"<{line.encode('cp949').hex()}> Tj T*" for line in lines)
    content = f"BT /F1 12 Tf 72 770 Td 18 TL {shown} ET"
    system = "/CIDSystemInfo << /Registry (Adobe) /Ordering (Korea1) /Supplement 1 >>"
    bodies = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        " /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        "<< /Type /Font /Subtype /Type0 /BaseFont /Batang /Encoding /KSCms-UHC-H /DescendantFonts [6 0 R] >>",
        f"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /Batang {system} /DW 1000 /FontDescriptor 7 0 R >>",
        "<< /Type /FontDescriptor /FontName /Batang /Flags 6 /FontBBox [0 -148 1001 880] /ItalicAngle 0"
        " /Ascent 880 /Descent -120 /CapHeight 800 /StemV 93 >>",
    ]
    path.write_bytes(_with_table(bodies))
    return path


def _with_table(bodies: Sequence[str]) -> bytes:
    """The objects of a PDF with their table of places."""
    written = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(bodies, start=1):
        places.append(len(written))
        written += f"{number} 0 obj\n{body}\nendobj\n".encode("ascii")
    start = len(written)
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    written += f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n{table}".encode("ascii")
    written += f"trailer\n<< /Size {len(bodies) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode(
        "ascii"
    )
    return bytes(written)


def write_encrypted_pdf(path: Path, password: str) -> Path:
    """A PDF that asks for a password."""
    import pypdf

    writer = pypdf.PdfWriter(clone_from=write_pdf(path, [["비밀이다."]]))
    writer.encrypt(password, algorithm="RC4-128")
    writer.write(path)
    return path


def write_docx(path: Path) -> Path:
    """A self-introduction with headings, a table with a merged cell, and a table in a table."""
    import docx

    document = docx.Document()
    document.add_heading("자기소개서", level=1)
    document.add_paragraph("저는 도전을 즐기는 사람입니다. 실패가 두렵지 않습니다.")
    table = document.add_table(rows=2, cols=2)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "봉사 활동"
    table.cell(1, 0).text = "2024"
    inner = table.cell(1, 1).add_table(rows=1, cols=1)
    inner.cell(0, 0).text = "아이들이 웃을 때 가장 행복했습니다."
    document.add_paragraph("끝까지 읽어 주셔서 감사합니다.")
    document.save(str(path))
    return path


def write_docx_body(path: Path, body: str, parts: Mapping[str, str] | None = None) -> Path:
    """A DOCX with this XML in its body, and other members beside it, such as `word/footnotes.xml`."""
    document = f"<w:document {_NAMESPACES}><w:body>{body}</w:body></w:document>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {"word/document.xml": document, **(parts or {})}.items():
            archive.writestr(name, content)
    return path


def write_odt(path: Path, body: str, manifest: str = "<manifest/>") -> Path:
    """An ODT with this XML in its body."""
    content = (
        f"<office:document-content {_NAMESPACES}><office:body><office:text>{body}</office:text></office:body>"
        "</office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", manifest)
    return path

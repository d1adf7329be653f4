#!/usr/bin/env bash
# pypdf 7.1.0 reads a Korean PDF in the predefined encoding KSCms-UHC-H as UTF-16, and returns other letters.
#
# KSCms-UHC-H is one of the encodings that PDF defines (ISO 32000-1, table 118): the bytes are in code page 949. A PDF
# that uses it needs no table from glyphs to letters, and Korean programs wrote such files for years. pypdf logs a
# warning ("Advanced encoding /KSCms-UHC-H not implemented yet, using utf-16-be instead"), raises nothing and returns
# syllables that nobody wrote; PDFium 5.15.2 (pypdfium2) returns the text.
#
# Seen: pypdf 0 of 1 right, pypdfium2 1 of 1. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pypdf==7.1.0 pypdfium2==5.15.2 2> /dev/null
"$folder/venv/bin/python" - "$folder/letter.pdf" <<'PYTHON'
import sys

import pypdf
import pypdfium2

TEXT = "오늘은 무척 설렙니다."
content = f"BT /F1 12 Tf 72 770 Td <{TEXT.encode('cp949').hex()}> Tj ET"
system = "/CIDSystemInfo << /Registry (Adobe) /Ordering (Korea1) /Supplement 1 >>"
objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
    f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
    "<< /Type /Font /Subtype /Type0 /BaseFont /Batang /Encoding /KSCms-UHC-H /DescendantFonts [6 0 R] >>",
    f"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /Batang {system} /DW 1000 /FontDescriptor 7 0 R >>",
    "<< /Type /FontDescriptor /FontName /Batang /Flags 6 /FontBBox [0 -148 1001 880] /ItalicAngle 0 /Ascent 880"
    " /Descent -120 /CapHeight 800 /StemV 93 >>",
]
pdf, places = "%PDF-1.5\n", []
for number, body in enumerate(objects, start=1):
    places.append(len(pdf))
    pdf += f"{number} 0 obj\n{body}\nendobj\n"
table = "".join(f"{place:010} 00000 n \n" for place in places)
trailer = f"trailer\n<< /Size 8 /Root 1 0 R >>\nstartxref\n{len(pdf)}\n%%EOF\n"
with open(sys.argv[1], "w", encoding="ascii") as file:
    file.write(f"{pdf}xref\n0 8\n0000000000 65535 f \n{table}{trailer}")
by_pypdf = pypdf.PdfReader(sys.argv[1]).pages[0].extract_text().strip()
by_pdfium = pypdfium2.PdfDocument(sys.argv[1])[0].get_textpage().get_text_range().strip()
print(f"written:   {TEXT}\npypdf:     {by_pypdf}\npypdfium2: {by_pdfium}")
sys.exit(0 if by_pdfium == TEXT and by_pypdf != TEXT else "the behaviour has changed")
PYTHON

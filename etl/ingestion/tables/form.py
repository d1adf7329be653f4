"""What a table is by its first bytes, where its name says something else.

Sites and programs export HTML, XML or text with tabs as `.xls`, and people rename what they have downloaded.
"""

from __future__ import annotations

import re

from etl.language.message import tr
from etl.text.encoding import head_as_utf8, is_text

# The formats of pages of HTML, and of workbooks in one XML file, which no name promises.
HTML, XML = ".html", ".spreadsheet-xml"
SAID = {
    ".xlsx": tr("a workbook (XLSX)"),
    ".xls": tr("a workbook of an old Excel (XLS)"),
    ".parquet": tr("a Parquet table"),
    ".arrow": tr("an Arrow table"),
    ".json": "JSON",
    ".tsv": tr("delimited text"),
    HTML: tr("a page of HTML"),
    XML: tr("a workbook in XML (Excel 2003)"),
}
_WORKBOOKS = {".xlsx", ".xlsm", ".xls"}
_ZIP, _COMPOUND_FILE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BINARY = {_COMPOUND_FILE: ".xls", b"PAR1": ".parquet", b"ARROW1\0\0": ".arrow"}
_TEXTS = {
    XML: re.compile(
        rb"\s*<\?xml\b[^>]{0,200}>(?:[^<]|<[?!][^>]{0,500}>){0,20}<(?:\w+:)?Workbook\b[^>]{0,2000}"
        rb"urn:schemas-microsoft-com:office:spreadsheet"
    ),
    HTML: re.compile(
        rb"\s*(?:<\?xml\b[^>]{0,200}>\s*|<!--(?:(?!-->).){0,2000}-->\s*){0,5}<(?:!doctype\s+html|html|head|body|"
        rb"meta|title|link|style|script|div|table)\b",
        re.IGNORECASE | re.DOTALL,
    ),
    ".json": re.compile(rb'\s*(?:\[\s*)?\{\s*"(?:[^"\\]|\\.){0,200}"\s*:'),
}
_DELIMITERS = (b"\t", b",", b";", b"|")


def suffix_of(name: str) -> str:
    """Returns the suffix of a format by the name of a file: `.jsonl` for `.jsonl.gz` and `.ndjson`."""
    plain = name.rpartition("/")[2].lower().removesuffix(".gz")
    stem, _, suffix = plain.rpartition(".")
    return f".{suffix}".replace(".ndjson", ".jsonl") if stem and suffix else ""


def may_be_misnamed(suffix: str) -> bool:
    """Whether files with this suffix are often something else."""
    return suffix in _WORKBOOKS or suffix in {".csv", ".tsv"}


def find_suffix(suffix: str, head: bytes) -> str:
    """Returns the suffix of what a file is: its own, unless its first bytes are those of another table.

    Args:
        suffix: that of its name, of which `may_be_misnamed` is true.
        head: its first bytes.
    """
    is_workbook = suffix in _WORKBOOKS
    if head.startswith((_ZIP, _COMPOUND_FILE)) and is_workbook:
        return suffix
    if head.startswith(_ZIP) and b"[Content_Types].xml" in head:
        return ".xlsx"
    for magic, found in _BINARY.items():
        if head.startswith(magic):
            return found
    text = head_as_utf8(head)
    for found, begin in _TEXTS.items():
        if begin.match(text):
            return found
    return ".tsv" if is_workbook and _is_delimited(text) else suffix


def _is_delimited(head: bytes) -> bool:
    """Whether bytes are lines of text, the first of which has several fields."""
    last_break = max(head.rfind(b"\n"), head.rfind(b"\r"))
    lines = head[: last_break + 1]
    first_line = lines.lstrip().partition(b"\n")[0]
    return any(delimiter in first_line for delimiter in _DELIMITERS) and is_text(lines)

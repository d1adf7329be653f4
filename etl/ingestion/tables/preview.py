"""Inspects a raw file before it is read: format, encoding, delimiter, header and JSON keys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

import polars as pl

from etl.ingestion.sources.raw import RawFile
from etl.ingestion.tables import sheet
from etl.text.encoding import head_as_utf8, plain_name, sniff_encoding, to_utf8

DELIMITED = (".csv", ".tsv", ".txt")
_DELIMITERS = ",;|"
# Not `splitlines`: U+2028 and its like are text.
_LINE_BREAK = re.compile(r"\r\n|\n|\r")
_ARRAY = re.compile(rb"\s*\[")
_ARRAY_OF_OBJECTS = re.compile(rb"\s*\[\s*[{\]]")
_OBJECTS_ON_LINES = re.compile(rb"\s*\{[^\n]*\}\s*\n\s*\{")


@dataclass
class Preview:
    """A first look into a raw file, each part taken when it is asked for.

    Args:
        raw: the file.
        format: the suffix of the format, where the name of the file does not have it.
    """

    raw: RawFile
    format: str = ""

    @cached_property
    def suffix(self) -> str:
        """The suffix of the format: `.json`, `.csv`, …; `.jsonl` for `.jsonl.gz` and `.ndjson`."""
        name = PurePosixPath(self.raw.member or self.raw.file).name.lower().removesuffix(".gz")
        return self.format or PurePosixPath(name).suffix.replace(".ndjson", ".jsonl")

    @cached_property
    def head(self) -> bytes:
        """The first 64 KiB without a BOM; UTF-16 as UTF-8."""
        return head_as_utf8(self.raw.head())

    @cached_property
    def codec(self) -> str:
        """The codec of a text file.

        Raises:
            InputError: neither UTF-8 nor cp949.
        """
        with self.raw.open() as stream:
            return sniff_encoding(stream, self.raw.name)

    @property
    def encoding(self) -> str:
        """The encoding of a text file as the manifest names it."""
        return plain_name(self.codec)

    @cached_property
    def lines(self) -> list[str]:
        """The first lines of a delimited file; none of any other.

        Raises:
            InputError: neither UTF-8 nor cp949.
        """
        if self.suffix not in DELIMITED:
            return []
        last_break = max(self.head.rfind(b"\n"), self.head.rfind(b"\r"))
        complete = self.head if last_break < 0 else self.head[:last_break]
        text = to_utf8(complete, self.raw.name)[0].decode().rstrip("\r\n")
        return _LINE_BREAK.split(text)[:20] if text else []

    @cached_property
    def delimiter(self) -> str:
        """TAB where the first line has one, else the commonest of comma, semicolon and bar in it."""
        first = self.lines[0] if self.lines else ""
        return "\t" if "\t" in first else max(_DELIMITERS, key=first.count)

    @cached_property
    def header(self) -> list[str]:
        """The first line of a delimited file, cut and stripped."""
        if not self.lines:
            return []
        return [cell.strip().strip('"').strip() for cell in self.lines[0].split(self.delimiter)]

    @cached_property
    def cells(self) -> pl.DataFrame | None:
        """The first sheet of a workbook, None for anything else."""
        if self.suffix != ".xlsx":
            return None
        with self.raw.open() as stream:
            return sheet.read_sheet(stream.read(), self.raw)

    @property
    def is_json_array(self) -> bool:
        """Whether the file begins like a JSON array."""
        return _ARRAY.match(self.head) is not None

    @property
    def is_json_table(self) -> bool:
        """Whether the file begins like a JSON array of objects, or like several objects on lines."""
        return bool(_ARRAY_OF_OBJECTS.match(self.head) or _OBJECTS_ON_LINES.match(self.head))

    def sheet_header(self, index: int) -> list[str]:
        """The cells of one row of the sheet, stripped; none where there is no such row."""
        return [] if self.cells is None else sheet.header_of(self.cells, index)

    def has_keys(self, *keys: str) -> bool:
        """Whether all of these JSON keys occur near the start of the file."""
        return all(re.search(rb'"%s"\s*:' % re.escape(key.encode()), self.head) for key in keys)

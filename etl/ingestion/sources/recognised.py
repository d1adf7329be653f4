"""A raw file of which we know the corpus, and what was seen of a file to know it."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

import polars as pl

from etl.ingestion.sources import sheet
from etl.ingestion.sources.decode import utf8
from etl.ingestion.sources.raw import RawFile

_DELIMITED = {".csv", ".tsv", ".txt"}
# Not `splitlines`: U+2028 and its like are text.
_LINE_BREAK = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class RecognisedFile:
    """A raw file that belongs to a corpus.

    Args:
        slug: the corpus.
        raw: the file.
        layout: which of the contract's layouts it has.
        release: `v1`, `v2`, …
        split: the official split, or None.
        part: files with the same release, split and part are copies of each other.
        rank: which copy is read: the lowest.
        cells: the sheet of a workbook, which had to be read to be recognised.
        header_index: the row of `cells` that is the header.
    """

    slug: str
    raw: RawFile
    layout: str
    release: str = "v1"
    split: str | None = None
    part: str = ""
    rank: int = 0
    cells: pl.DataFrame | None = None
    header_index: int = 0


@dataclass
class Preview:
    """A first look into a raw file, each part taken when it is asked for."""

    raw: RawFile

    @cached_property
    def suffix(self) -> str:
        """The ending that says how to read it: `.json`, `.csv`, …; `.jsonl` for `.jsonl.gz` and `.ndjson`."""
        name = PurePosixPath(self.raw.member or self.raw.file).name.lower().removesuffix(".gz")
        return PurePosixPath(name).suffix.replace(".ndjson", ".jsonl")

    @cached_property
    def head(self) -> bytes:
        """The first 64 KiB without a BOM."""
        return self.raw.head().removeprefix(codecs.BOM_UTF8)

    @cached_property
    def lines(self) -> list[str]:
        """The first lines of a delimited file; none of any other.

        Raises:
            InputError: neither UTF-8 nor cp949.
        """
        if self.suffix not in _DELIMITED:
            return []
        last_break = max(self.head.rfind(b"\n"), self.head.rfind(b"\r"))
        complete = self.head if last_break < 0 else self.head[:last_break]
        text = utf8(complete, self.raw)[0].decode().rstrip("\r\n")
        return _LINE_BREAK.split(text)[:20] if text else []

    @cached_property
    def delimiter(self) -> str:
        """TAB where the first line has one, else a comma."""
        return "\t" if self.lines and "\t" in self.lines[0] else ","

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

    def sheet_header(self, index: int) -> list[str]:
        """The cells of one row of the sheet, stripped; none where there is no such row."""
        return [] if self.cells is None else sheet.header_of(self.cells, index)

    def has_keys(self, *keys: str) -> bool:
        """Whether all of these JSON keys occur near the start of the file."""
        return all(re.search(rb'"%s"\s*:' % re.escape(key.encode()), self.head) for key in keys)

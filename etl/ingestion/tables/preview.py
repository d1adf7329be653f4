"""Inspects a raw file before it is read: format, encoding, delimiter, header and JSON keys."""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import IO

import polars as pl

from etl.errors import InputError
from etl.ingestion.sources.raw import RawFile
from etl.ingestion.tables import form
from etl.ingestion.tables.dialect import FOUND_OUT, Cut, Dialect, find_cut
from etl.ingestion.tables.header import folded_name
from etl.ingestion.tables.sheet import Workbook, header_of, read_workbook
from etl.language.message import tr
from etl.schema.file_forms import describe_form
from etl.text.encoding import head_as_utf8, plain_name, sniff_encoding, to_utf8

DELIMITED = (".csv", ".tsv", ".txt")
JSON = (".json", ".jsonl")
WORKBOOKS = (".xlsx", ".xlsm", ".xls", form.HTML, form.XML)
# How far down a header is looked for.
HEADER_ROWS = 100
HEAD_BYTES = 65_536
# Not `splitlines`: U+2028 and its like are text.
_LINE_BREAK = re.compile(r"\r\n|\n|\r")
_ARRAY = re.compile(rb"\s*\[")
_ARRAY_OF_OBJECTS = re.compile(rb"\s*\[\s*[{\]]")
_ARRAY_OF_ARRAYS = re.compile(rb"\s*\[\s*\[")
_OBJECT = re.compile(rb'\s*\{\s*(?:"|\})')
_KEY = re.compile(r'("(?:[^"\\\x00-\x1f]|\\(?:["/\\bfnrt]|u[0-9a-fA-F]{4}))*")\s*:')
_BRACE_ALONE = re.compile(rb"\s*\{[ \t]*[\r\n]")
_OBJECTS_ON_LINES = re.compile(rb"\s*\{[^\n]*\}\s*\n\s*\{")


@dataclass
class Preview:
    """A first look into a raw file, each part taken when it is asked for.

    Args:
        raw: the file.
        format: the suffix of the format, where the name of the file does not have it.
        dialect: what the user says of how the table is written.
        is_named: whether the user says which corpus the file is; then its columns alone decide.
    """

    raw: RawFile
    format: str = ""
    dialect: Dialect = FOUND_OUT
    is_named: bool = False

    @cached_property
    def suffix(self) -> str:
        """The suffix of the format: `.json`, `.csv`, …; `.jsonl` for `.jsonl.gz` and `.ndjson`.

        Where a file that is called a workbook, `.csv` or `.tsv` holds another table, the suffix of that.
        """
        named = self.named_suffix
        if self.format or not form.may_be_misnamed(named):
            return self.format or named
        return form.find_suffix(named, self._first_bytes)

    @property
    def named_suffix(self) -> str:
        """The suffix of the format by the name of the file."""
        return form.suffix_of(self.raw.member or self.raw.file)

    @cached_property
    def head(self) -> bytes:
        """The first 64 KiB without a BOM; UTF-16 as UTF-8."""
        return head_as_utf8(self._first_bytes)

    @cached_property
    def _first_bytes(self) -> bytes:
        return self.raw.head(HEAD_BYTES)

    def open(self) -> IO[bytes]:
        """Opens the file for reading; one that was read whole for its head is not read again."""
        is_whole = len(self._first_bytes) < HEAD_BYTES
        return io.BytesIO(self._first_bytes) if is_whole else self.raw.open()

    @cached_property
    def codec(self) -> str:
        """The codec of a text file.

        Raises:
            InputError: neither UTF-8 nor cp949.
        """
        with self.open() as stream, self._other_forms_named():
            return sniff_encoding(stream, self.raw.name)

    @property
    def encoding(self) -> str:
        """The encoding of a text file as the manifest names it."""
        return plain_name(self.codec)

    @cached_property
    def text(self) -> str:
        """The first complete lines of a delimited file; nothing of any other.

        Raises:
            InputError: neither UTF-8 nor cp949.
        """
        if self.suffix not in DELIMITED:
            return ""
        last_break = max(self.head.rfind(b"\n"), self.head.rfind(b"\r"))
        complete = self.head if last_break < 0 else self.head[:last_break]
        with self._other_forms_named():
            return to_utf8(complete, self.raw.name)[0].decode().rstrip("\r\n")

    @contextmanager
    def _other_forms_named(self) -> Iterator[None]:
        """Calls what is no text by what it is, where that is known."""
        try:
            yield
        except InputError as error:
            if said := describe_form(self._first_bytes):
                raise InputError(
                    tr("{file} is {said}, not text", file=self.raw.name, said=said),
                    details=[tr("expected text in UTF-8, UTF-16 or cp949")],
                    cause=tr(
                        "Its name has the ending of something else, or another file was saved under it."
                    ),
                    next_step=tr("give it the ending of what it is, or run with `--on-bad-file skip`."),
                ) from error
            raise

    @property
    def lines(self) -> list[str]:
        """The first twenty of these lines."""
        return _LINE_BREAK.split(self.text, maxsplit=20)[:20] if self.text else []

    @cached_property
    def cut(self) -> Cut:
        """How the lines of a delimited file are cut into fields."""
        return find_cut(self.text, self.dialect.delimiter, is_whole=len(self._first_bytes) < HEAD_BYTES)

    @property
    def delimiter(self) -> str:
        """What stands between the fields of a delimited file: TAB, comma, semicolon or bar."""
        return self.cut.delimiter

    @cached_property
    def first_records(self) -> list[list[str]]:
        """The first records of a delimited file, cut and stripped."""
        return [[cell.strip() for cell in record] for record in self.cut.records(self.text)[:HEADER_ROWS]]

    @cached_property
    def header(self) -> list[str]:
        """The first record of a delimited file, cut and stripped."""
        return self.first_records[0] if self.first_records else []

    @cached_property
    def workbook(self) -> Workbook | None:
        """All sheets of a workbook, None for anything else.

        Raises:
            InputError: not a workbook, damaged, or far too large once unpacked.
        """
        return read_workbook(self.raw, self.suffix) if self.suffix in WORKBOOKS else None

    @property
    def cells(self) -> pl.DataFrame | None:
        """The cells of the first sheet that has some, None for anything but a workbook."""
        return None if self.workbook is None else self.workbook.first.cells

    @property
    def is_json_array(self) -> bool:
        """Whether the file begins like a JSON array."""
        return _ARRAY.match(self.head) is not None

    @property
    def is_array_of_arrays(self) -> bool:
        """Whether the file begins like a JSON array of arrays."""
        return _ARRAY_OF_ARRAYS.match(self.head) is not None

    @property
    def is_json_document(self) -> bool:
        """Whether a file begins like one object on several lines; a `.json` file may have it on one."""
        begins = _OBJECT if self.suffix == ".json" else _BRACE_ALONE
        is_object = self.suffix in JSON and begins.match(self.head) is not None
        return is_object and _OBJECTS_ON_LINES.match(self.head) is None

    @property
    def is_json_table(self) -> bool:
        """Whether the file begins like a JSON array of objects, or like several objects on lines."""
        return bool(_ARRAY_OF_OBJECTS.match(self.head) or _OBJECTS_ON_LINES.match(self.head))

    def sheet_header(self, index: int) -> list[str]:
        """The cells of one row of the sheet, stripped; none where there is no such row."""
        return [] if self.cells is None else header_of(self.cells, index)

    @cached_property
    def json_keys(self) -> frozenset[str]:
        """The keys of JSON that occur near its start."""
        try:
            text = codecs.getincrementaldecoder("utf-8")().decode(self.head)
        except UnicodeDecodeError:
            text = self.head.decode("cp949", "ignore")
        keys = set(_KEY.findall(text))
        return frozenset(json.loads(key) if "\\" in key else key[1:-1] for key in keys)

    @cached_property
    def folded_names(self) -> frozenset[str] | None:
        """What may name a column, as `folded_name` has it: JSON keys, the first cells of a text, or None."""
        if self.suffix in JSON:
            return frozenset(map(folded_name, self.json_keys))
        if self.suffix in DELIMITED:
            return frozenset(folded_name(cell) for record in self.first_records for cell in record)
        return None

    def has_keys(self, *keys: str) -> bool:
        """Whether all of these JSON keys occur near the start of the file."""
        for key in keys:
            quoted = b'"%s"' % key.encode()
            if quoted not in self.head or not re.search(rb"%s\s*:" % re.escape(quoted), self.head):
                return False
        return True

"""Delimited text (CSV, TSV, TXT) as frames of strings, in bounded memory."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any, Literal

import polars as pl

from etl.errors import InputError
from etl.ingestion.sources.raw import HashingStream, OpenFile
from etl.ingestion.tables.header import column_names
from etl.ingestion.tables.preview import Preview
from etl.ingestion.tables.table import (
    BATCH_ROWS,
    IsHeader,
    OpenTable,
    OpenTables,
    Selection,
    find_header,
    with_no_bad_records,
)

Record = tuple[int, list[str]]


def open_delimited(open_file: OpenFile, preview: Preview, is_header: IsHeader | None = None) -> OpenTables:
    """Opens a delimited text. Its first record is its header, unless a later one is, or it has none.

    Raises:
        InputError: the file is in no known encoding.
    """
    records = read_records(open_file, preview)
    above = 0
    if preview.dialect.has_header:
        above = find_header(preview.first_records, is_header) or 0
        columns = column_names(next(islice(records, above, None), (0, []))[1])
    else:
        widths = Counter(len(record) for record in preview.first_records)
        width = max(widths, key=lambda width: (widths[width], width), default=0)
        columns = [str(number) for number in range(1, width + 1)]
    read = partial(_read, open_file, preview.delimiter, records, columns)
    return OpenTables((OpenTable(open_file.raw.name, columns, read, rows_above=above),))


def record_frames(
    open_file: OpenFile,
    delimiter: str | None = None,
    names: list[str] | None = None,
    *,
    is_quoted: bool | None = None,
) -> Iterator[pl.DataFrame]:
    """Reads all columns of a delimited file; its records are counted in `open_file.rows`.

    Args:
        open_file: the file.
        delimiter: what stands between the fields; None: as its first lines suggest.
        names: the columns of a file without a header; by default the first record names them.
        is_quoted: whether quotes may enclose a field (CSV), or are text like any other; None: as its first
            lines suggest.

    Yields:
        A frame as `OpenTable.frames` describes it, of all columns. `position` is the number of the record
        from 1, header and blank lines included.
    """
    preview = Preview(open_file.raw)
    delimiter = delimiter or preview.delimiter
    records = read_records(open_file, preview, delimiter, is_quoted=is_quoted)
    columns = names or column_names(next(records, (0, []))[1])
    return _read(open_file, delimiter, records, columns, Selection(columns))


def _read(
    open_file: OpenFile, delimiter: str, records: Iterator[Record], columns: list[str], selection: Selection
) -> Iterator[pl.DataFrame]:
    width = len(columns)
    chosen = [columns.index(column) for column in selection.columns]
    for batch in in_batches(records):
        open_file.rows += len(batch)
        if all(len(record) == width for _, record in batch):
            rows, problems = [record for _, record in batch], None
        else:
            checked = [_checked(record, width, delimiter) for _, record in batch]
            rows, problems = [row for row, _, _ in checked], [problem for _, *problem in checked]
        cells = [pl.Series(columns[index], [row[index] for row in rows], dtype=pl.String) for index in chosen]
        position = pl.Series("position", [number for number, _ in batch], dtype=pl.Int64)
        frame = with_no_bad_records(pl.DataFrame([position, *cells]))
        if problems is not None:
            schema = {"detail": pl.String, "bad_record": pl.String}
            frame = frame.with_columns(pl.DataFrame(problems, schema=schema, orient="row"))
        yield frame


def _checked(record: list[str], width: int, delimiter: str) -> tuple[list[Any], str | None, str | None]:
    """Returns the cells of a record; of a bad one nulls, why it is no row, and its text."""
    if len(record) == width:
        return record, None, None
    if len(record) > width and not any(record[width:]):  # delimiters at the end of the line
        return record[:width], None, None
    problem = f"expected {width} fields, got {len(record)}"
    return [None] * width, problem, delimiter.join(record)


def read_records(
    open_file: OpenFile, preview: Preview, delimiter: str | None = None, *, is_quoted: bool | None = None
) -> Iterator[Record]:
    """Reads the records of a delimited file.

    Args:
        open_file: the file, at its beginning.
        preview: the same file, previewed.
        delimiter: what stands between the fields; None: as the preview says.
        is_quoted: whether quotes may enclose a field, which may then span lines; None: as the preview says.

    Yields:
        Each record with its number: the first is 1. A blank line is no record, but it has a number.

    Raises:
        InputError: neither UTF-8 nor cp949, or a field is longer than any sentence.
    """
    open_file.encoding = preview.encoding
    stream = io.BufferedReader(_Readable(open_file.stream), 1 << 18)
    text = io.TextIOWrapper(stream, preview.codec, newline="")
    has_quotes = preview.cut.is_quoted if is_quoted is None else is_quoted
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if has_quotes else csv.QUOTE_NONE
    reader = csv.reader(
        text,
        delimiter=delimiter or preview.delimiter,
        quoting=quoting,
        skipinitialspace=preview.cut.skips_space,
    )
    number = 0
    try:
        for number, record in enumerate(reader, start=1):
            if record:
                yield number, record
    except UnicodeDecodeError as error:
        raise breaks_off(open_file, f"at record {number + 1:,}", error) from error
    except csv.Error as error:
        raise _no_field(open_file, number + 1, error) from error


def breaks_off(open_file: OpenFile, where: str, error: UnicodeDecodeError) -> InputError:
    """Returns the error for a text that cannot be read from some place on."""
    return InputError(
        f"{open_file.raw.name} breaks off {where}",
        details=[f"expected {open_file.encoding} text, got: {error}"],
        cause="The file was edited, or mixes encodings.",
        next_step="repair the record, or run with `--on-bad-file skip` to go on without the rest.",
    )


def _no_field(open_file: OpenFile, number: int, error: csv.Error) -> InputError:
    return InputError(
        f"{open_file.raw.name} breaks off at record {number:,}",
        details=[f"expected fields of a text, got: {error}"],
        cause="A quote is never closed, so that all that follows is one field; or the file is no text.",
        next_step="repair the record, or run with `--on-bad-file skip` to go on without the rest.",
    )


def in_batches(records: Iterable[Any], size: int = BATCH_ROWS) -> Iterator[list[Any]]:
    """Groups records into lists of `size`; those before an `InputError` are yielded before it is raised."""
    batch: list[Any] = []
    try:
        for record in records:
            batch.append(record)
            if len(batch) == size:
                yield batch
                batch = []
    except InputError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


class _Readable(io.RawIOBase):
    """Makes a hashing stream look like a file to the standard library."""

    def __init__(self, stream: HashingStream):
        super().__init__()
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        chunk = self._stream.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)

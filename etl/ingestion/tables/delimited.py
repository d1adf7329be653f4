"""Delimited text (CSV, TSV, TXT) as frames of strings, in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any

import polars as pl

from etl.errors import InputError
from etl.ingestion.sources.raw import OpenFile
from etl.ingestion.tables.dialect import Cut
from etl.ingestion.tables.header import column_names
from etl.ingestion.tables.preview import Preview
from etl.ingestion.tables.records import Record, RecordCutter, read_lines
from etl.ingestion.tables.table import (
    BATCH_ROWS,
    IsHeader,
    OpenTable,
    OpenTables,
    Selection,
    find_header,
    with_no_bad_records,
)
from etl.language.library_words import said
from etl.language.message import tr

# Blocks of lines, see `read_lines`, after which a batch ends however few rows it has.
_BATCH_BLOCKS = 64


def open_delimited(open_file: OpenFile, preview: Preview, is_header: IsHeader | None = None) -> OpenTables:
    """Opens a delimited text. Its first record is its header, unless a later one is, or it has none.

    Raises:
        InputError: the file is in no known encoding.
    """
    above = 0
    if preview.dialect.has_header:
        above = find_header(preview.first_records, is_header) or 0
        columns = []
    else:
        columns = [str(number) for number in range(1, _commonest_width(preview.first_records) + 1)]
    return OpenTables((_open(open_file, preview, preview.cut, columns, above),))


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
        is_quoted: whether quotes may enclose a field (CSV), which may then span lines, or are text like any
            other; None: as its first lines suggest.

    Yields:
        A frame as `OpenTable.frames` describes it, of all columns. `position` is the number of the record
        from 1, header and blank lines included.
    """
    preview = Preview(open_file.raw)
    has_quotes = preview.cut.is_quoted if is_quoted is None else is_quoted
    cut = replace(preview.cut, delimiter=delimiter or preview.delimiter, is_quoted=has_quotes)
    table = _open(open_file, preview, cut, names or [], 0)
    return table.frames(table.columns)


def _open(open_file: OpenFile, preview: Preview, cut: Cut, columns: list[str], above: int) -> OpenTable:
    """Opens a delimited text; where no columns are given, the first record below those above names them.

    Raises:
        InputError: the file is in no known encoding, or breaks off before its header.
    """
    open_file.encoding = preview.encoding
    first_records = cut.records(preview.text)
    width = len(columns) or len(first_records[above] if above < len(first_records) else [])
    cutter = RecordCutter(cut, width)
    blocks = cutter.records(read_lines(open_file, preview.codec))
    if not columns:
        with _explained(open_file, cutter):
            first = next(blocks, [])
        columns = column_names(first[above][1] if above < len(first) else [])
        blocks = chain([first[above + 1 :]], blocks)
    read = partial(_read, open_file, cutter, blocks, columns)
    return OpenTable(open_file.raw.name, columns, read, rows_above=above)


def _commonest_width(records: list[list[str]]) -> int:
    widths = Counter(map(len, records))
    return max(widths, key=lambda width: (widths[width], width), default=0)


def _read(
    open_file: OpenFile,
    cutter: RecordCutter,
    blocks: Iterable[list[Record]],
    columns: list[str],
    selection: Selection,
) -> Iterator[pl.DataFrame]:
    width = len(columns)
    chosen = [columns.index(column) for column in selection.columns]
    for batch in _batches(_until_it_breaks_off(open_file, cutter, blocks)):
        open_file.rows += len(batch)
        if not cutter.problems and all(len(record) == width for _, record in batch):
            rows, problems = [record for _, record in batch], None
        else:
            checked = [_checked(pair, width, cutter) for pair in batch]
            rows, problems = [row for row, _, _ in checked], [problem for _, *problem in checked]
        cells = {columns[index]: pl.Series([row[index] for row in rows], dtype=pl.String) for index in chosen}
        position = pl.Series([number for number, _ in batch], dtype=pl.Int64)
        frame = with_no_bad_records(pl.DataFrame({"position": position, **cells}))
        if problems is not None:
            schema = {"detail": pl.String, "bad_record": pl.String}
            frame = frame.with_columns(pl.DataFrame(problems, schema=schema, orient="row"))
        yield frame
    open_file.findings += cutter.findings()


def _checked(pair: Record, width: int, cutter: RecordCutter) -> tuple[list[Any], str | None, str | None]:
    """Returns the cells of a record; of a bad one nulls, why it is no row, and its text."""
    number, record = pair
    problem = cutter.problems.pop(number, None)
    if problem is None and len(record) == width:
        return record, None, None
    if problem is None and len(record) > width and not any(record[width:]):  # delimiters end the line
        return record[:width], None, None
    problem = problem or f"expected {width} fields, got {len(record)}"
    return [None] * width, problem, cutter.cut.delimiter.join(record)


def _batches(blocks: Iterable[list[Record]]) -> Iterator[list[Record]]:
    """Joins records to batches of bounded size; those before an `InputError` are yielded before it."""
    batch: list[Record] = []
    n_blocks = 0
    try:
        for block in blocks:
            batch += block
            n_blocks += 1
            while len(batch) >= BATCH_ROWS or (n_blocks >= _BATCH_BLOCKS and batch):
                yield batch[:BATCH_ROWS]
                batch, n_blocks = batch[BATCH_ROWS:], 0
    except InputError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _until_it_breaks_off(
    open_file: OpenFile, cutter: RecordCutter, blocks: Iterable[list[Record]]
) -> Iterator[list[Record]]:
    with _explained(open_file, cutter):
        yield from blocks


@contextmanager
def _explained(open_file: OpenFile, cutter: RecordCutter) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        raise breaks_off(open_file, tr("at record {number:,}", number=cutter.n_records + 1), error) from error


def breaks_off(open_file: OpenFile, where: str, error: UnicodeDecodeError) -> InputError:
    """Returns the error for a text that cannot be read from some place on."""
    is_cut_off = error.reason in {"unexpected end of data", "truncated data", "incomplete multibyte sequence"}
    return InputError(
        tr("{file} breaks off {where}", file=open_file.raw.name, where=where),
        details=[
            tr(
                "expected {encoding} text, got byte {byte:#04x}: {reason}",
                encoding=open_file.encoding,
                byte=error.object[error.start],
                reason=said(error.reason),
            )
        ],
        cause=tr("It ends inside a character: it was cut off.")
        if is_cut_off
        else tr("The file was edited, or mixes encodings."),
        next_step=tr("repair the record, or run with `--on-bad-file skip` to go on without the rest."),
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

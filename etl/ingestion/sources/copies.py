"""Copies of a corpus in whatever format people keep: finds the columns of its contract, and reads them.

A copy may be CSV, TSV, XLSX, JSON, Parquet or any other format of `etl.ingestion.tables`; its columns may
stand in another order, with others between them, below a few rows that are not the header, and in several
sheets.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import IO, Any

import polars as pl

from etl.ingestion.sources.frame import filled, whole_number
from etl.ingestion.sources.raw import HashingStream, InputLog, OpenFile, RawFile
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables.dialect import Cut
from etl.ingestion.tables.header import folded_name
from etl.ingestion.tables.preview import DELIMITED, HEAD_BYTES, Preview
from etl.ingestion.tables.reader import OPENERS, is_metadata, open_tables
from etl.ingestion.tables.table import OpenTable
from etl.language.message import tr
from etl.schema import contract, taxonomy
from etl.schema.contract import Layout
from etl.schema.label_cells import is_number, normalise_label
from etl.text.composition import composed

# Why a sheet is left aside.
OTHER_COLUMNS = tr("it has other columns")
# Rows that are looked at before a file is read.
_SAMPLE_ROWS = 1000
_MOST_NUMBERS = 0.9


@dataclass(frozen=True)
class Copy:
    """A table that has the required columns of a layout.

    Args:
        layout: the layout.
        columns: which columns of the layout it has.
        rows: the first rows, columns named by the contract.
        header: the names of all columns.
    """

    layout: Layout
    columns: Collection[str]
    rows: pl.DataFrame
    header: Sequence[str]

    def recognised(self, slug: str, preview: Preview, **facts: Any) -> RecognisedFile:
        """Returns the file as one of a corpus.

        Args:
            slug: the corpus.
            preview: of the file.
            facts: further fields of `RecognisedFile`: release, split, part, rank.
        """
        return RecognisedFile(slug, preview.raw, self.layout.name, workbook=preview.workbook, **facts)

    def values(self, column: str) -> list[str]:
        """Returns the values of a column in the first rows, stripped, `1.0` as `1`; no blank ones."""
        if column not in self.columns:
            return []
        return self.rows.select(filled(whole_number(pl.col(column))).drop_nulls()).to_series().to_list()

    def has_labels(self, slug: str, column: str, prefix: str = "", *, is_called: bool = False) -> bool:
        """Whether more than half of the first labels are those of the corpus.

        Args:
            slug: the corpus.
            column: of the contract, the one with the labels.
            prefix: what the adapter puts before a label.
            is_called: see `are_labels`.
        """
        return self.rows.is_empty() or are_labels(slug, self.values(column), prefix, is_called=is_called)


def find_copy(preview: Preview, slug: str, *names: str) -> Copy | None:
    """Finds the columns of a corpus in a table.

    Args:
        preview: of the file.
        slug: the corpus.
        names: of the layouts that a table may have; all of the contract by default.

    Returns:
        The copy, or None where the file is no table or lacks required columns.
    """
    layouts, required = _wanted(slug, names)
    if not may_have(preview, required):
        return None
    with _open_first_rows(preview) as stream:
        open_file = OpenFile(preview.raw, HashingStream(stream))
        opened = open_tables(open_file, preview, lambda header: _match(layouts, header) is not None)
        layout = _match(layouts, opened.tables[0].columns) if opened.tables else None
        if layout is None:
            return None
        table = opened.tables[0]
        rows = next(_frames(table, layout), None)
    places = locate(layout.columns, table.columns)
    if rows is None:
        rows = pl.DataFrame(schema=dict.fromkeys([*places, "detail"], pl.String))
    sample = rows.filter(pl.col("detail").is_null()).head(_SAMPLE_ROWS)
    return Copy(layout, places.keys(), sample, table.columns)


@cache
def _wanted(slug: str, names: tuple[str, ...]) -> tuple[list[Layout], frozenset[str]]:
    """The layouts that a table may have, and the columns that they require, folded."""
    known = contract.load(slug).layouts.values()
    layouts = [each for each in known if each.required and (not names or each.name in names)]
    return layouts, frozenset(folded_name(name) for layout in layouts for name in layout.required)


def _open_first_rows(preview: Preview) -> IO[bytes]:
    """Opens a file, of a delimited one only the first lines where it has more."""
    if preview.suffix in DELIMITED and not preview.codec.startswith("utf-16"):
        head = preview.raw.head(HEAD_BYTES)
        whole_lines = head.rfind(b"\n") + 1
        if len(head) == HEAD_BYTES and whole_lines:
            return io.BytesIO(head[:whole_lines])
    return preview.open()


def read_copy(
    file: RecognisedFile, open_file: OpenFile, log: InputLog
) -> Iterator[tuple[RawFile, pl.DataFrame]]:
    """Reads the rows of a copy.

    Args:
        file: what was recognised.
        open_file: the same file, open.
        log: learns which sheets are left aside.

    Yields:
        The file, or the sheet of it, that rows are of; and frames of bounded size with `position`, the
        columns named by the contract, `detail` and `bad_record`, see `OpenTable.frames`.
    """
    layout = contract.load(file.slug).layouts[file.layout]
    opened = open_tables(open_file, file.preview(), lambda header: _match([layout], header) is not None)
    for left in opened.left_aside:
        log.leave_aside(file.raw.inside(left.part), OTHER_COLUMNS, left.describe(), rows=left.rows)
    for table in opened.tables:
        for frame in _frames(table, layout):
            yield file.raw.inside(table.part), frame


def _frames(table: OpenTable, layout: Layout) -> Iterator[pl.DataFrame]:
    """The columns of a layout, by the names that it has for them; those that it requires are all there."""
    names = {table.columns[at]: ours for ours, at in locate(layout.columns, table.columns).items()}
    # Of the others none is a label, and a list of objects is no value.
    lists = [theirs for theirs, ours in names.items() if ours in layout.required]
    for frame in table.frames([*names], optional=[*names], lists=lists):
        renamed = frame.rename(names)
        # JSON can be recognised by keys that no whole object near its start has.
        lacking = [name for name in layout.required if name not in renamed.columns]
        yield renamed.with_columns(pl.lit(None, pl.String).alias(name) for name in lacking)


def _match(layouts: Iterable[Layout], header: Sequence[str]) -> Layout | None:
    """The layout whose required columns are all in a header; of several the one that requires most."""
    matching = [each for each in layouts if len(locate(each.required, header)) == len(each.required)]
    return max(matching, key=lambda layout: len(layout.required), default=None)


def locate(wanted: Iterable[str], header: Sequence[str]) -> dict[str, int]:
    """Returns where columns stand in a header, by their names in `wanted`; of two of one name the first."""
    places: dict[str, int] = {}
    for index, name in enumerate(header):
        places.setdefault(folded_name(name), index)
    return {name: places[folded] for name in wanted if (folded := folded_name(name)) and folded in places}


def has_name_of(raw: RawFile, slug: str) -> bool:
    """Whether the path of a file has one of the words by which files of a corpus are called.

    The folder that is the input counts: `etl ingest nsmc`.
    """
    path = composed(f"{raw.folder}/{raw.path}").lower()
    return any(word in path for word in contract.load(slug).name_words)


def has_csv_quotes(preview: Preview) -> bool:
    """Whether the lines of a file with tabs are as a writer of CSV makes them, whose quotes enclose fields.

    In the files of NSMC quotes are text; a program that saves them again encloses what holds quotes.
    """
    text = preview.text
    records = Cut("\t").records(text)[:-1]  # the last may be cut off
    if any("\t" in cell or "\n" in cell for record in records for cell in record):
        return False  # rather a quote that is never closed
    written = io.StringIO(newline="")
    csv.writer(written, delimiter="\t", lineterminator="\r\n" if "\r\n" in text else "\n").writerows(records)
    return '"' in written.getvalue() and text.startswith(written.getvalue())


def are_labels(slug: str, values: Sequence[str], prefix: str = "", *, is_called: bool = False) -> bool:
    """Whether more than half of some labels are those of a corpus, or where all are numbers nearly all.

    Args:
        slug: the corpus.
        values: the labels.
        prefix: what the adapter puts before a label.
        is_called: whether the file is called after the corpus; then half of the numbers are enough, too.
    """
    table = taxonomy.label_table(slug)
    known = table.codes.keys() | table.spellings.keys() | table.aliases.keys() | table.single.keys()
    given = [value for value in values if value.strip()]
    normal = [normalise_label(prefix + value) for value in given]
    hits = [value for value in normal if value in known]
    fewest = _MOST_NUMBERS if not is_called and all(map(is_number, given)) else 0.5
    return len(hits) > fewest * len(normal)


def may_have(preview: Preview, names: Collection[str] | None = None) -> bool:
    """Whether a file is a table, and has any of some columns near its start, as far as that can be told.

    Args:
        preview: of the file.
        names: the columns, as `folded_name` has them; None: any.
    """
    if preview.suffix not in OPENERS:
        return False
    if names is not None and preview.folded_names is not None and preview.folded_names.isdisjoint(names):
        return False
    return not is_metadata(preview.raw.path)

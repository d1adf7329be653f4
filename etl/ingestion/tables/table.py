"""An open table: its columns, and its rows as frames of strings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from etl.ingestion.tables.header import column_names
from etl.language.message import plural, tr
from etl.settings import MAX_RAW_CHARS

# Rows in a frame, and in a batch of ingest; and bytes of text in a batch, but for a single longer one.
BATCH_ROWS, BATCH_BYTES = 20_000, 16 << 20
# Why a record is no row that is longer, or has a cell or a line that is.
TOO_LONG = f"longer than {MAX_RAW_CHARS:,} characters"

Unit = Literal["row", "line", "element"]


@dataclass(frozen=True)
class Selection:
    """Which columns are read, and what becomes of values that are no plain text.

    Args:
        columns: their names, as `etl.ingestion.tables.header` has them.
        optional: of JSON, the columns in which a list or an object is read as null; in others it makes its
            record bad.
        lists: the columns in which a list of plain values is read as its JSON text; in others it is no value.
        has_class_names: of Parquet and Arrow, whether the numbers of a Hugging Face `ClassLabel` become the
            names that they stand for.
    """

    columns: Sequence[str]
    optional: Collection[str] = ()
    has_class_names: bool = True
    lists: Collection[str] = ()


@dataclass(frozen=True)
class OpenTable:
    """One table, open.

    Args:
        name: how a person would name its file.
        columns: the names of its columns; of JSON objects, those of the first thousand.
        read: see `frames`.
        unit: what a position counts: rows of a spreadsheet or lines, from 1; elements of an array, from 0.
        has_fixed_columns: whether no row has a column that is not in `columns`.
        part: which table of its file it is: the name of the sheet, or the keys in a JSON document; empty
            where the file has but one.
        rows_above: filled rows above the header, such as a title.
        class_names: of columns with numbers that stand for names (`ClassLabel`), the names.
        is_hidden: whether it is a sheet that the spreadsheet program does not show.
    """

    name: str
    columns: list[str]
    read: Callable[[Selection], Iterator[pl.DataFrame]]
    unit: Unit = "row"
    has_fixed_columns: bool = True
    part: str = ""
    rows_above: int = 0
    class_names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    is_hidden: bool = False

    def frames(
        self,
        columns: Sequence[str],
        *,
        optional: Collection[str] = (),
        has_class_names: bool = True,
        lists: Collection[str] = (),
    ) -> Iterator[pl.DataFrame]:
        """Reads the rows, once.

        Args:
            columns: those to read, of `OpenTable.columns`, or any where they are not fixed.
            optional, has_class_names, lists: see `Selection`.

        Yields:
            Frames of bounded size with `position`, the columns as text, and `detail` and `bad_record`, which
            are null unless the record is no row: why not, and its text. Its cells are null then. A record
            with a cell of more than `MAX_RAW_CHARS` characters is none, either.

        Raises:
            InputError: the file is damaged, in no known encoding, or a column holds no plain values.
        """
        frames = self.read(Selection(columns, optional, has_class_names, lists))
        return map(_without_long_cells, frames)


@dataclass(frozen=True)
class LeftAside:
    """A table in a file that is not read, because it does not have the columns.

    Args:
        part: which one, see `OpenTable`.
        rows: how many rows it has, those above a header included.
        columns: the cells of its first row, or its keys.
    """

    part: str
    rows: int
    columns: list[str]

    def describe(self) -> str:
        """Says how many rows are left aside, and what their columns are."""
        shown = ", ".join(name[:40] for name in self.columns[:20] if name)
        return plural(
            "{number:,} row with the columns {columns}",
            "{number:,} rows with the columns {columns}",
            self.rows,
            columns=shown or tr("(none)"),
        )


@dataclass(frozen=True)
class OpenTables:
    """The tables in one file.

    Args:
        tables: those that have the columns, in order; they are read one after another.
        left_aside: the others.
    """

    tables: tuple[OpenTable, ...]
    left_aside: tuple[LeftAside, ...] = ()


# Tells whether these names of columns, as `etl.ingestion.tables.header` makes them, are those of the table.
IsHeader = Callable[[list[str]], bool]


def find_header(first_rows: Iterable[Sequence[str]], is_header: IsHeader | None) -> int | None:
    """Returns the index of the first row that is a header: the first of all where nothing tells.

    Args:
        first_rows: the cells of the first rows.
        is_header: tells whether these names of columns are those of the table.
    """
    if is_header is None:
        return 0
    return next((index for index, row in enumerate(first_rows) if is_header(column_names(row))), None)


def _without_long_cells(frame: pl.DataFrame) -> pl.DataFrame:
    """Makes bad records of those that have a cell which is too long."""
    cells = pl.exclude("position", "detail", "bad_record")
    longest = frame.select(cells.str.len_bytes().max())
    if not longest.width or max(n_bytes or 0 for n_bytes in longest.row(0)) <= MAX_RAW_CHARS:
        return frame
    is_long = pl.any_horizontal(cells.str.len_chars() > MAX_RAW_CHARS).fill_null(value=False)
    return frame.with_columns(
        pl.when(~is_long).then(cells),
        detail=pl.when(is_long).then(pl.lit(TOO_LONG)).otherwise("detail"),
    )


def with_no_bad_records(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds `detail` and `bad_record` to a frame in which every record is a row."""
    return frame.with_columns(detail=pl.lit(None, pl.String), bad_record=pl.lit(None, pl.String))

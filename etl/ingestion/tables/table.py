"""An open table: its columns, and its rows as frames of strings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

# Rows in a frame, and in a batch of ingest.
BATCH_ROWS = 20_000

Unit = Literal["row", "line", "element"]


@dataclass(frozen=True)
class Selection:
    """Which columns are read, and what becomes of values that are no plain text.

    Args:
        columns: their names, as `etl.ingestion.tables.header` has them.
        text_only: of JSON, the columns in which anything but a string is null.
        has_nested: of JSON, whether lists and objects are read as null; otherwise they make their record bad.
        has_class_names: of Parquet and Arrow, whether the numbers of a Hugging Face `ClassLabel` become the
            names that they stand for.
    """

    columns: Sequence[str]
    text_only: Collection[str] = ()
    has_nested: bool = False
    has_class_names: bool = True


@dataclass(frozen=True)
class OpenTable:
    """One table, open.

    Args:
        name: how a person would name its file.
        columns: the names of its columns; of JSON objects, those of the first thousand.
        read: see `frames`.
        unit: what a position counts: rows of a spreadsheet or lines, from 1; elements of an array, from 0.
        has_fixed_columns: whether no row has a column that is not in `columns`.
    """

    name: str
    columns: list[str]
    read: Callable[[Selection], Iterator[pl.DataFrame]]
    unit: Unit = "row"
    has_fixed_columns: bool = True

    def frames(
        self,
        columns: Sequence[str],
        *,
        text_only: Collection[str] = (),
        has_nested: bool = False,
        has_class_names: bool = True,
    ) -> Iterator[pl.DataFrame]:
        """Reads the rows, once.

        Args:
            columns: those to read, of `OpenTable.columns`, or any where they are not fixed.
            text_only, has_nested, has_class_names: see `Selection`.

        Yields:
            Frames of bounded size with `position`, the columns as text, and `detail` and `bad_record`, which
            are null unless the record is no row: why not, and its text. Its cells are null then.

        Raises:
            InputError: the file is damaged, in no known encoding, or a column holds no plain values.
        """
        return self.read(Selection(columns, text_only, has_nested, has_class_names))


def with_no_bad_records(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds `detail` and `bad_record` to a frame in which every record is a row."""
    return frame.with_columns(detail=pl.lit(None, pl.String), bad_record=pl.lit(None, pl.String))

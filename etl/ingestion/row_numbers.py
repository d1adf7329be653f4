"""The numbers of rows: where a row stands in the corpus, without knowing how many rows came before it.

    row = input << 40 | batch of the input << 20 | position in the batch

Rows in the order of their numbers are in the order of the corpus, whoever read them and when.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

_POSITION_BITS = _BATCH_BITS = 20
MOST_ROWS = 1 << _POSITION_BITS  # in a batch

ROW = pl.UInt64()


class BatchNumber(NamedTuple):
    """Where a batch stands: the number of its input, and its own within that."""

    input: int
    batch: int

    @property
    def first_row(self) -> int:
        """The number of its first row."""
        return (self.input << _BATCH_BITS | self.batch) << _POSITION_BITS

    def __str__(self) -> str:
        return f"{self.input:06d}-{self.batch:06d}"


def rows_from(first_row: int, position: pl.Expr) -> pl.Expr:
    """Returns the expression of the numbers of rows from their positions in a batch."""
    return pl.lit(first_row, ROW) + position.cast(ROW)


def positions(rows: pl.Expr) -> pl.Expr:
    """Returns the expression of the positions of rows in their batches."""
    return (rows & (MOST_ROWS - 1)).cast(pl.UInt32)

"""Writes rows into Parquet shards of a fixed size, and rejects beside them.

The bytes depend on the rows and the layout only: not on how the rows were cut into batches.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

import polars as pl
import pyarrow as pa

from etl.dataset.manifest import FileEntry
from etl.dataset.shard_file import ShardFile
from etl.dataset.shard_plan import REJECTS, shard_names
from etl.runtime.threads import submit, wait_for_result
from etl.schema import row, votes
from etl.schema.splits import ALL_SPLITS
from etl.settings import Write

_MOST_PENDING = 8


class ShardWriter:
    """Writes rows in order whose number is not known before: each split into its shards, rejects into theirs.

    Args:
        folder: the dataset's folder.
        layout: rows in a shard and in a row group.
    """

    def __init__(self, folder: Path, layout: Write):
        self._series = {
            name: _Series(folder, name, shard_names(name, None), layout) for name in (*ALL_SPLITS, REJECTS)
        }
        # One thread a series keeps its order; they take turns only where a series is far behind.
        self._threads = {name: ThreadPoolExecutor(1) for name in self._series}
        self._pending: deque[Future[None]] = deque()
        for name in ("data", REJECTS):
            (folder / name).mkdir()

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for thread in self._threads.values():
            thread.shutdown()
        try:
            if kind is None:
                for appended in self._pending:
                    appended.result()
                for series in self._series.values():
                    series.finish()
        finally:
            for series in self._series.values():
                series.abandon()

    def write(self, parts: dict[str, pl.DataFrame]) -> None:
        """Appends rows to the shards of each split, and to the rejects, as `divide` gives them."""
        for name, part in parts.items():
            self._pending.append(submit(self._threads[name], self._series[name].append, part))
        while len(self._pending) > _MOST_PENDING:
            wait_for_result(self._pending.popleft())

    def files(self) -> dict[str, FileEntry]:
        """For each written file its sha256, its bytes and its rows. Call it when the writer is closed."""
        return dict(sorted(entry for series in self._series.values() for entry in series.written.items()))


class _Series:
    """The shards of one split (or the parts of the rejects), written one after another."""

    def __init__(self, folder: Path, series: str, names: Iterator[str], layout: Write):
        self.written: dict[str, FileEntry] = {}
        self._folder = folder
        self._names = names
        self._columns = row.columns(is_reject=series == REJECTS)
        self._layout = layout
        self._name = ""
        self._shard: ShardFile | None = None

    def append(self, rows: pl.DataFrame) -> None:
        """Writes rows to the current shard, and those that it has no place for to the next ones."""
        table = to_table(rows, self._columns)
        while table.num_rows:
            if self._shard is None:
                self._name = next(self._names)
                self._shard = ShardFile(self._folder / self._name, self._layout.row_group_rows)
            place = self._layout.shard_rows - self._shard.n_rows
            self._shard.append(table.slice(0, place))
            table = table.slice(place)
            if self._shard.n_rows == self._layout.shard_rows:
                self.finish()

    def finish(self) -> None:
        """Closes the last shard."""
        if self._shard is not None:
            self.written[self._name] = self._shard.finish()
            self._shard = None

    def abandon(self) -> None:
        """Removes an unfinished shard of a failed run."""
        if self._shard is not None:
            self._shard.abandon()


def to_table(rows: pl.DataFrame, columns: list[str]) -> pa.Table:
    """Returns columns of rows as an Arrow table, almost without a copy."""
    table = rows.select(columns).to_arrow(compat_level=pl.CompatLevel.newest())
    # The Parquet writer of pyarrow takes views, but not in structs of lists.
    label_votes = rows[votes.COLUMN].to_arrow(compat_level=pl.CompatLevel.oldest())
    return table.set_column(columns.index(votes.COLUMN), votes.COLUMN, label_votes)


def divide(rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The rows by series: those with a reason belong to the rejects, the others to their split."""

    series = pl.when(pl.col("reason").is_not_null()).then(pl.lit(REJECTS)).otherwise(pl.col("split"))
    parts = rows.with_columns(series.alias("series")).partition_by(
        "series", maintain_order=True, include_key=False, as_dict=True
    )
    return {str(name): part for (name,), part in parts.items()}

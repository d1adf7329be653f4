"""Writes rows into Parquet shards of a fixed size, and rejects beside them.

The bytes depend on the rows and the layout only: not on how the rows were cut into batches.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from etl import row
from etl.settings import Write

if TYPE_CHECKING:
    import polars as pl
    import pyarrow.parquet as pq

# Text repeats little within a column chunk; a dictionary of it only costs. These repeat.
_DICTIONARY_COLUMNS = [
    "source",
    "release",
    "domain",
    "file",
    "member",
    "label",
    "split",
    "reason",
    "tags.list.element",
]


@dataclass
class _Series:
    """The shards of one split (or the parts of the rejects): one open file and the rows that wait for it."""

    folder: Path
    names: list[str]
    waiting: list[pl.DataFrame] = field(default_factory=list)
    n_waiting: int = 0
    writer: pq.ParquetWriter | None = None
    n_in_shard: int = 0
    n_shards: int = 0


class ShardWriter:
    """Writes frames of rows, split by split, in order.

    Args:
        folder: the dataset's folder.
        counts: how many rows each split will have; `rejects` counts as one.
        layout: rows in a shard and in a row group.
    """

    def __init__(self, folder: Path, counts: dict[str, int], layout: Write):
        self._layout = layout
        self._folder = folder
        self._series = {name: _Series(folder, self._names(name, count)) for name, count in counts.items()}
        for name in ("data", "rejects"):
            (folder / name).mkdir()

    def _names(self, split: str, count: int) -> list[str]:
        shards = -(-count // self._layout.shard_rows)
        if split == "rejects":
            return [f"rejects/part-{number:05d}.parquet" for number in range(shards)]
        return [f"data/{split}-{number:05d}-of-{shards:05d}.parquet" for number in range(shards)]

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name, series in self._series.items():
            if kind is None:
                self._drain(name, series, is_last=True)
            if series.writer is not None:
                series.writer.close()

    def write(self, rows: pl.DataFrame) -> None:
        """Appends rows: those without a reason to their split's shards, the others to the rejects."""
        import polars as pl

        for name, series in self._series.items():
            is_ours = (
                pl.col("reason").is_not_null()
                if name == "rejects"
                else pl.col("reason").is_null() & (pl.col("split") == name)
            )
            ours = rows.filter(is_ours)
            if ours.height:
                series.waiting.append(ours)
                series.n_waiting += ours.height
                self._drain(name, series, is_last=False)

    def _drain(self, name: str, series: _Series, *, is_last: bool) -> None:
        """Writes the waiting rows in whole row groups; at the end, all of them."""
        import polars as pl

        while series.n_waiting:
            wanted = min(self._layout.row_group_rows, self._layout.shard_rows - series.n_in_shard)
            if series.n_waiting < wanted and not is_last:
                return
            waiting = pl.concat(series.waiting)
            group, rest = waiting.head(wanted), waiting.slice(wanted)
            series.waiting, series.n_waiting = [rest], rest.height
            self._write_group(name, series, group)

    def _write_group(self, name: str, series: _Series, group: pl.DataFrame) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = row.arrow_schema(is_reject=name == "rejects")
        if series.writer is None:
            series.writer = pq.ParquetWriter(
                series.folder / series.names[series.n_shards],
                schema,
                compression="zstd",
                use_dictionary=_DICTIONARY_COLUMNS,
                write_page_index=True,
            )
        table = pa.Table.from_batches(group.select(schema.names).to_arrow().to_batches()).cast(_plain(schema))
        series.writer.write_table(_as_dictionaries(table, schema), row_group_size=group.height)
        series.n_in_shard += group.height
        if series.n_in_shard == self._layout.shard_rows:
            series.writer.close()
            series.writer, series.n_in_shard = None, 0
            series.n_shards += 1

    def files(self) -> dict[str, dict[str, Any]]:
        """For each written file its sha256, its bytes and its rows. To be asked when the writer is closed."""
        import pyarrow.parquet as pq

        names = sorted(name for series in self._series.values() for name in series.names)
        return {
            name: {**fingerprint(self._folder / name), "rows": pq.read_metadata(self._folder / name).num_rows}
            for name in names
        }


def fingerprint(path: Path) -> dict[str, Any]:
    """The sha256 of a file, and its size in bytes."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {"sha256": digest, "bytes": path.stat().st_size}


def count_rows(keys: pl.DataFrame) -> dict[str, int]:
    """How many rows each split will have, and the rejects, from the keys of the whole corpus."""
    import polars as pl

    kept: Counter[str] = Counter()
    for split, count in keys.filter(pl.col("reason").is_null()).group_by("split").len().iter_rows():
        kept[split] = count
    return {
        **{split: kept[split] for split in ("train", "validation", "test")},
        "rejects": keys.height - kept.total(),
    }


def _plain(schema: Any) -> Any:
    """The schema with strings in the place of dictionaries."""
    import pyarrow as pa

    return pa.schema(
        [pa.field(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in schema]
    )


def _as_dictionaries(table: Any, schema: Any) -> Any:
    import pyarrow as pa

    columns = [
        column.combine_chunks().dictionary_encode() if pa.types.is_dictionary(wanted.type) else column
        for wanted, column in zip(schema, table.columns, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=schema)

"""Keeps what the steps made of each batch in a file, until the whole corpus is known.

Nothing of it stays in memory, so a large corpus needs no more of that than a small one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from etl.ingestion.exchange import DamagedExchangeError, read_index, read_partition, read_whole, write_parts
from etl.ingestion.row_numbers import ROW, BatchNumber, rows_from
from etl.ingestion.steps.records import Records
from etl.ingestion.steps.token_report import TokenTables
from etl.schema.text_ids import numbered

if TYPE_CHECKING:
    from polars._typing import IpcCompression

_ROWS = "rows"
_CONTENT, _REPRODUCIBLE = "content", "is_reproducible"
# Another run may get another result.
_NON_REPRODUCIBLE_REASONS = ("tagger_timeout", "tagger_crash", "tagger_error")


class BatchResult(NamedTuple):
    """What the steps made of one batch.

    Attributes:
        rows: the rows that are written, with `reason` and `detail`.
        ids, texts, groups: see `etl.ingestion.steps.records.Records`.
        token_sources, tokens: see `etl.ingestion.steps.token_report.TokenTables`.
        aliases: `source`, `alias` and `count`: other spellings of labels that were understood.
    """

    rows: pl.DataFrame
    ids: pl.DataFrame
    texts: pl.DataFrame
    groups: pl.DataFrame
    token_sources: pl.DataFrame
    tokens: pl.DataFrame
    aliases: pl.DataFrame


@dataclass(frozen=True)
class StoredBatch:
    """A batch in its file.

    Args:
        number: where it stands in the corpus.
        path: the file.
        height: the number of rows.
    """

    number: BatchNumber
    path: Path
    height: int

    def rows(self, columns: list[str] | None = None) -> pl.DataFrame:
        """Reads the rows, or some columns of them.

        Raises:
            DamagedExchangeError: as all that is read here: the file is gone or damaged.
        """
        return read_whole(self.path, _ROWS, columns)

    def records(
        self, kind: str, partition: int, n_partitions: int, columns: list[str] | None = None
    ) -> pl.DataFrame:
        """Reads records of a partition, see `Records`."""
        return read_partition(self.path, kind, partition, n_partitions, columns)

    def token_counts(self) -> TokenTables:
        """Reads how many tokens there are."""
        return TokenTables(read_whole(self.path, "token_sources"), read_whole(self.path, "tokens"))

    def aliases(self) -> pl.DataFrame:
        """Reads which other spellings of labels there are."""
        return read_whole(self.path, "aliases")


class Layout(NamedTuple):
    """How batches are kept; it never decides what is in them.

    Attributes:
        n_partitions: into how many partitions their records are dealt out.
        is_compressed: whether they are compressed: to a quarter of the bytes, for twice the time.
    """

    n_partitions: int = 1
    is_compressed: bool = False


IN_ONE = Layout()


def store_batch(path: Path, result: BatchResult, layout: Layout, content: str = "") -> None:
    """Writes a batch.

    Args:
        path: the file.
        result: the batch.
        layout: how it is kept.
        content: what the raw rows are known by.

    Raises:
        OSError: the file cannot be written.
    """
    frames = result._asdict()
    records = {kind: frames.pop(kind) for kind in Records._fields}
    facts: dict[str, str | int | bool] = {
        _CONTENT: content,
        _REPRODUCIBLE: not bool(result.rows["reason"].is_in(_NON_REPRODUCIBLE_REASONS).any()),
    }
    compression: IpcCompression = "zstd" if layout.is_compressed else "uncompressed"
    write_parts(path, records, layout.n_partitions, whole=frames, compression=compression, facts=facts)


def read_small(path: Path, content: str) -> list[pl.DataFrame] | None:
    """Reads what is counted of a batch, if its file is there and was made of the raw rows known by `content`.

    Args:
        path: the file.
        content: what the raw rows are known by.

    Returns:
        `token_sources`, `tokens` and `aliases` of `BatchResult`; or None.
    """
    if not path.is_file():
        return None
    try:
        if read_index(path).facts[_CONTENT] != content:
            return None
        return [read_whole(path, kind) for kind in ("token_sources", "tokens", "aliases")]
    except DamagedExchangeError:
        return None


def content_of(path: Path) -> str:
    """Returns what the raw rows of a batch are known by.

    Raises:
        DamagedExchangeError: the file is gone or damaged.
    """
    return str(read_index(path).facts[_CONTENT])


def is_reproducible(path: Path) -> bool:
    """Whether another run would make the same of the raw rows: no tagger failed.

    Raises:
        DamagedExchangeError: the file is gone or damaged.
    """
    return bool(read_index(path).facts[_REPRODUCIBLE])


def renumber(rows: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    """Gives the second and further rows of equal texts ids, and groups, of their own.

    Args:
        rows: with `row`, `id` and, if it is wanted, `group`.
        numbers: `row` and `number` of such rows, see `etl.ingestion.corpus.ids`.
    """
    if numbers.is_empty():
        return rows
    both = rows.join(numbers, on="row", how="left", maintain_order="left")
    new = pl.when(pl.col("number").is_not_null()).then(numbered(pl.col("id"), pl.col("number")))
    changed = [pl.coalesce(new, "id").alias("id")]
    if "group" in rows.columns:
        is_own = pl.col("group") == pl.col("id")
        changed.append(pl.coalesce(pl.when(is_own).then(new), "group").alias("group"))
    return both.with_columns(changed).drop("number")


def number_rows(rows: pl.DataFrame, batch: StoredBatch) -> pl.DataFrame:
    """Adds `row` to all rows of a batch."""
    return rows.with_columns(row=rows_from(batch.number.first_row, pl.int_range(pl.len(), dtype=ROW)))

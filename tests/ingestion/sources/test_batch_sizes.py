"""How much text a batch holds, whatever the format and the lengths of the rows."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from etl.ingestion.ingest import discover
from etl.ingestion.sources.units import read_units
from etl.ingestion.tables.table import BATCH_BYTES, BATCH_ROWS
from tests.support.reading import settings

TABLE = settings(read={"source": "table"}, table={"text_column": "text", "label_column": "label"})
WRITERS: dict[str, Callable[[pl.DataFrame, Path], None]] = {
    "csv": lambda frame, path: frame.write_csv(path),
    "jsonl": lambda frame, path: frame.write_ndjson(path),
    "parquet": lambda frame, path: frame.write_parquet(path, row_group_size=1_000_000),
    "arrow": lambda frame, path: frame.write_ipc(path),
}


def batches_of(path: Path) -> list[pl.DataFrame]:
    found, log = discover([path], TABLE)
    return list(read_units(found, TABLE, log))


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_batch_is_bounded_in_rows_and_in_bytes(suffix: str, tmp_path: Path) -> None:
    # Short texts, then long ones: what is true of the whole file on average is true of no part.
    sizes = [1] * (BATCH_ROWS + 100) + [300_000, 600_000] * 60
    texts = ["가" * (size // 3) + "a" * (size % 3) for size in sizes]
    frame = pl.DataFrame({"text": texts, "label": ["1"] * len(texts)})
    WRITERS[suffix](frame, tmp_path / f"x.{suffix}")
    batches = batches_of(tmp_path)
    assert pl.concat(batches)["raw_text"].to_list() == texts
    assert max(batch.height for batch in batches) <= BATCH_ROWS
    held = [batch["raw_text"].str.len_bytes().sum() for batch in batches]
    assert max(held) <= BATCH_BYTES + max(sizes)
    assert len(batches) < 2 * sum(sizes) / BATCH_BYTES + 10


def test_a_text_that_is_longer_than_a_batch_is_a_batch_of_its_own(tmp_path: Path) -> None:
    long = "😀" * (BATCH_BYTES // 4 + 1)
    frame = pl.DataFrame({"text": ["a", long, "b"], "label": ["1", "1", "1"]})
    frame.write_parquet(tmp_path / "x.parquet")
    texts = pl.concat(batches_of(tmp_path))["raw_text"].to_list()
    assert [text and text[:1] for text in texts] == ["a", None, "b"]

from pathlib import Path

import polars as pl
import pytest
from support.small_tables import fingerprints, ingest, make_rows, write_lines

from etl.ingestion.spool import Spool

BATCHES = [
    pl.DataFrame({"text": [f"{number} 번째"] * number, "tokens": [["번", None]] * number})
    for number in (3, 1, 5)
]


@pytest.mark.parametrize("memory_bytes", [0, 60, 1 << 20])
def test_batches_come_back_in_order_wherever_they_waited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory_bytes: int
) -> None:
    monkeypatch.setattr("etl.ingestion.spool.MEMORY_BYTES", memory_bytes)
    spool = Spool(tmp_path / "spool")
    for batch in BATCHES:
        spool.put(batch)
    assert any((tmp_path / "spool").iterdir()) == (memory_bytes < 1 << 20)
    assert [waiting.start for waiting in spool] == [0, 3, 4]
    assert all(waiting.take().equals(batch) for waiting, batch in zip(spool, BATCHES, strict=True))
    spool.remove()
    assert list(tmp_path.iterdir()) == []


def test_where_batches_wait_decides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = write_lines(tmp_path / "table.jsonl", make_rows(500))
    monkeypatch.setattr("etl.ingestion.sources.units.BATCH_ROWS", 100)
    ingest(table, out=tmp_path / "in memory")
    monkeypatch.setattr("etl.ingestion.spool.MEMORY_BYTES", 0)
    ingest(table, out=tmp_path / "on disk")
    assert fingerprints(tmp_path / "in memory") == fingerprints(tmp_path / "on disk")

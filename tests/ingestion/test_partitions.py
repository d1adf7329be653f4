"""Memory, partitions, workers and earlier runs decide nothing of what is written."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from support.small_tables import fingerprints, make_rows, write_lines

import etl
from etl.ingestion.sources import units
from etl.settings import Settings, Table, Tag

WORDS = [row["text"] for row in make_rows(40)]
SETTINGS = Settings(
    tag=Tag("whitespace"), table=Table(text_column="text", label_column="label", group_column="group")
)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table in which texts, groups and nearly equal texts are repeated, in all splits."""
    rng = random.Random(5)
    rows = []
    for number, row in enumerate(make_rows(450)):
        kind = rng.random()
        text = rng.choice(WORDS) if kind < 0.2 else f"{rng.choice(WORDS)} 요" if kind < 0.4 else row["text"]
        label = rng.choice(["기쁨", "슬픔"]) if kind < 0.1 else "기쁨"
        rows.append(row | {"text": text, "label": label, "group": f"g{number // 3}"})
    return write_lines(tmp_path_factory.mktemp("table") / "table.jsonl", rows)


@pytest.fixture(scope="module")
def plain(table: Path) -> dict[str, str]:
    """The files of a dataset that was made in one partition."""
    out = table.with_name("plain")
    etl.ingest(table, out, SETTINGS, workers=1)
    dataset = etl.open_dataset(out)
    reasons = dataset.manifest.counts["table"].rejected
    assert {"duplicate", "conflicting_labels", "leak_near"} <= reasons.keys()
    return fingerprints(out)


@pytest.mark.parametrize(
    ("batch_rows", "bytes_of_a_byte", "is_compressed"),  # of each two all pairs; 4 and 16 partitions
    [(20, 1 << 12, True), (20, 1 << 14, False), (20_000, 1 << 12, False), (20_000, 1 << 14, True)],
)
def test_the_number_of_partitions_decides_nothing(
    tmp_path: Path,
    table: Path,
    plain: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    batch_rows: int,
    bytes_of_a_byte: int,
    is_compressed: bool,
) -> None:
    monkeypatch.setattr(units, "BATCH_ROWS", batch_rows)
    monkeypatch.setattr("etl.ingestion.ingest._BYTES_OF_A_BYTE", bytes_of_a_byte)
    monkeypatch.setattr("etl.ingestion.ingest._BYTES_OF_A_ROW", 1 << 30 if is_compressed else 0)
    etl.ingest(table, tmp_path / "out", SETTINGS, workers=2, memory="256MB")
    assert fingerprints(tmp_path / "out") == plain
    assert [path.name for path in tmp_path.iterdir()] == ["out"]

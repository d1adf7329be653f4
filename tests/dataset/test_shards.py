import json
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from support.small_tables import LABELS, fingerprints, ingest, make_rows, write_lines

from etl.dataset.read import SPLITS, open_dataset
from etl.schema import row


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lines(tmp_path_factory.mktemp("raw") / "table.jsonl", make_rows(2_000))


@pytest.fixture(scope="module")
def dataset(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2,000 rows in shards of 300 and row groups of 128."""
    out = tmp_path_factory.mktemp("out") / "dataset"
    ingest(table, out=out, write__shard_rows=300, write__row_group_rows=128)
    return out


def test_shards_are_named_as_hugging_face_names_them(dataset: Path) -> None:
    manifest = open_dataset(dataset).manifest
    for split in SPLITS:
        rows = manifest.splits[split].rows
        shards = -(-rows // 300)
        expected = [f"{split}-{number:05d}-of-{shards:05d}.parquet" for number in range(shards)]
        assert [shard.name for shard in open_dataset(dataset).shards(split)] == expected
        assert shards >= 1
    rejected = sum(sum(each.rejected.values()) for each in manifest.counts.values())
    parts = sorted(part.name for part in (dataset / "rejects").iterdir())
    assert parts == [f"part-{number:05d}.parquet" for number in range(-(-rejected // 300))]


def test_every_shard_but_the_last_is_full(dataset: Path) -> None:
    for split in SPLITS:
        sizes = [pq.read_metadata(shard).num_rows for shard in open_dataset(dataset).shards(split)]
        assert all(size == 300 for size in sizes[:-1])
        assert 0 < sizes[-1] <= 300


def test_row_groups_have_the_size_of_the_settings(dataset: Path) -> None:
    for shard in sorted(dataset.glob("*/*.parquet")):
        metadata = pq.read_metadata(shard)
        sizes = [metadata.row_group(index).num_rows for index in range(metadata.num_row_groups)]
        assert sizes == [128] * (metadata.num_rows // 128) + [metadata.num_rows % 128] * (
            metadata.num_rows % 128 > 0
        )


@pytest.mark.parametrize("is_reject", [False, True])
def test_a_file_has_the_columns_that_are_documented(dataset: Path, is_reject: bool) -> None:
    files = sorted(dataset.glob("rejects/*.parquet" if is_reject else "data/*.parquet"))
    assert files
    for file in files:
        assert pq.read_schema(file).remove_metadata().equals(row.arrow_schema(is_reject=is_reject))


def test_columns_are_compressed_and_those_that_repeat_are_dictionaries(dataset: Path) -> None:
    repeating = {column["name"] for column in row.column_specs() if column["type"] == "dictionary"}
    for file in sorted(dataset.glob("*/*.parquet")):
        group = pq.read_metadata(file).row_group(0)
        for column in map(group.column, range(group.num_columns)):
            assert column.compression == "ZSTD"
            if column.path_in_schema in repeating:
                assert column.has_dictionary_page, (file.name, column.path_in_schema)
            if column.path_in_schema in {"id", "text", "raw_text"}:
                assert not column.has_dictionary_page


def test_rows_stand_in_the_order_in_which_they_were_read(dataset: Path) -> None:
    opened = open_dataset(dataset)
    for split in SPLITS:
        assert opened.scan(split).collect()["position"].is_sorted()
    assert opened.scan_rejects().collect()["position"].is_sorted()


def test_kept_rows_have_everything_and_rejected_ones_a_reason(dataset: Path) -> None:
    kept = open_dataset(dataset).scan().collect()
    wanted = ["id", "source", "file", "position", "group", "text", "label", "tokens", "tags", "split"]
    assert kept.select(wanted).null_count().sum_horizontal().item() == 0
    assert kept["label"].is_in(LABELS).all()
    assert (kept["tokens"].list.len() == kept["tags"].list.len()).all()
    assert (kept["tokens"].list.len() > 0).all()
    rejected = open_dataset(dataset).scan_rejects().collect()
    wanted = ["id", "source", "file", "member", "position", "reason"]
    assert rejected.select(wanted).null_count().sum_horizontal().item() == 0
    assert rejected["reason"].is_in(list(row.reasons())).all()


def test_a_row_group_may_be_larger_than_a_shard(table: Path, tmp_path: Path) -> None:
    ingest(table, out=tmp_path / "d", write__shard_rows=100, write__row_group_rows=10_000)
    sizes = [pq.read_metadata(shard).num_rows for shard in open_dataset(tmp_path / "d").shards("train")]
    assert set(sizes[:-1]) == {100}
    assert all(pq.read_metadata(shard).num_row_groups == 1 for shard in (tmp_path / "d" / "data").iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("batch_rows", [7, 128, 1_999])
def test_the_bytes_do_not_depend_on_the_batches(
    dataset: Path, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch_rows: int
) -> None:
    monkeypatch.setattr("etl.ingestion.sources.units.BATCH_ROWS", batch_rows)
    ingest(table, out=tmp_path / "d", write__shard_rows=300, write__row_group_rows=128)
    assert fingerprints(tmp_path / "d") == fingerprints(dataset)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_bytes_do_not_depend_on_the_workers_nor_on_the_run(
    dataset: Path, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    monkeypatch.setattr("etl.ingestion.sources.units.BATCH_ROWS", 100)
    ingest(table, out=tmp_path / "d", workers=workers, write__shard_rows=300, write__row_group_rows=128)
    assert fingerprints(tmp_path / "d") == fingerprints(dataset)


def test_the_bytes_do_not_depend_on_the_place(dataset: Path, table: Path, tmp_path: Path) -> None:
    elsewhere = write_lines(tmp_path / "어디" / table.name, table.read_text(encoding="utf-8").splitlines())
    ingest(elsewhere, out=tmp_path / "d", write__shard_rows=300, write__row_group_rows=128)
    assert fingerprints(tmp_path / "d") == fingerprints(dataset)


def test_hugging_face_loads_the_dataset_as_it_is(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    import datasets

    loaded = datasets.load_dataset(str(dataset), cache_dir=str(tmp_path / "cache"))
    counts = open_dataset(dataset).manifest.splits
    assert {name: part.num_rows for name, part in loaded.items()} == {
        name: facts.rows for name, facts in counts.items()
    }
    first = loaded["train"][0]
    expected = open_dataset(dataset).scan("train").head(1).collect().row(0, named=True)
    assert {name: first[name] for name in ("id", "text", "label", "tokens")} == {
        name: expected[name] for name in ("id", "text", "label", "tokens")
    }


def test_polars_reads_the_shards_as_they_are(dataset: Path) -> None:
    frame = pl.read_parquet(dataset / "data" / "train-*.parquet")
    assert frame.height == json.loads((dataset / "manifest.json").read_bytes())["splits"]["train"]["rows"]

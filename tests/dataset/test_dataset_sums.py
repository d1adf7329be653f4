"""A dataset is exactly the files of its manifest, each with its sum, whoever opens it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from support.small_datasets import clean_rows, list_again, make_row, write_dataset

from etl.dataset import vocab
from etl.dataset.difference import compare
from etl.dataset.read import Dataset, open_dataset
from etl.errors import InputError
from etl.validation.run import validate

TRAIN, VALIDATION = "data/train-00000-of-00002.parquet", "data/validation-00000-of-00001.parquet"


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    rejects = [make_row(900, reason="empty_text", split=None, label=None)]
    return write_dataset(
        tmp_path / "[감정]ds", clean_rows(train=12, validation=6, test=4), rejects, shard_rows=10
    )


def flip_a_bit(path: Path) -> None:
    content = bytearray((path / TRAIN).read_bytes())
    content[len(content) // 2] ^= 1
    (path / TRAIN).write_bytes(content)


def exchange_shards(path: Path) -> None:
    train, validation = (path / TRAIN).read_bytes(), (path / VALIDATION).read_bytes()
    (path / TRAIN).write_bytes(validation)
    (path / VALIDATION).write_bytes(train)


def remove_a_shard(path: Path) -> None:
    (path / TRAIN).unlink()


def add_a_shard(path: Path) -> None:
    (path / "data" / "train-00002-of-00002.parquet").write_bytes((path / TRAIN).read_bytes())


@pytest.mark.parametrize("damage", [flip_a_bit, exchange_shards, remove_a_shard, add_a_shard])
@pytest.mark.parametrize(
    "use",
    [
        lambda dataset: dataset.scan("train").collect(),
        vocab.build_vocab,
        lambda dataset: compare(dataset, dataset),
    ],
    ids=["scan", "build-vocab", "diff"],
)
def test_a_damaged_dataset_is_refused_before_a_row_is_used(
    dataset: Path, damage: Callable[[Path], None], use: Callable[[Dataset], object]
) -> None:
    damage(dataset)
    with pytest.raises(InputError, match=r"data/train-0000\d-of-00002\.parquet") as refused:
        use(open_dataset(dataset))
    assert "Next: " in str(refused.value)


def test_rejects_that_are_gone_are_no_empty_list(dataset: Path) -> None:
    (dataset / "rejects" / "part-00000.parquet").unlink()
    with pytest.raises(InputError, match=r"rejects/part-00000\.parquet"):
        open_dataset(dataset).scan_rejects()


def test_a_manifest_of_another_format_is_refused(dataset: Path) -> None:
    manifest = dataset / "manifest.json"
    manifest.write_text(
        manifest.read_text(encoding="utf-8").replace('"format": 3', '"format": 99'), encoding="utf-8"
    )
    with pytest.raises(InputError, match="expected format 3, got 99"):
        open_dataset(dataset)


def test_a_path_is_no_pattern(tmp_path: Path, dataset: Path) -> None:
    write_dataset(tmp_path / "감ds", clean_rows(train=3, validation=1, test=1))
    assert open_dataset(dataset).scan().collect().height == 22
    assert open_dataset(dataset).scan_rejects().collect().height == 1


def write_as_format_1(path: Path) -> Path:
    """The same dataset as it was written before rows had votes."""
    for file in path.glob("*/*.parquet"):
        pq.write_table(pq.read_table(file).drop_columns(["label_votes", "corrected"]), file)
    manifest = path / "manifest.json"
    content = manifest.read_text(encoding="utf-8")
    manifest.write_text(content.replace('"format": 3', '"format": 1'), encoding="utf-8")
    list_again(path)
    return path


def test_a_dataset_written_before_there_were_votes_is_read_and_valid(dataset: Path) -> None:
    now = open_dataset(dataset).scan().collect()
    earlier = open_dataset(write_as_format_1(dataset))
    assert earlier.scan().collect().equals(now)
    assert earlier.scan_rejects().collect()["label_votes"].null_count() == 1
    vocab.build_vocab(earlier, min_count=1)
    assert open_dataset(dataset).manifest.format == 1
    result = validate(dataset)
    assert [finding.code for finding in result.findings if finding.severity == "error"] == []


def test_a_dataset_of_today_has_the_column_of_votes(dataset: Path) -> None:
    write_as_format_1(dataset)
    manifest = dataset / "manifest.json"
    content = manifest.read_text(encoding="utf-8")
    manifest.write_text(content.replace('"format": 1', '"format": 2'), encoding="utf-8")
    with pytest.raises(InputError, match="it has no column label_votes"):
        open_dataset(dataset).scan()

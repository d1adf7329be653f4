"""Shards whose sums are right and whose content is not: written by something else, and listed again."""

from pathlib import Path

import msgspec
import polars as pl
import pytest
from support.run_etl import etl, explained
from support.small_tables import ingest, make_rows, write_lines

from etl.dataset.manifest import MANIFEST, describe_files, read_manifest, to_bytes
from etl.dataset.read import open_dataset
from etl.errors import InputError

SHARD = "data/train-00000-of-00001.parquet"


def change(rows: pl.DataFrame, path: Path, kind: str) -> None:
    if kind == "a column less":
        rows.drop("text").write_parquet(path)
    elif kind == "numbers for texts":
        rows.with_columns(pl.lit(1).alias("text")).write_parquet(path)
    elif kind == "lists of numbers":
        rows.with_columns(pl.lit([1], pl.List(pl.Int64)).alias("tokens")).write_parquet(path)
    elif kind == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    else:
        path.write_bytes(b"PAR1" + bytes(1000) + b"PAR1")


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    ingest(write_lines(tmp_path / "table.jsonl", make_rows(60)), out=tmp_path / "dataset")
    return tmp_path / "dataset"


@pytest.mark.parametrize(
    "kind", ["a column less", "numbers for texts", "lists of numbers", "cut", "no Parquet"]
)
def test_a_shard_of_another_shape_is_named(dataset: Path, kind: str) -> None:
    change(pl.read_parquet(dataset / SHARD), dataset / SHARD, kind)
    manifest = read_manifest(dataset)
    listed = msgspec.structs.replace(manifest, files={**manifest.files, **describe_files(dataset, SHARD)})
    (dataset / MANIFEST).write_bytes(to_bytes(listed))
    with pytest.raises(InputError, match="cannot be read as part of the dataset"):
        open_dataset(dataset).scan()
    assert SHARD in explained(etl("diff", dataset, dataset), 4)


def test_a_shard_that_polars_wrote_is_as_good(dataset: Path) -> None:
    rows = pl.read_parquet(dataset / SHARD)
    rows.write_parquet(dataset / SHARD)
    manifest = read_manifest(dataset)
    listed = msgspec.structs.replace(manifest, files={**manifest.files, **describe_files(dataset, SHARD)})
    (dataset / MANIFEST).write_bytes(to_bytes(listed))
    assert open_dataset(dataset).scan("train").collect().height == rows.height

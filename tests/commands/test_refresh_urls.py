"""`etl refresh` with raw files in a bucket, published in a bucket."""

import json
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from run_etl import etl, make_rows, succeeded, write_table
from s3_server import Server, serving

from etl.dataset.read import open_dataset
from etl.storage.datasets import opened
from etl.storage.versions import current


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


def rows_in(url: str) -> int:
    with opened(url, lambda _: None) as folder:
        manifest = open_dataset(folder).manifest
    return sum(split["rows"] for split in manifest["splits"].values())


def test_a_bucket_is_refreshed_from_a_bucket(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ETL_CACHE_DIR", str(tmp_path / "cache"))
    s3 = fsspec.filesystem("s3", use_listings_cache=False)
    first, second = (
        write_table(tmp_path / f"{n}.jsonl", make_rows(90)[start : start + 45])
        for n, start in ((1, 0), (2, 45))
    )
    s3.put_file(str(first), "bucket/raw/1.jsonl")
    config = tmp_path / "etl.yaml"
    settings = {
        "tag": {"tagger": "whitespace"},
        "table": {"text_column": "text", "label_column": "label"},
        "refresh": {"inputs": ["s3://bucket/raw"], "out": "s3://bucket/published"},
    }
    config.write_text(json.dumps(settings))
    run = ["refresh", "--config", str(config), "--workers", "1"]
    succeeded(etl(*run))
    old = current("s3://bucket/published")
    assert rows_in("s3://bucket/published") == 45
    # Nothing new: nothing is downloaded, nothing is uploaded.
    server.requests.clear()
    assert "nothing changed" in succeeded(etl(*run)).stdout
    assert [each for each in server.requests if each.startswith("PUT")] == []
    assert "GET /bucket/raw/1.jsonl" not in server.requests
    # A new file, of which the bucket learns last.
    s3.put_file(str(second), "bucket/raw/2.jsonl")
    server.requests.clear()
    succeeded(etl(*run))
    assert server.asked("PUT /bucket/published/")[-1] == "current"
    assert current("s3://bucket/published") != old
    assert rows_in("s3://bucket/published") == 90
    # A bucket that is away: recorded, and what was published is published.
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    failed = etl(*run)
    assert failed.returncode == 4
    assert "cannot be reached" in failed.stderr
    [record] = (tmp_path / "cache" / "places").rglob("runs.jsonl")
    assert [json.loads(line)["outcome"] for line in record.read_text().splitlines()] == [
        "published",
        "unchanged",
        "published",
        "failed",
    ]

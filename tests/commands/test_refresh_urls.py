"""`etl refresh` with raw files in a bucket, published in a bucket."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from support.run_etl import etl, explained, make_rows, succeeded
from support.s3_server import Server, serving
from support.small_tables import write_lines

from etl.dataset.read import open_dataset
from etl.storage.datasets import open_url
from etl.storage.versions.url import UrlStore

pytestmark = pytest.mark.slow


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


def rows_in(url: str) -> int:
    with open_url(url) as folder:
        manifest = open_dataset(folder).manifest
    return sum(split.rows for split in manifest.splits.values())


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The place in which a machine works on what it publishes at a URL is its own."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", f"{os.environ['ETL_CACHE_DIR']}/compiled")
    monkeypatch.setenv("ETL_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def s3(server: Server) -> fsspec.AbstractFileSystem:
    return fsspec.filesystem("s3", use_listings_cache=False)


def upload_rows(s3: fsspec.AbstractFileSystem, folder: Path, number: int) -> None:
    rows = make_rows(90)[45 * (number - 1) : 45 * number]
    s3.put_file(str(write_lines(folder / f"{number}.jsonl", rows)), f"bucket/raw/{number}.jsonl")


def write_config(folder: Path) -> Path:
    settings = {
        "tag": {"tagger": "whitespace"},
        "table": {"text_column": "text", "label_column": "label"},
        "refresh": {"inputs": ["s3://bucket/raw"], "out": "s3://bucket/published"},
    }
    (folder / "etl.yaml").write_text(json.dumps(settings))
    return folder / "etl.yaml"


def test_a_bucket_is_refreshed_from_a_bucket(
    server: Server, s3: fsspec.AbstractFileSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_rows(s3, tmp_path, 1)
    run = ["refresh", "--config", str(write_config(tmp_path)), "--workers", "1"]
    succeeded(etl(*run))
    old = UrlStore("s3://bucket/published").current()
    assert rows_in("s3://bucket/published") == 45
    # Nothing new: nothing is downloaded, nothing is uploaded.
    server.requests.clear()
    assert "nothing changed" in succeeded(etl(*run)).stdout
    assert [each for each in server.requests if each.startswith("PUT")] == []
    assert "GET /bucket/raw/1.jsonl" not in server.requests
    # A new file, of which the bucket learns last.
    upload_rows(s3, tmp_path, 2)
    server.requests.clear()
    succeeded(etl(*run))
    assert server.asked("PUT /bucket/published/")[-1] == "current"
    assert UrlStore("s3://bucket/published").current() != old
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


def test_versions_in_a_bucket_are_listed_compared_rolled_back_and_pruned(
    s3: fsspec.AbstractFileSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, run = (
        "s3://bucket/published",
        ["refresh", "--config", str(write_config(tmp_path)), "--workers", "1"],
    )
    names = []
    for number in (1, 2):
        upload_rows(s3, tmp_path, number)
        succeeded(etl(*run))
        names.append(UrlStore(place).current())
    old, new = names

    def document(*arguments: str) -> Any:
        return json.loads(succeeded(etl(*arguments, "--json")).stdout)

    def states() -> list[tuple[str, str]]:
        return [(each["version"], each["state"]) for each in document("versions", place)]

    assert states() == [(old, ""), (new, "current")]
    assert document("diff", place, old, "current")["added"]["train"] > 0
    assert document("rollback", place) == {"current": old, "before": new}
    assert UrlStore(place).current() == old
    assert states() == [(old, "current"), (new, "withdrawn")]
    # The next refresh leaves it so.
    succeeded(etl(*run))
    assert UrlStore(place).current() == old
    assert document("rollback", place, new)["current"] == new
    assert states() == [(old, ""), (new, "current")]
    assert document("prune", place, "--keep", "1") == {"removed": [old], "kept": [new]}
    assert states() == [(new, "current")]
    assert not s3.exists(f"bucket/published/versions/{old}")
    assert rows_in(place) == 90
    # Another machine sees what is published, and says why it cannot roll it back.
    monkeypatch.setenv("ETL_CACHE_DIR", str(tmp_path / "another"))
    assert states() == [(new, "current")]
    assert "nothing was published" in explained(etl("versions", "s3://bucket/nothing"), 4)
    refused = etl("rollback", place)
    assert refused.returncode == 4
    assert "not published from this machine" in refused.stderr


def test_what_another_machine_published_at_the_url_is_compared_with(
    server: Server, s3: fsspec.AbstractFileSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_rows(s3, tmp_path, 1)
    upload_rows(s3, tmp_path, 2)
    run = ["refresh", "--config", str(write_config(tmp_path)), "--workers", "1"]
    succeeded(etl(*run))
    before = UrlStore("s3://bucket/published").current()
    monkeypatch.setenv("ETL_CACHE_DIR", str(tmp_path / "another machine"))
    s3.rm("bucket/raw/2.jsonl")
    assert "file_gone: raw files" in explained(etl(*run), 3)
    assert UrlStore("s3://bucket/published").current() == before
    succeeded(etl(*run, "--accept", "file_gone", "--accept", "rows_gone"))
    assert rows_in("s3://bucket/published") == 45

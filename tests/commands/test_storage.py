"""Inputs and outputs at URLs, against a real S3 server: the same bytes, complete or absent, clear errors."""

import os
import subprocess
import sys
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import fsspec
import pytest
from support.patience import PATIENCE
from support.run_etl import COMMAND, TABLE, environment, etl, explained, ingest, make_rows, succeeded
from support.s3_server import Server, serving
from support.small_tables import write_lines

from etl.dataset.read import open_dataset
from etl.errors import EtlError, InputError, SettingsError
from etl.ingestion.sources.archive import walk
from etl.ingestion.sources.raw import InputLog
from etl.storage.datasets import open_url, upload_dataset
from etl.storage.inputs import fetch_inputs
from etl.storage.versions.url import UrlStore
from etl.storage.versions.version import version_name

pytestmark = pytest.mark.slow

SECRET = "a-secret-that-nobody-sees"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def s3(server: Server) -> fsspec.AbstractFileSystem:
    """The bucket's file system; the requests that were counted before are forgotten."""
    server.requests.clear()
    return fsspec.filesystem("s3", use_listings_cache=False)


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing was downloaded before."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("NUMBA_CACHE_DIR", f"{os.environ['ETL_CACHE_DIR']}/compiled")
    monkeypatch.setenv("ETL_CACHE_DIR", str(folder))
    return folder


@pytest.fixture(scope="module")
def other_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("other")
    succeeded(ingest(write_lines(folder / "table.jsonl", make_rows(80)), "--out", folder / "dataset"))
    return folder / "dataset"


def hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files}


def assert_is_whole(folder: Path) -> None:
    listed = open_dataset(folder).manifest.files
    assert {name: each.sha256 for name, each in listed.items()} == {
        name: found for name, found in hashes(folder).items() if name not in {"manifest.json", "version.json"}
    }


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table, one in a zip, and one in a folder whose Korean name is in NFD."""
    folder = tmp_path_factory.mktemp("corpus") / "raw"
    rows = make_rows(60)
    write_lines(folder / "one.jsonl", rows[:20])
    write_lines(folder / unicodedata.normalize("NFD", "한글 폴더") / "two.jsonl", rows[20:40])
    inside = write_lines(folder.parent / "three.jsonl", rows[40:])
    with zipfile.ZipFile(folder / "three.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(inside, "three.jsonl")
    return folder


@pytest.fixture(scope="module")
def local(raw: Path) -> dict[str, str]:
    """What becomes of it on this machine."""
    succeeded(ingest(raw, "--out", raw.parent / "dataset"))
    return hashes(raw.parent / "dataset")


def test_a_bucket_gives_the_same_bytes_as_a_folder(
    server: Server, s3: fsspec.AbstractFileSystem, raw: Path, local: dict[str, str], tmp_path: Path
) -> None:
    s3.put(str(raw), "bucket/same/raw", recursive=True)
    run = succeeded(ingest("s3://bucket/same/raw/", "--out", tmp_path / "dataset"))
    assert "downloading 3 of 3 files" in run.stderr
    assert hashes(tmp_path / "dataset") == local
    # What was downloaded is not downloaded again, and the dataset is the same at a URL.
    server.requests.clear()
    run = succeeded(ingest("s3://bucket/same/raw", "--out", "s3://bucket/same/dataset"))
    assert [each for each in server.asked("GET /bucket/same/raw/") if each] == []
    assert "downloading" not in run.stderr
    s3.get("bucket/same/dataset", str(tmp_path / "published"), recursive=True)
    assert hashes(tmp_path / "published") == local


def test_several_inputs_may_be_urls_and_paths(s3: fsspec.AbstractFileSystem, raw: Path, table: Path) -> None:
    s3.put_file(str(table), "bucket/several/table.jsonl")
    s3.put_file(str(table), "bucket/several/folder/same.jsonl")
    urls = ["s3://bucket/several/table.jsonl", str(raw), "s3://bucket/several/folder"]
    with fetch_inputs(urls) as paths:
        assert [path.name for path in paths] == ["table.jsonl", "raw", "folder"]
        names = [each.file for each in walk(paths, InputLog(skip_bad_files=False))]
    assert {"table.jsonl", "folder/same.jsonl", "raw/one.jsonl"} <= set(names)


def test_only_what_changed_is_downloaded_again(
    server: Server, s3: fsspec.AbstractFileSystem, own_cache: Path
) -> None:
    for name in ("a", "b", "c"):
        s3.pipe_file(f"bucket/changing/{name}.txt", name.encode())
    with fetch_inputs(["s3://bucket/changing"]) as [first]:
        assert sorted(server.asked("GET /bucket/changing/")) == ["a.txt", "b.txt", "c.txt"]
        s3.pipe_file("bucket/changing/b.txt", b"B")
        s3.rm_file("bucket/changing/c.txt")
        server.requests.clear()
        with fetch_inputs(["s3://bucket/changing"]) as [second]:
            assert server.asked("GET /bucket/changing/") == ["b.txt"]
            assert {path.name: path.read_text() for path in second.iterdir()} == {"a.txt": "a", "b.txt": "B"}
        # Whoever began before goes on with what was there then.
        assert {path.name: path.read_text() for path in first.iterdir()} == {
            "a.txt": "a",
            "b.txt": "b",
            "c.txt": "c",
        }
    # Nothing but the two files that are there now is kept.
    kept = [path for path in (own_cache / "remote").rglob("*") if path.is_file() and path.suffix != ".lock"]
    assert sorted(path.read_text() for path in kept) == ["B", "a"]


def test_a_download_that_was_killed_is_no_file(
    server: Server,
    s3: fsspec.AbstractFileSystem,
    raw: Path,
    local: dict[str, str],
    tmp_path: Path,
    own_cache: Path,
) -> None:
    s3.put(str(raw), "bucket/killed/raw", recursive=True)
    arguments = ["ingest", *TABLE, "s3://bucket/killed/raw", "--out", str(tmp_path / "dataset")]
    run_and_kill(server, [*COMMAND, *arguments], deadly="GET /bucket/killed/raw/", lives=1)
    assert not (tmp_path / "dataset").exists()
    succeeded(etl(*arguments))
    assert hashes(tmp_path / "dataset") == local
    assert list((own_cache / "remote" / "views").iterdir()) == []


def run_and_kill(server: Server, arguments: list[str], *, deadly: str, lives: int) -> None:
    """Runs a program which the server kills before it answers such a request, the first `lives` aside."""
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    server.deadly, server.lives, server.victim = deadly, lives, process.pid
    said = process.communicate(timeout=PATIENCE)
    assert process.returncode == -9, said


def test_a_dataset_at_a_url_is_validated_and_gets_a_vocabulary(
    server: Server, s3: fsspec.AbstractFileSystem, table: Path, dataset: Path
) -> None:
    url = "s3://bucket/checked/dataset"
    succeeded(ingest(table, "--out", url))
    assert server.asked("PUT /bucket/checked/dataset/")[-1] == "manifest.json"
    run = succeeded(etl("build-vocab", url, "--min-count", "1"))
    assert f"{url}/vocab.json" in run.stdout
    puts = server.asked("PUT /bucket/checked/dataset/")
    assert (sorted(puts[:2]), puts[2:]) == (["vocab.json", "vocab.tsv"], ["manifest.json"])
    run = succeeded(etl("validate", url, "--fail-on", "never"))
    assert f"Report: {url}/validation/report.html" in run.stdout
    assert s3.exists("bucket/checked/dataset/validation/findings.json")
    with open_url(url) as folder:
        assert folder.name == "dataset"
        assert_is_whole(folder)
        assert "vocab.json" in open_dataset(folder).manifest.files
        # Another one replaces all of it: the vocabulary and the report belonged to what was there.
        upload_dataset(dataset, url)
    assert not s3.exists("bucket/checked/dataset/vocab.json")
    assert not s3.exists("bucket/checked/dataset/validation/findings.json")


def test_a_table_at_a_url_is_opened_under_its_name(s3: fsspec.AbstractFileSystem, table: Path) -> None:
    s3.put_file(str(table), "bucket/tables/table.jsonl")
    with open_url("s3://bucket/tables/table.jsonl") as path:
        assert (path.name, path.read_bytes()) == ("table.jsonl", table.read_bytes())
    assert not path.exists()


IMPORTS = "import sys; from pathlib import Path; from etl.storage import datasets; "
PUBLISH = IMPORTS + "from etl.storage.versions.url import UrlStore; {}"
PLAIN = "datasets.upload_dataset(Path(sys.argv[1]), sys.argv[2])"
VERSION = "UrlStore(sys.argv[2]).publish(Path(sys.argv[1]), sys.argv[3])"


def test_a_dataset_that_is_cut_off_is_none_and_the_next_run_replaces_it(
    server: Server, s3: fsspec.AbstractFileSystem, dataset: Path, other_dataset: Path
) -> None:
    url = "s3://bucket/cut/dataset"
    upload_dataset(dataset, url)
    program = [sys.executable, "-c", PUBLISH.format(PLAIN), str(other_dataset), url]
    for lives in (1, len(hashes(other_dataset))):  # before the first file, and before the manifest
        run_and_kill(server, program, deadly="PUT /bucket/cut/", lives=lives)
        with pytest.raises(InputError, match="no whole dataset"), open_url(url):
            pass
    upload_dataset(other_dataset, url)
    with open_url(url) as folder:
        assert hashes(folder) == hashes(other_dataset)
    assert not s3.exists("bucket/cut/dataset/incomplete")


def test_killed_at_any_upload_the_old_version_is_current_and_whole(
    server: Server, dataset: Path, other_dataset: Path
) -> None:
    place, old, new = "s3://bucket/place", version_name(dataset), version_name(other_dataset)
    assert UrlStore(place).publish(dataset, old)
    program = [sys.executable, "-c", PUBLISH.format(VERSION), str(other_dataset), place, new]
    uploads = len(hashes(other_dataset)) + 1  # the version's manifest and the pointer are the last two
    for lives in (0, uploads // 2, uploads - 2, uploads - 1):
        run_and_kill(server, program, deadly="PUT /bucket/place/", lives=lives)
        assert UrlStore(place).current() == old
        with open_url(place) as folder:
            assert hashes(folder) == hashes(dataset)
    assert UrlStore(place).publish(other_dataset, new)
    assert not UrlStore(place).publish(other_dataset, new)
    with open_url(place) as folder:
        assert hashes(folder) == hashes(other_dataset)


def test_the_pointer_is_written_last_and_a_reader_stays_with_its_version(
    server: Server, s3: fsspec.AbstractFileSystem, dataset: Path, other_dataset: Path
) -> None:
    place, old, new = "s3://bucket/reading", version_name(dataset), version_name(other_dataset)
    UrlStore(place).publish(dataset, old)
    with open_url(place) as before:
        server.requests.clear()
        UrlStore(place).publish(other_dataset, new)
        assert server.asked("PUT /bucket/reading/")[-2:] == [f"versions/{new}/manifest.json", "current"]
        with open_url(place) as after:
            assert (hashes(before), hashes(after)) == (hashes(dataset), hashes(other_dataset))
    # An earlier version can be made current again, one that is not there cannot.
    UrlStore(place).point_to(old)
    assert UrlStore(place).current() == old
    with pytest.raises(InputError, match="no version 0123"):
        UrlStore(place).point_to("0123")
    assert "never changed" in explained(etl("build-vocab", place), 2)


def test_a_version_with_a_damaged_file_is_not_opened(s3: fsspec.AbstractFileSystem, dataset: Path) -> None:
    UrlStore("s3://bucket/damaged").publish(dataset, version_name(dataset))
    [shard, *_] = s3.glob("bucket/damaged/versions/*/data/train-*.parquet")
    content = s3.cat_file(shard)
    s3.pipe_file(shard, content[:-1] + bytes([content[-1] ^ 1]))
    with (
        pytest.raises(InputError, match="not the file that the manifest lists"),
        open_url("s3://bucket/damaged"),
    ):
        pass


def test_what_is_not_ours_is_not_replaced(server: Server, s3: fsspec.AbstractFileSystem, table: Path) -> None:
    s3.pipe_file("bucket/theirs/photo.jpg", b"dear")
    assert "already holds something else" in explained(ingest(table, "--out", "s3://bucket/theirs"), 2)
    assert s3.find("bucket/theirs") == ["bucket/theirs/photo.jpg"]


@pytest.mark.parametrize("key", ["../up.txt", "a//b.txt", "/etc.txt"])
def test_a_name_that_leads_elsewhere_is_refused(s3: fsspec.AbstractFileSystem, key: str) -> None:
    folder = f"bucket/names{sha256(key.encode()).hexdigest()[:6]}"
    client = s3.s3
    fsspec.asyn.sync(s3.loop, client.put_object, Bucket="bucket", Key=f"{folder[7:]}/{key}", Body=b"x")
    with pytest.raises(EtlError), fetch_inputs([f"s3://{folder}"]):
        pass


Environment = Callable[..., dict[str, str]]


@pytest.mark.parametrize(
    ("url", "changes", "said"),
    [
        ("s3://no-such-bucket/raw", {}, "there is no bucket"),
        ("s3://bucket/nothing-here", {}, "there is nothing at"),
        ("s3://bucket/raw", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "cannot be reached"),
        ("s3://bucket/raw", {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, "no credentials"),
    ],
)
def test_what_is_in_the_way_is_said_with_what_to_do(
    server: Server, table: Path, url: str, changes: dict[str, str | None], said: str, tmp_path: Path
) -> None:
    env = environment(**{"HOME": str(tmp_path), **changes})
    run = etl("ingest", *TABLE, url, "--out", tmp_path / "dataset", env=env)
    assert said in explained(run, 4)
    assert SECRET not in run.stderr + run.stdout
    if "nothing" not in url:
        run = etl("ingest", *TABLE, table, "--out", url, env=env)
        assert said in explained(run, 6)
        assert SECRET not in run.stderr + run.stdout
    assert not (tmp_path / "dataset").exists()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("s3://name:hunter2@bucket/raw", "user name or password"),
        ("s9://bucket/raw", "s9"),
        ("gs://b/c", "gs://"),
    ],
)
def test_a_url_that_cannot_be_used_is_wrong_usage(url: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught, fetch_inputs([url]):
        pass
    assert "hunter2" not in str(caught.value)
    assert caught.value.next_step


def test_other_urls_than_those_of_s3_work_too(dataset: Path, tmp_path: Path) -> None:
    upload_dataset(dataset, "memory://place/dataset")
    with open_url("memory://place/dataset") as folder:
        assert hashes(folder) == hashes(dataset)
    with open_url(f"file://{dataset}") as folder:
        assert folder == dataset
    UrlStore("memory://place/versioned").publish(dataset, version_name(dataset))
    with open_url("memory://place/versioned") as folder:
        assert hashes(folder) == hashes(dataset)

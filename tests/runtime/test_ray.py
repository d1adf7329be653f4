"""Ingest on a Ray cluster of two nodes on this machine: the same dataset, even if one dies."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from support import stand_in_tagger as stand_in
from support.run_etl import COMMAND, environment, etl_process, succeeded

import etl
from etl.dataset import vocab
from etl.errors import EtlError, InputError, SettingsError
from etl.ingestion.ingest import open_steps
from etl.runtime.engine.local import LocalEngine
from etl.runtime.engine.open import open_engine
from etl.runtime.engine.packing import pack_settings, unpack_frame, unpack_settings
from etl.runtime.engine.protocol import Batch, BatchFn, Finished
from etl.settings import Settings, Table, Tag, load
from etl.tagging import dictionary
from etl.tagging.pool import Pool

pytestmark = pytest.mark.cluster

ray = pytest.importorskip("ray", reason="the extra [ray] is not installed")
cluster_utils = pytest.importorskip("ray.cluster_utils")

FILES, ROWS = 20, 120
OBJECTS = 80 * 2**20
COLUMNS = ["--text-column", "text", "--label-column", "label", "--tagger", "whitespace"]
TABLE = Table(text_column="text", label_column="label")
WHITESPACE = Settings(tag=Tag("whitespace"), table=TABLE)


def quiet(amount: int, description: str | None = None) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes with a processor each."""
    if shutil.disk_usage("/dev/shm").free < 4 * OBJECTS:
        pytest.skip("there is too little shared memory for two nodes of Ray")
    # The cluster has 30 seconds to start, which may pass while other tests take all processors.
    # Workers of Ray give way to all other processes, here those of other tests, unless their niceness is 0.
    os.environ.update(
        RAY_USAGE_STATS_ENABLED="0", RAY_gcs_server_port_wait_time_s="120", RAY_worker_niceness="0"
    )
    node = {"num_cpus": 1, "object_store_memory": OBJECTS, "include_dashboard": False}
    made = cluster_utils.Cluster(initialize_head=True, head_node_args=node)
    made.add_node(num_cpus=1, object_store_memory=OBJECTS)
    made.wait_for_nodes()
    yield made
    made.shutdown()


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reviews in many files, since no batch spans two; some are repeated, some nearly."""
    folder = tmp_path_factory.mktemp("raw")
    for file in range(FILES):
        rows = []
        for number in range(file * ROWS, (file + 1) * ROWS):
            said = hashlib.sha256(b"%d" % (number - number % 10)).hexdigest()[:30]
            label = ["기쁨", "슬픔", "분노"][number // 10 % 3]
            rows.append({"text": f"그날 {said} 일은 참 {number % 4} 좋았다고 한다", "label": label})
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        (folder / f"{file:03}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def local(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The files of the dataset that this machine makes alone."""
    folder = tmp_path_factory.mktemp("local") / "dataset"
    manifest = etl.ingest([raw], folder, WHITESPACE, workers=2, progress=quiet).manifest
    vocab.build_vocab(folder)
    rejected = manifest.counts["table"].rejected
    assert rejected["leak_near"] > 100
    assert rejected["duplicate"] > 100
    return digests(folder)


def digests(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_two_nodes_make_the_dataset_of_one_machine(
    cluster: Any, raw: Path, local: dict[str, str], tmp_path: Path
) -> None:
    with open_engine("ray", cluster.address, None) as engine:
        assert engine.n_partitions == 2
        etl.ingest([raw], tmp_path / "d", WHITESPACE, workers=1, progress=quiet, engine=engine)
        vocab.build_vocab(tmp_path / "d", engine=engine)
    assert digests(tmp_path / "d") == local


def test_items_are_read_on_the_nodes(cluster: Any) -> None:
    def read(item: int) -> Generator[pl.DataFrame, None, str]:
        for number in range(item):
            label = pl.Series(["기쁨"] * 3, dtype=pl.Enum(["기쁨", "슬픔"]))
            yield pl.DataFrame({"item": [item] * 3, "number": number, "label": label, "l": [[1], None, []]})
        if item == 9:
            raise InputError("the ninth is bad")
        return f"read {item} in {os.getpid()}"

    with open_engine("ray", cluster.address, 2) as engine:
        got = list(engine.read(read, range(6)))
        batches = [each for each in got if isinstance(each, Batch)]
        ends = {each.item: each for each in got if isinstance(each, Finished)}
        frames = [(each, unpack_frame(ray.get(each.rows))) for each in batches]
        with pytest.raises(InputError, match="ninth") as raised:
            list(engine.read(read, [9]))
    assert sorted((each.item, each.number) for each in batches) == [
        (a, b) for a in range(6) for b in range(a)
    ]
    local = {
        (each.item, each.number): each.rows
        for each in LocalEngine(1).read(read, range(6))
        if isinstance(each, Batch)
    }
    for batch, frame in frames:
        assert batch.height == 3
        assert_frame_equal(frame, local[batch.item, batch.number])
    assert [ends[item].n_batches for item in range(6)] == list(range(6))
    assert all(each.result.startswith(f"read {each.item} in ") for each in ends.values())
    assert f"in {os.getpid()}" not in {each.result for each in ends.values()}
    assert raised.value.details[0].startswith("on the node ")


def test_a_folder_that_a_node_does_not_see_is_refused(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    elsewhere = Path("/proc/self/cwd")  # of each process another folder
    with open_engine("ray", cluster.address, 2) as engine:
        engine.check_folder(tmp_path, "")
        with pytest.raises(SettingsError, match="share the folder") as raised:
            engine.check_folder(elsewhere, "give `--work FOLDER`.")
    assert len(raised.value.details) == 2
    assert all("No such file" in detail for detail in raised.value.details)
    assert not list(tmp_path.iterdir())


def test_nodes_that_die_while_it_reads_decides_and_writes_change_nothing(
    cluster: Any, raw: Path, local: dict[str, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nodes = [cluster.add_node(num_cpus=1, object_store_memory=OBJECTS) for _ in range(3)]
    doomed = dict(zip(["reading table", "texts", "writing"], nodes, strict=True))
    dying: list[threading.Timer] = []

    def kill_a_node(amount: int, description: str | None = None) -> None:
        node = doomed.pop(description or "", None)
        if node is not None:
            # Batches wait while this runs; the tasks of a later phase begin when it was told.
            delay = 0.0 if amount else 0.2
            dying.append(threading.Timer(delay, cluster.remove_node, [node], {"allow_graceful": False}))
            dying[-1].start()
            dying[-1].join() if amount else None

    cluster.wait_for_nodes()
    with open_engine("ray", cluster.address, None) as engine:
        assert engine.n_partitions == 5
        etl.ingest([raw], tmp_path / "d", WHITESPACE, workers=1, progress=kill_a_node, engine=engine)
        vocab.build_vocab(tmp_path / "d", engine=engine)
        for each in dying:
            each.join()
    assert not doomed
    assert [note for note in caplog.messages if "was lost; others do its work" in note]
    assert digests(tmp_path / "d") == local


def test_where_the_driver_is_killed_the_next_run_goes_on(
    cluster: Any, raw: Path, local: dict[str, str], tmp_path: Path
) -> None:
    ingest = ["ingest", *COLUMNS, str(raw), "--out", str(tmp_path / "d"), "--resume"]
    ingest += ["--engine", "ray", "--address", cluster.address]
    with subprocess.Popen([*COMMAND, *ingest], env=environment(), stderr=subprocess.DEVNULL) as run:
        while len(list(tmp_path.glob(".d.work/batches/*.parts"))) < FILES // 4:
            assert run.poll() is None
            time.sleep(0.05)
        run.kill()
    assert len(list(tmp_path.glob(".d.work/batches/*.parts"))) < FILES
    resumed = succeeded(etl_process(*ingest))
    assert "begins anew" not in resumed.stderr
    assert "nothing to resume" not in resumed.stderr
    vocab.build_vocab(tmp_path / "d")
    assert digests(tmp_path / "d") == local


def test_a_batch_that_no_worker_survives_is_given_up_and_the_nodes_are_named(cluster: Any) -> None:
    @contextmanager
    def open_deadly(settings: Settings, workers: int) -> Iterator[BatchFn]:
        yield lambda batch: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[func-returns-value,return-value]

    with (
        pytest.raises(EtlError, match="none of them lived") as raised,
        open_engine("ray", cluster.address, 1) as engine,
        engine.start_workers(open_deadly, lambda settings: {}, WHITESPACE) as work,
    ):
        work(pl.DataFrame({"text": ["가"]}))
    assert [detail.startswith("on the node ") for detail in raised.value.details] == [True] * 5


def test_a_node_with_another_version_is_refused_with_both_hashes(cluster: Any) -> None:
    driver = os.getpid()

    def facts(settings: Settings) -> dict[str, str]:
        return {"code": "ours" if os.getpid() == driver else "theirs", "packages": "the same"}

    with (
        pytest.raises(InputError) as raised,
        open_engine("ray", cluster.address, 1) as engine,
        engine.start_workers(open_steps, facts, WHITESPACE) as work,
    ):
        work(pl.DataFrame())
    assert raised.value.details[0] == "code: expected ours, got theirs"
    assert "would give other rows" in raised.value.what
    assert raised.value.next_step


def test_a_sentence_that_hangs_its_tagger_is_found_on_a_node_too(cluster: Any) -> None:
    tests = str(Path(__file__).parents[1])

    @contextmanager
    def open_stand_in(settings: Settings, workers: int) -> Iterator[BatchFn]:
        sys.path.append(tests)
        from support.stand_in_tagger import load

        pool = Pool(Tag("mecab", seconds=1), workers, load)
        columns = ["tokens", "tags", "problem", "found"]
        yield lambda batch: [pl.DataFrame(pool.tag(batch["text"].to_list()), columns, orient="row")]
        pool.stop()

    with (
        open_engine("ray", cluster.address, 1) as engine,
        engine.start_workers(open_stand_in, lambda settings: {}, WHITESPACE) as work,
    ):
        [frame] = work(pl.DataFrame({"text": ["오늘은 좋은 날이다", stand_in.WAIT, "내일도 그렇다"]}))
    assert frame["problem"].to_list() == [None, "tagger_timeout", None]
    assert [len(tokens) > 1 for tokens in frame["tokens"].to_list()] == [True, False, True]


def test_settings_arrive_with_the_files_they_name(tmp_path: Path) -> None:
    words = tmp_path / "words.tsv"
    words.write_text("갓생\tnoun\n", encoding="utf-8")
    packed = pack_settings(Settings(tag=Tag("okt", dictionary=str(words))))
    words.unlink()
    with unpack_settings(packed) as arrived:
        assert dictionary.load(arrived.tag.dictionary) == [("갓생", "noun")]
    assert not Path(arrived.tag.dictionary).exists()
    with pytest.raises(SettingsError):
        pack_settings(Settings(taxonomy=str(tmp_path / "none.yaml")))


def test_an_address_without_ray_is_refused() -> None:
    with (
        pytest.raises(SettingsError, match="the engine is local"),
        open_engine("local", "auto", 1),
    ):
        pass


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("127.0.0.1:1", "there is no Ray cluster at 127.0.0.1:1"),
        ("nowhere.invalid:6379", "there is no Ray cluster at nowhere.invalid:6379"),
        ("head", "head is no address of a Ray cluster"),
    ],
)
def test_an_address_at_which_there_is_no_cluster_is_said_at_once(address: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said), open_engine("ray", address, 1):
        pass


def test_the_engine_of_a_refresh_stands_in_its_settings(tmp_path: Path) -> None:
    config = tmp_path / "etl.yaml"
    config.write_text("refresh: {engine: ray, address: 'head:6379'}", encoding="utf-8")
    assert load(config, {}).refresh.address == "head:6379"
    with pytest.raises(SettingsError):
        load(config, {"refresh.engine": "spark"})

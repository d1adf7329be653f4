"""A dataset is complete or absent, whatever happens to the run that writes it."""

import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.each_step import interrupt_at_each_step
from support.patience import PATIENCE
from support.small_tables import fingerprints, ingest, make_rows, write_lines

from etl.dataset.manifest import FileEntry
from etl.dataset.read import open_dataset
from etl.dataset.staging import staging
from etl.errors import EtlError, InputError, SettingsError, WriteError
from etl.runtime import signals

pytestmark = pytest.mark.slow

PROOF = "manifest.json"
SMALL_SHARDS = ["--shard-rows", "500"]  # dozens of files, so that writing takes a while


def fill(folder: Path, content: str = "new") -> None:
    (folder / "data").mkdir()
    (folder / "data" / "rows").write_text(content)
    (folder / PROOF).write_text(content)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def run(*arguments: str | Path, limit_file_bytes: int | None = None) -> subprocess.Popen[str]:
    """`etl ingest` of a table with the white-space tagger, in a process of its own.

    Args:
        arguments: further options.
        limit_file_bytes: no file may grow larger; a write beyond it fails as on a full disk.
    """
    columns = ["--text-column", "text", "--label-column", "label", "--group-column", "group"]
    options = ["--tagger", "whitespace", "--workers", "1", *columns]
    process = subprocess.Popen(
        [
            *[sys.executable, "-c", "from etl.cli import main; main()"],
            *["ingest", *options, *map(str, arguments)],
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if limit_file_bytes is not None:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit_file_bytes, limit_file_bytes))
    return process


@pytest.fixture(scope="module")
def large_table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Several batches, one shard."""
    return write_lines(tmp_path_factory.mktemp("raw") / "table.jsonl", make_rows(24_000))


def test_a_folder_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "dataset"
    with staging(target, PROOF) as folder:
        fill(folder)
        assert not target.exists()
    assert fingerprints(target).keys() == {"data/rows", PROOF}
    assert names(target.parent) == ["dataset"]


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "dataset").mkdir()
    with staging(tmp_path / "dataset", PROOF) as folder:
        fill(folder)
    assert names(tmp_path) == ["dataset"]
    assert names(tmp_path / "dataset") == ["data", PROOF]


def test_an_older_one_is_replaced_with_nothing_left_of_it(tmp_path: Path) -> None:
    target = tmp_path / "dataset"
    for content in ("old", "new"):
        with staging(target, PROOF) as folder:
            fill(folder, content)
            if content == "old":
                (folder / "only old").touch()
    assert (target / PROOF).read_text() == "new"
    assert names(target) == ["data", PROOF]
    assert names(tmp_path) == ["dataset"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, InputError])
def test_an_error_leaves_what_was_there(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "dataset"
    with staging(target, PROOF) as folder:
        fill(folder, "old")
    before = fingerprints(target)
    with pytest.raises(error), staging(target, PROOF) as folder:
        fill(folder)
        raise error("stop")
    assert fingerprints(target) == before
    assert names(tmp_path) == ["dataset"]


def test_it_is_the_old_or_the_new_one_and_nothing_else_whenever_a_signal_comes(tmp_path: Path) -> None:
    target = tmp_path / "dataset"
    target.mkdir()
    (target / "manifest.json").write_text("old")

    def replace() -> None:
        with staging(target, "manifest.json") as folder:
            (folder / "manifest.json").write_text("new")

    def check(is_stopped: bool) -> None:
        assert [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))] == [
            "dataset",
            "dataset/manifest.json",
        ]
        assert (target / "manifest.json").read_text() in ("old", "new")
        assert is_stopped or (target / "manifest.json").read_text() == "new"
        (target / "manifest.json").write_text("old")

    assert interrupt_at_each_step(replace, check) > 100


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "dataset").symlink_to(tmp_path / "disk" / "dataset")
    for content in ("old", "new"):
        with staging(tmp_path / "dataset", PROOF) as folder:
            fill(folder, content)
    assert (tmp_path / "dataset").is_symlink()
    assert (tmp_path / "disk" / "dataset" / PROOF).read_text() == "new"
    assert [names(tmp_path), names(tmp_path / "disk")] == [["dataset", "disk"], ["dataset"]]


def test_the_folder_one_stands_in_can_be_named_by_a_dot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dataset").mkdir()
    monkeypatch.chdir(tmp_path / "dataset")
    with staging(Path(), PROOF) as folder:
        fill(folder)
    assert names(tmp_path) == ["dataset"]
    assert names(tmp_path / "dataset") == ["data", PROOF]


def test_an_error_leaves_nothing_where_nothing_was(tmp_path: Path) -> None:
    for target in (tmp_path / "dataset", tmp_path / "deep" / "er" / "dataset"):
        with pytest.raises(ValueError, match="stop"), staging(target, PROOF) as folder:
            fill(folder)
            raise ValueError("stop")
        assert names(tmp_path) == []


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(SettingsError, match="already holds something else"), staging(tmp_path, PROOF):
        pytest.fail("must not get here")
    assert names(tmp_path) == ["photo.jpg"]


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dataset").write_text("mine")
    with pytest.raises(SettingsError, match="is a file"), staging(tmp_path / "dataset", PROOF):
        pytest.fail("must not get here")
    assert (tmp_path / "dataset").read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_a_write_error() -> None:
    with pytest.raises(WriteError, match="Next:"), staging(Path("/proc/nowhere/dataset"), PROOF):
        pytest.fail("must not get here")


def test_leftovers_of_dead_runs_are_removed_and_those_of_living_ones_are_not(tmp_path: Path) -> None:
    (tmp_path / ".dataset.partial-1").mkdir()  # as a run without a lock would have left it
    (tmp_path / ".dataset.partial-1" / "half").touch()
    (tmp_path / ".other.partial-1").mkdir()
    with staging(tmp_path / "dataset", PROOF) as living:
        fill(living)
        with staging(tmp_path / "dataset", PROOF) as folder:
            fill(folder, "other")
        assert (living / PROOF).read_text() == "new"
    assert (tmp_path / "dataset" / PROOF).read_text() == "new"
    assert names(tmp_path) == [".other.partial-1", "dataset"]


STAGE = """
import sys
from pathlib import Path
from etl.dataset.staging import staging
with staging(Path(sys.argv[1]), "manifest.json") as folder:
    (folder / "manifest.json").write_text("whole")
    print("begun", flush=True)
    input()
"""


CONTAINER = ["unshare", "--user", "--map-root-user", "--pid", "--fork"]


def has_containers() -> bool:
    """Whether a process can be started as process 1 of a namespace, as in a container."""
    if shutil.which(CONTAINER[0]) is None:
        return False
    return subprocess.run([*CONTAINER, "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not has_containers(), reason="this system makes no namespaces for processes")
def test_two_containers_with_the_same_process_number_leave_each_other_alone(tmp_path: Path) -> None:
    def start() -> subprocess.Popen[str]:
        command = [*CONTAINER, sys.executable, "-c", STAGE, tmp_path / "dataset"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        return process

    first, second = start(), start()
    for process in (first, second):
        process.communicate("go on\n", timeout=PATIENCE)
        assert process.returncode == 0
    assert names(tmp_path) == ["dataset"]
    assert names(tmp_path / "dataset") == [PROOF]


def spoil(raw: Path) -> None:
    """Adds a file that is read last and breaks off."""
    (raw / "z.csv").write_bytes("text,label,group\n오늘,기쁨,a\n".encode() + b"\xff\xfe\xff\n")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_file_that_cannot_be_read_leaves_the_dataset_untouched(tmp_path: Path, workers: int) -> None:
    raw, out = tmp_path / "raw", tmp_path / "dataset"
    write_lines(raw / "a.jsonl", make_rows(300))
    ingest(raw, out=out)
    before = fingerprints(out)
    spoil(raw)
    with pytest.raises(InputError):
        ingest(raw, out=out, workers=workers)
    assert fingerprints(out) == before
    assert names(tmp_path) == ["dataset", "raw"]


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None, "the run ended before it could be disturbed"
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.mark.parametrize("has_older", [True, False])
def test_a_run_that_is_killed_leaves_what_was_there_and_the_next_one_cleans_up(
    tmp_path: Path, large_table: Path, has_older: bool
) -> None:
    out = tmp_path / "dataset"
    if has_older:
        ingest(write_lines(tmp_path / "small.jsonl", make_rows(100)), out=out)
    before = fingerprints(out)
    process = run(large_table, "--out", out, *SMALL_SHARDS)
    wait_for(lambda: len(list(tmp_path.glob(".dataset.work/*/dataset/data/*"))) > 2, process)
    process.kill()
    process.communicate()
    assert fingerprints(out) == before
    assert any(tmp_path.glob(".dataset.partial-*"))
    process = run(large_table, "--out", out)
    process.communicate()
    assert process.returncode == 0
    assert not any(tmp_path.glob(".dataset.*"))
    assert open_dataset(out).manifest.counts["table"].read == 24_000


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_stopped_leaves_what_was_there(
    tmp_path: Path, large_table: Path, signal_number: int
) -> None:
    out = tmp_path / "dataset"
    ingest(write_lines(tmp_path / "small.jsonl", make_rows(100)), out=out)
    before = fingerprints(out)
    process = run(large_table, "--out", out, *SMALL_SHARDS)
    wait_for(lambda: len(list(tmp_path.glob(".dataset.work/*/dataset/data/*"))) > 2, process)
    process.send_signal(signal_number)
    _, errors = process.communicate()
    assert process.returncode == 128 + signal_number
    assert errors.endswith(f"{signals.STOPPED}\n")
    assert "Traceback" not in errors
    assert fingerprints(out) == before
    assert names(tmp_path) == ["dataset", "small.jsonl"]


def largest(files: dict[str, FileEntry], folder: str) -> int:
    return max(entry.bytes for name, entry in files.items() if name.startswith(folder))


@pytest.mark.parametrize("where", ["batches", "shards"])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, large_table: Path, where: str) -> None:
    # A limit on the size of a file fails a write just as a full disk does; the shard is the largest file.
    out = tmp_path / "dataset"
    files = ingest(large_table, out=out).files
    before = fingerprints(out)
    limit = 20_000 if where == "batches" else largest(files, "data") - 1_000
    process = run(large_table, "--out", out, limit_file_bytes=limit)
    _, errors = process.communicate()
    assert process.returncode == WriteError.exit_code, errors
    assert f"error: {out} cannot be written" in errors
    assert "A limit on the size of files is in force" in errors
    assert "Traceback" not in errors
    assert fingerprints(out) == before
    assert names(tmp_path) == ["dataset"]


def test_each_kind_of_error_has_its_exit_code() -> None:
    kinds = [kind for kind in EtlError.__subclasses__() if kind.__module__ == EtlError.__module__]
    codes = {kind.__name__: kind.exit_code for kind in kinds}
    assert codes == {
        "SettingsError": 2,
        "FindingsError": 3,
        "InputError": 4,
        "LockError": 5,
        "WriteError": 6,
        "MemoryLimitError": 7,
    }

"""Whatever happens to a refresh: `current` is one whole version, and the next run puts all in order."""

import json
import os
import resource
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import structs
from support.faults import asking
from support.patience import PATIENCE
from support.places import content, make, run, start, succeeded, whole, write_rows
from support.refresh_torture import torture
from support.run_etl import etl, explained

from etl.publishing import record
from etl.publishing.job import Job
from etl.runtime import signals
from etl.storage.versions.local import LocalStore
from etl.storage.versions.version import VERSION_FILE, decode_version, encode_version, version_name

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def prepared(published_twice: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A candidate for a second version."""
    candidate = tmp_path_factory.mktemp("prepared") / "candidate"
    shutil.copytree((published_twice / "place" / "current").resolve(), candidate)
    (candidate / VERSION_FILE).unlink()
    return candidate


@pytest.fixture(scope="module")
def publish() -> Iterator[Callable[..., tuple[int, int]]]:
    """`publish(kind, number, place, candidate)`: the exit code, and how many file operations there were."""
    with asking() as ask:
        yield ask


@pytest.mark.parametrize("kind", ["kill", "full"])
def test_at_each_file_operation_of_publishing_current_is_the_old_or_the_new_version(
    published_once: Path, prepared: Path, publish: Callable[..., tuple[int, int]], tmp_path: Path, kind: str
) -> None:
    place, candidate = tmp_path / "place", tmp_path / "place" / ".candidate"

    def anew() -> None:
        shutil.rmtree(place, ignore_errors=True)
        # What is kept for later refreshes is most of a place, and a publication does not look at it.
        ignored = shutil.ignore_patterns("cache")
        shutil.copytree(published_once / "place", place, symlinks=True, ignore=ignored)
        shutil.copytree(prepared, candidate)

    anew()
    old, new = whole(place), version_name(candidate)
    exit_code, operations = publish("none", 0, place, candidate)
    assert exit_code == 0
    assert operations > 20
    assert whole(place) == new
    expected, ended = content(place), set()
    for number in range(1, operations + 1):
        anew()
        exit_code, _ = publish(kind, number, place, candidate)
        current = whole(place)
        assert current in {old, new}
        ended.add((exit_code, current))
        shutil.rmtree(candidate, ignore_errors=True)
        shutil.copytree(prepared, candidate)
        LocalStore(place).publish(candidate, stages={}, raw_files={})
        assert whole(place) == new
        assert content(place) == expected
    if kind == "kill":
        assert ended == {(-signal.SIGKILL, old), (-signal.SIGKILL, new)}
    else:  # what is refused once the new version is current is an error, or does not matter
        assert ended == {(6, old), (6, new), (0, new)}


def test_killed_at_random_moments(tmp_path: Path) -> None:
    torture(tmp_path, kills=1, seed=1, say=lambda _: None)


@pytest.mark.parametrize("limit", [0, 3_000, 30_000])
def test_a_disk_that_is_full_at_any_write_is_explained_and_leaves_what_was_current(
    published: Job, tmp_path: Path, limit: int
) -> None:
    made = published
    before, expected = whole(made.publish_dir), content(made.publish_dir)
    write_rows(made.inputs[0] / "z.jsonl", 300, 900)
    process = start(tmp_path / "etl.yaml", env={"PYTHONDONTWRITEBYTECODE": "1"})
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit, limit))
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 6, said
    assert "Traceback" not in said
    assert "cannot be written" in said or "cannot be used" in said
    assert (whole(made.publish_dir), content(made.publish_dir)) == (before, expected)
    assert succeeded(run(made)).outcome == "published"


def test_a_place_that_may_not_be_written_is_explained(tmp_path: Path) -> None:
    made = make(tmp_path, out="/proc/self/place")  # not even root may make folders there
    said = explained(etl("refresh", "--config", tmp_path / "etl.yaml"), 6)
    assert f"{made.publish_dir} cannot be written" in said


def test_a_raw_file_that_changes_while_it_is_read_is_an_error(
    published: Job,
) -> None:
    made = published
    before = whole(made.publish_dir)
    growing = write_rows(made.inputs[0] / "z.jsonl", 300, 3_000)
    is_done = threading.Event()

    def grow() -> None:
        with growing.open("ab") as lines:
            while not is_done.is_set():
                lines.write(b"\n")
                lines.flush()
                time.sleep(0.001)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        done = run(made)
    finally:
        is_done.set()
        writer.join()
    assert (done.outcome, done.exit_code, whole(made.publish_dir)) == ("failed", 4, before)
    assert done.error and "z.jsonl changed while it was read" in done.error
    assert succeeded(run(made)).outcome == "published"


def test_refreshes_at_the_same_time_are_one(tmp_path: Path) -> None:
    made = make(tmp_path)
    processes = [start(tmp_path / "etl.yaml", "--workers", "1") for _ in range(2)]
    said = [process.communicate(timeout=600)[1] for process in processes]
    # One that begins when another is done finds nothing to do, and is done too.
    assert {0} <= {process.returncode for process in processes} <= {0, 5}, said
    assert all(
        "etl refresh" in text for process, text in zip(processes, said, strict=True) if process.returncode
    )
    assert whole(made.publish_dir)
    assert len(LocalStore(made.publish_dir).versions()) == 1


TAKES_NOTE = "import sys; open(sys.argv[1], 'wb').write(sys.stdin.buffer.read())"


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_refresh_with_a_line_in_the_record_and_a_notice(
    tmp_path: Path, signal_number: signal.Signals
) -> None:
    made = make(tmp_path, notify=f'{sys.executable} -c "{TAKES_NOTE}" {tmp_path / "note.json"}')
    write_rows(made.inputs[0] / "b.jsonl", 300, 10_000)
    process = start(tmp_path / "etl.yaml", "--workers", "1")
    wait_until((made.publish_dir / ".candidate").is_dir)
    process.send_signal(signal_number)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + signal_number
    assert said.endswith(f"{signals.STOPPED}\n")
    assert "Traceback" not in said
    [line] = record.read_runs(made.publish_dir)
    assert (line["outcome"], line["exit_code"], line["error"]) == ("failed", process.returncode, "stopped")
    assert json.loads((tmp_path / "note.json").read_text(encoding="utf-8")) == line
    assert not (made.publish_dir / ".candidate").exists()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_clock_that_jumps_changes_nothing(published: Job) -> None:
    made = published
    first = whole(made.publish_dir)
    # All that was done so far seems to have been done in the future.
    for path in [*made.publish_dir.rglob("*"), *made.inputs[0].rglob("*")]:
        os.utime(path, (4e9, 4e9), follow_symlinks=False)
    facts = made.publish_dir / "current" / VERSION_FILE
    known = decode_version(facts.read_bytes())
    facts.write_bytes(encode_version(structs.replace(known, published=f"29{known.published[2:]}")))
    assert run(made).outcome == "unchanged"
    write_rows(made.inputs[0] / "z.jsonl", 300, 310)
    second = succeeded(run(made)).version
    assert [each.name for each in LocalStore(made.publish_dir).versions()] == [first, second]
    assert LocalStore(made.publish_dir).rollback().name == first

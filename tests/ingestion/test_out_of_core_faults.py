"""An ingest that is killed, or whose work folder is damaged, full or another run's: never another result."""

import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from support.run_etl import environment
from support.small_tables import fingerprints, make_rows, settings_of_tables, write_lines
from support.stopped_ingest import BATCH_ROWS, PATHS, stopping

import etl
from etl.errors import EtlError, WriteError

ROWS, PARTITIONS = 350, 4
STAGES = ("ids", "near-duplicates", "texts", "groups", "counting", "writing")
WORK = ".dataset.work"
KILLED = -signal.SIGKILL


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("etl.ingestion.sources.units.BATCH_ROWS", BATCH_ROWS)
    monkeypatch.setattr("etl.ingestion.ingest.count_partitions", lambda *_: PARTITIONS)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lines(tmp_path_factory.mktemp("raw") / "rows.jsonl", make_rows(ROWS))


@pytest.fixture(scope="module")
def sound(table: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a run leaves that nobody disturbs, whatever its batches and partitions."""
    return ingested(table, tmp_path_factory.mktemp("sound") / "dataset")


@pytest.fixture(scope="module")
def stop() -> Iterator[Callable[..., int]]:
    with stopping() as stop:
        yield stop


@pytest.fixture(scope="module")
def left(stop: Callable[..., int], table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run has left that was killed where it began to write."""
    folder = tmp_path_factory.mktemp("left")
    assert stop(table, folder / "dataset", PARTITIONS, "writing") == KILLED
    return folder


def ingested(table: Path, out: Path, **options: object) -> dict[str, str]:
    etl.ingest(table, out, settings_of_tables(), workers=1, **options)
    return fingerprints(out)


@pytest.mark.parametrize("stage", ["reading", *STAGES])
def test_a_run_that_is_killed_where_a_stage_begins_goes_on_to_the_same_bytes(
    stage: str, stop: Callable[..., int], table: Path, sound: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "run" / "dataset"
    assert stop(table, out, PARTITIONS, stage) == KILLED
    batches = out.parent / WORK / "batches"
    before = {path.name: path.stat().st_ino for path in batches.iterdir()}
    during = dict[str, int]()

    def look(_: int, description: str | None = None) -> None:
        if description == "writing":
            during.update((path.name, path.stat().st_ino) for path in batches.iterdir())

    assert ingested(table, out, resume=True, progress=look) == sound
    assert before.items() <= during.items()  # nothing that was complete was made again
    assert 0 < len(before) < len(during) if stage == "reading" else len(before) == len(during)
    assert [path.name for path in out.parent.iterdir()] == ["dataset"]


@pytest.mark.parametrize(("stage", "n_partitions"), [("texts", 1), ("texts", 16), ("writing", 2)])
def test_a_run_may_go_on_with_another_number_of_partitions(
    stage: str,
    n_partitions: int,
    stop: Callable[..., int],
    table: Path,
    sound: dict[str, str],
    tmp_path: Path,
) -> None:
    out = tmp_path / "run" / "dataset"
    assert stop(table, out, n_partitions, stage) == KILLED
    assert ingested(table, out, resume=True) == sound


def test_a_run_that_is_killed_twice_and_whose_table_has_grown_is_that_of_the_table(
    stop: Callable[..., int], table: Path, sound: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "run" / "dataset"
    lines = table.read_text(encoding="utf-8")
    growing = tmp_path / table.name
    growing.write_text(lines[: len(lines) // 2].rpartition("\n")[0] + "\n", encoding="utf-8")
    assert stop(growing, out, PARTITIONS, "texts") == KILLED
    growing.write_text(lines, encoding="utf-8")
    assert stop(growing, out, PARTITIONS, "groups") == KILLED
    assert ingested(growing, out, resume=True) == sound


def test_without_resume_what_a_killed_run_left_is_not_used_and_removed(
    left: Path, table: Path, sound: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "run" / "dataset"
    shutil.copytree(left, out.parent)
    for path in (out.parent / WORK).rglob("*.parts"):
        path.write_bytes(b"")
    assert ingested(table, out) == sound
    assert [path.name for path in out.parent.iterdir()] == ["dataset"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda facts: facts.write_text("{}"),
        lambda facts: facts.write_text(facts.read_text()[::-1]),
        lambda facts: facts.unlink(),
        lambda facts: facts.write_bytes(b"\xff\x00"),
    ],
    ids=["of another version", "of other settings", "without a state", "with a damaged state"],
)
def test_the_work_folder_of_another_version_is_not_used(
    spoil: Callable[[Path], object],
    left: Path,
    table: Path,
    sound: dict[str, str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    out = tmp_path / "run" / "dataset"
    work = shutil.copytree(left, out.parent) / WORK
    for path in work.rglob("*.parts"):  # who uses it all the same cannot have the right result
        path.write_bytes(b"")
    spoil(work / "state.json")
    assert ingested(table, out, resume=True) == sound
    assert "begins anew" in caplog.text


def flip(path: Path, rng: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def cut_off(path: Path, rng: random.Random) -> None:
    path.write_bytes(path.read_bytes()[: rng.randrange(path.stat().st_size)])


_FILES = 6  # that are damaged, each in a run of its own
DAMAGES = {"flipped": flip, "cut off": cut_off, "gone": lambda path, _: path.unlink()}


def spoil_one(
    work: Path,
    stage: str,
    spoilt: list[Path],
    damage: Callable[[Path], object],
    rng: random.Random,
    _: int,
    description: str | None = None,
) -> None:
    """A progress that damages a file of the work folder when a stage begins."""
    if description == stage and not spoilt:
        spoilt.append(rng.choice(sorted(work.rglob("*.parts"))))
        damage(spoilt[0])


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_is_damaged_between_two_stages_is_an_error_or_does_not_matter(
    stage: str, damage: str, table: Path, sound: dict[str, str], tmp_path: Path
) -> None:
    rng = random.Random(f"{stage} {damage}")
    out = tmp_path / "run" / "dataset"
    spoilt: list[Path] = []
    spoil = partial(spoil_one, out.parent / WORK, stage, spoilt, lambda path: DAMAGES[damage](path, rng), rng)
    try:
        assert ingested(table, out, resume=True, progress=spoil) == sound
    except EtlError as error:
        assert error.exit_code == WriteError.exit_code
        assert str(spoilt[0]) in str(error)
        assert error.next_step
        assert not out.exists()
        assert ingested(table, out) == sound  # as the error says: without `resume`


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_is_damaged_while_nothing_runs_is_made_again_or_is_an_error(
    damage: str, left: Path, table: Path, sound: dict[str, str], tmp_path: Path
) -> None:
    rng = random.Random(damage)
    out = tmp_path / "run" / "dataset"
    files = sorted(path for path in left.rglob("*") if path.is_file())
    for path in rng.sample(files, _FILES):
        shutil.rmtree(out.parent, ignore_errors=True)
        spoilt = shutil.copytree(left, out.parent) / path.relative_to(left)
        if spoilt.stat().st_size:
            DAMAGES[damage](spoilt, rng)
        try:
            assert ingested(table, out, resume=True) == sound, path
        except EtlError as error:
            assert str(spoilt) in str(error), path
            assert ingested(table, out) == sound, path


def has_small_disks() -> bool:
    command = [*NAMESPACE, "sh", "-c", "mount -t tmpfs -o size=1m tmpfs /mnt"]
    return (
        bool(shutil.which("unshare"))
        and not subprocess.run(command, capture_output=True, check=False).returncode
    )


NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]
# A disk that is too small; the run; the disk has room; the run again, with and without `--resume`.
ON_A_SMALL_DISK = """
mount -t tmpfs -o size=$1k tmpfs work; shift
"$@"; echo "ended with $?" >&2
mount -o remount,size=64m work
"$@"; echo "ended with $?" >&2
find work -name '*.parts' >&2
"""


@pytest.mark.skipif(not has_small_disks(), reason="this system lets nobody mount a small disk")
@pytest.mark.parametrize("kilobytes", [4, 100, 300])
def test_a_disk_that_fills_is_explained_and_the_run_goes_on_when_there_is_room(
    kilobytes: int, table: Path, sound: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "work").mkdir()
    out = tmp_path / "run" / "dataset"
    command = [sys.executable, "-m", "etl", "ingest", table, "--out", out, "--work", "work", "--resume"]
    table_options = ["--text-column", "text", "--label-column", "label", "--group-column", "group"]
    options = [*table_options, "--tagger", "whitespace", "--workers", "1"]
    run = subprocess.run(
        [*NAMESPACE, "sh", "-c", ON_A_SMALL_DISK, "sh", str(kilobytes), *command, *options],
        cwd=tmp_path,
        env=environment(PYTHONPATH=PATHS[1]),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "ended with 6" in run.stderr, run.stderr
    assert "The disk is full." in run.stderr
    assert "Next: make room" in run.stderr
    assert "Traceback" not in run.stderr
    assert "ended with 0" in run.stderr, run.stderr
    assert fingerprints(out) == sound
    assert run.stderr.rstrip().endswith("ended with 0")  # the disk is empty again

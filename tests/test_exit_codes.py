"""Every exit code of docs/operations.md is met by a run, and every run that fails says what to do next."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support import places
from support.environments import with_package
from support.processes import signalled
from support.run_etl import COMMAND, TABLE, Run, environment, etl, explained
from support.small_tables import make_rows, write_lines

from etl.runtime import signals
from etl.storage.versions.local import LocalStore

DOCUMENTED = re.compile(r"^\| (\d+) \|", re.MULTILINE)
PAGE = Path(__file__).parents[1] / "docs" / "operations.md"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write_lines(tmp_path / "table.jsonl", make_rows(20))


def test_nothing_wrong_is_0(table: Path, tmp_path: Path) -> None:
    assert etl("ingest", table, *TABLE, "--out", tmp_path / "dataset").returncode == 0


def test_a_broken_installation_is_1(tmp_path: Path) -> None:
    # As one is whose update was cut off: the package is there, and not all that it should have.
    broken = with_package(tmp_path, "platformdirs", "")
    broken.pop("ETL_CACHE_DIR", None)
    run = subprocess.run(
        [*COMMAND, "cache"], env=broken, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert "AttributeError" in explained(Run(run.args, run.returncode, run.stdout, run.stderr), 1)


def test_wrong_settings_are_2(table: Path, tmp_path: Path) -> None:
    explained(etl("ingest", table, *TABLE, "--out", tmp_path / "dataset", "--taxonomy", "none"), 2)


def test_findings_are_3(table: Path) -> None:
    names = ["--text-column", "text", "--label-column", "label"]
    assert etl("validate", table, *names, "--fail-on", "warning").returncode == 3


def test_an_input_that_is_not_there_is_4(tmp_path: Path) -> None:
    explained(etl("ingest", tmp_path / "missing", *TABLE, "--out", tmp_path / "dataset"), 4)


def test_another_run_in_the_way_is_5(tmp_path: Path) -> None:
    job = places.make(tmp_path)
    with LocalStore(job.publish_dir).lock("another"):
        explained(etl("refresh", "--config", tmp_path / "etl.yaml"), 5)


def test_what_cannot_be_written_is_6(table: Path, tmp_path: Path) -> None:
    explained(etl("ingest", table, *TABLE, "--out", table / "dataset"), 6)


@pytest.mark.skipif(sys.platform != "linux", reason="there is no such limit")
def test_too_little_memory_is_7(table: Path, tmp_path: Path) -> None:
    words = [*COMMAND, "ingest", str(table), *TABLE, "--out", str(tmp_path / "dataset")]
    run = subprocess.run(
        ["bash", "-c", 'ulimit -v 1000000; "$@"', "bash", *words],
        env=environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    explained(Run(words, run.returncode, run.stdout, run.stderr), 7)


@pytest.mark.parametrize("number", signals.ENDING)
def test_a_signal_is_128_and_its_number(number: signal.Signals) -> None:
    assert signalled(number) == (128 + number, f"{signals.STOPPED}\n")


def test_there_is_a_test_for_every_documented_code() -> None:
    documented = {int(code) for code in DOCUMENTED.findall(PAGE.read_text(encoding="utf-8"))}
    tests: list[Callable[..., None]] = [
        value for name, value in globals().items() if name.startswith("test_")
    ]
    tried = {int(test.__name__.rpartition("_")[2]) for test in tests if test.__name__[-1].isdigit()}
    assert documented == tried | {128 + number for number in signals.ENDING}

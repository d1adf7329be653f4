"""Commands under a limit on memory, which has to be set before a process starts."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.patience import PATIENCE
from support.run_etl import COMMAND, TABLE, environment, explained

from etl.schema import resources

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not keep the limit")

# A command that is no more than what `{}` does; the wait is for who sends signals.
PROGRAM = "import os, sys, time; from etl.runtime.supervision import supervise; sys.exit(supervise({}))"


def limited(megabytes: int, *command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", f'ulimit -v {megabytes * 1000}; exec "$@"', "limited", *map(str, command)],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=PATIENCE,
        check=False,
    )


def test_a_command_that_cannot_work_within_the_limit_is_refused_with_both_numbers(tmp_path: Path) -> None:
    run = limited(1_000, *COMMAND, "ingest", tmp_path, *TABLE, "--out", tmp_path / "dataset")
    text = explained(run, 7)
    wanted = resources.load("schemas", "memory.yaml")["address_space_mb"]["ingest"]
    assert f"takes at least {wanted:,} MB of address space" in text
    assert "a limit of 1,024 MB of address space" in text
    assert not (tmp_path / "dataset").exists()


def test_a_command_that_needs_little_works_within_the_limit() -> None:
    run = limited(1_000, *COMMAND, "labels")
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.parametrize("name", ["SIGABRT", "SIGKILL", "SIGSEGV"])
def test_a_command_that_dies_within_a_limit_has_an_explanation(name: str) -> None:
    run = limited(
        1_000, sys.executable, "-c", PROGRAM.format(f"lambda: os.kill(os.getpid(), {signal.Signals[name]})")
    )
    assert name in explained(run, 7)


def test_memory_that_does_not_suffice_for_an_explanation_has_one() -> None:
    run = limited(1_000, sys.executable, "-c", PROGRAM.format("lambda: bytes(10**12)"))
    assert "SIGABRT" in explained(run, 7)


def test_the_exit_code_of_the_command_is_that_of_the_process() -> None:
    assert limited(1_000, sys.executable, "-c", PROGRAM.format("lambda: 3")).returncode == 3


def test_a_signal_reaches_the_command(tmp_path: Path) -> None:
    wait = f"lambda: (open({str(tmp_path / 'begun')!r}, 'w').close(), time.sleep(60))"
    process = subprocess.Popen(
        ["bash", "-c", 'ulimit -v 1000000; exec "$@"', "limited", sys.executable, "-c", PROGRAM.format(wait)],
        env=environment(),
    )
    while not (tmp_path / "begun").exists():
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == -signal.SIGTERM


def test_without_a_limit_there_is_no_second_process() -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM.format("lambda: print(os.getppid()) or 0")],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )
    assert int(run.stdout) == os.getpid()


def test_every_command_whose_need_is_known_exists() -> None:
    from typer.main import get_command

    from etl.cli import app

    assert set(resources.load("schemas", "memory.yaml")["address_space_mb"]) <= set(get_command(app).commands)

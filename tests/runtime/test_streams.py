"""Outputs that are full or closed, in processes of their own: Python looks at them as it starts and ends."""

import subprocess
import sys
from pathlib import Path

import pytest
from support.patience import PATIENCE
from support.run_etl import COMMAND, TABLE, environment
from support.small_tables import make_rows, write_lines

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")


def shell(line: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs a line of the shell in which `$@` is `etl` with arguments."""
    return subprocess.run(
        ["bash", "-c", line, "etl", *COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=PATIENCE,
        check=False,
    )


def ingest(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    table = write_lines(folder / "table.jsonl", make_rows(50))
    return shell(line, "ingest", table, *TABLE, "--out", folder / "dataset")


def test_a_full_standard_output_is_said_and_costs_no_dataset(tmp_path: Path) -> None:
    run = ingest('"$@" > /dev/full', tmp_path)
    assert run.returncode == 6, run.stderr
    assert "No space left on device" in run.stderr
    assert "your dataset, model or report is written" in run.stderr
    assert (tmp_path / "dataset" / "manifest.json").is_file()


def test_a_full_standard_error_costs_nothing(tmp_path: Path) -> None:
    run = ingest('"$@" 2> /dev/full', tmp_path)
    assert run.returncode == 0
    assert "Traceback" not in run.stdout
    assert (tmp_path / "dataset" / "manifest.json").is_file()


@pytest.mark.parametrize("command", [["labels"], ["--help"], ["labels", "--json"], ["--version"]])
def test_every_kind_of_result_that_cannot_be_written_is_exit_6(command: list[str]) -> None:
    run = shell('"$@" > /dev/full', *command)
    assert run.returncode == 6, run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("command", [["labels"], ["--help"], ["labels", "--json"]])
def test_a_reader_who_leaves_is_no_error(command: list[str]) -> None:
    run = shell('"$@" | true; exit ${PIPESTATUS[0]}', *command)
    assert (run.returncode, run.stderr) == (0, "")


def test_outputs_that_are_closed_are_no_error() -> None:
    run = shell('"$@" >&- 2>&-', "labels")
    assert run.returncode == 0


def test_an_output_is_written_to_nowhere_after_its_first_error() -> None:
    program = (
        "import sys; from etl.runtime.streams import Output, is_read\n"
        "sys.stdout = output = Output(sys.stdout)\n"
        "assert is_read(); output.write('a'); output.flush(); assert not is_read() and output.is_lost\n"
        "output.write('b'); output.flush(); sys.stdout = sys.__stdout__"
    )
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(
            [sys.executable, "-c", program], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (run.returncode, run.stderr) == (0, b"")

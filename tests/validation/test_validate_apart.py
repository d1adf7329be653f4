"""`etl validate` checks the contract in a process of its own: nobody may notice."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.small_datasets import clean_rows

from etl.validation.run import validate

pytestmark = pytest.mark.slow

Write = Callable[..., Path]

# Ends the other process before it has answered; says how many breaches are found all the same.
_KILLED = """
import multiprocessing, sys
from pathlib import Path
from etl.dataset.read import open_dataset
from etl.validation import contract_worker

if __name__ == "__main__":
    with contract_worker.in_subprocess() as start_check:
        for process in multiprocessing.active_children():
            process.kill()
        wait = start_check(open_dataset(Path(sys.argv[1])))
        print(sum(breach.rows for breach in wait()))
"""


@pytest.fixture
def broken(write: Write) -> Path:
    """Two shards of train, with a label that there is none of, a null and an id that occurs twice."""
    rows = clean_rows()
    rows[3]["label"], rows[5]["text"], rows[70]["id"] = "환희", None, rows[7]["id"]
    return write(rows, shard_rows=40)


def test_the_command_finds_what_the_function_finds(broken: Path) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "etl", "validate", broken, "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    found = {finding["code"]: finding for finding in json.loads(shown.stdout)["findings"]}
    assert {"nulls", "label_outside_taxonomy", "duplicate_ids"} <= found.keys()
    expected = {finding.code: finding.message for finding in validate(broken).findings}
    assert {code: each["message"] for code, each in found.items()} == expected
    assert (shown.returncode, shown.stderr) == (3, "")


def test_a_shard_that_is_damaged_inside_is_named(broken: Path) -> None:
    shard = next(broken.glob("data/train-00000*"))
    content = bytearray(shard.read_bytes())
    content[100:2000] = bytes(1900)  # the pages; the footer stays
    shard.write_bytes(content)
    shown = subprocess.run(
        [sys.executable, "-m", "etl", "validate", broken], capture_output=True, text=True, check=False
    )
    assert shard.name in shown.stderr
    assert (shown.returncode, shown.stdout) == (4, "")


def test_a_process_that_is_killed_is_not_missed(broken: Path, tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(_KILLED, encoding="utf-8")
    shown = subprocess.run([sys.executable, script, broken], capture_output=True, text=True, check=True)
    assert (shown.stdout, shown.stderr) == ("4\n", "")

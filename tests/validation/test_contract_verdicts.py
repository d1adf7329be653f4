"""What Great Expectations said of patterns of rows is asked for once, and believed only where it is whole."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.small_datasets import clean_rows

from etl.dataset.read import open_dataset
from etl.validation import contract_worker
from etl.validation.row_patterns import count_patterns
from etl.validation.run import validate
from etl.validation.verdicts import key_of, load_verdicts, save_verdicts

pytestmark = pytest.mark.slow

Write = Callable[..., Path]

# Checks a dataset beside the verdicts of earlier checks; says what is broken, and what was imported for it.
_CHECK = """
import multiprocessing, sys
from pathlib import Path
from etl.dataset.read import open_dataset
from etl.validation import contract_worker

if __name__ == "__main__":
    with contract_worker.in_subprocess(Path(sys.argv[2])) as start_check:
        breaches = start_check(open_dataset(Path(sys.argv[1])))()
        print(sum(breach.rows for breach in breaches), len(multiprocessing.active_children()))
"""


def check_apart(tmp_path: Path, dataset: Path) -> list[int]:
    """The rows that are broken, and the number of processes that had to be started."""
    script = tmp_path / "check.py"
    script.write_text(_CHECK, encoding="utf-8")
    command = [sys.executable, script, dataset, tmp_path / "contract.json"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert shown.stderr == ""
    return [int(number) for number in shown.stdout.split()]


def test_patterns_that_are_known_need_no_great_expectations(write: Write, tmp_path: Path) -> None:
    assert check_apart(tmp_path, write(clean_rows())) == [0, 1]
    assert check_apart(tmp_path, write(clean_rows(train=90, validation=20, test=20))) == [0, 0]
    broken = clean_rows()
    broken[3]["label"], broken[5]["text"] = "환희", None
    assert check_apart(tmp_path, write(broken)) == [2, 1]
    broken[9]["text"] = None
    assert check_apart(tmp_path, write(broken)) == [3, 0]
    (tmp_path / "contract.json").write_text("{}", encoding="utf-8")
    assert check_apart(tmp_path, write(broken)) == [3, 1]


def test_findings_are_the_same_with_and_without_earlier_verdicts(write: Write, tmp_path: Path) -> None:
    rows = clean_rows()
    rows[3]["label"], rows[5]["text"], rows[7]["id"], rows[70]["split"] = "환희", None, None, "test"
    path, verdicts = write(rows, shard_rows=40), tmp_path / "contract.json"
    expected = validate(path).document()
    for _ in range(2):
        with contract_worker.in_subprocess(verdicts) as start_check:
            assert validate(path, start_check=start_check).document() == expected
    assert load_verdicts(verdicts).keys() == {
        key_of(patterns) for patterns, _ in count_patterns(open_dataset(path))
    }


def test_verdicts_that_are_damaged_are_not_believed(write: Write, tmp_path: Path) -> None:
    [(patterns, _), *_] = count_patterns(open_dataset(write(clean_rows())))
    file = tmp_path / "contract.json"
    save_verdicts(file, {key_of(patterns): [[], [1]]})
    assert load_verdicts(file) == {key_of(patterns): [[], [1]]}
    whole = file.read_text(encoding="utf-8")
    file.write_text(whole.replace("[1]", "[2]"), encoding="utf-8")
    assert load_verdicts(file) == {}
    file.write_text(whole[:-9], encoding="utf-8")
    assert load_verdicts(file) == {}

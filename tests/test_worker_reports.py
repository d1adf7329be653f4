"""A run of tests in several processes ends well, whatever characters a test meets."""

import subprocess
import sys
from pathlib import Path

TESTS = r"""
import logging, sys, warnings

NAME = "\udcc0.csv"  # of a file whose name is no UTF-8

def test_assertion():
    assert not NAME, NAME

def test_log():
    logging.getLogger("etl").warning(NAME)

def test_warning():
    warnings.warn(NAME)

def test_garbage():
    class Broken:
        def __del__(self):
            raise ValueError(NAME)
    Broken()
"""


def run(folder: Path, *plugins: str) -> str:
    (folder / "test_names.py").write_text(TESTS, encoding="utf-8")
    options = ["-n", "1", "-p", "no:cacheprovider", "--rootdir", folder, *plugins]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, folder],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    ).stdout


def test_a_name_that_is_no_utf8_fails_its_own_test_alone(tmp_path: Path) -> None:
    said = run(tmp_path, "-p", "support.worker_reports")
    assert "INTERNALERROR" not in said
    assert "1 failed, 3 passed, 2 warnings" in said
    assert r"\udcc0.csv" in said


def test_the_first_internal_error_is_said_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        "def pytest_runtest_logreport(report):\n    raise RuntimeError('the reason')\n", encoding="utf-8"
    )
    said = run(tmp_path, "-p", "support.worker_reports")
    assert "RuntimeError: the reason" in said.partition("the first internal error, of ")[2]

"""A few of the faults of S3 of `make faults`."""

import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.patience import PATIENCE
from support.run_etl import COMMAND, TABLE, environment

from etl.runtime import signals
from faults.s3 import Bench, bench, disturb

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    names = ["versions", "rollback", "prune", "ingest into a bucket"]
    with bench(tmp_path_factory.mktemp("s3"), names) as made:
        yield made


@pytest.mark.parametrize(
    ("name", "fault", "number", "lasts"),
    [
        ("rollback", "500", 11, True),
        ("prune", "500", 18, False),
        ("rollback", "wrong key", 0, True),
        ("rollback", "slow", 5, False),
        ("versions", "expired token", 4, False),
        ("versions", "half", 4, False),
        ("versions", "503", 7, False),
    ],
)
def test_a_server_that_fails_changes_no_result_and_no_secret_is_written(
    name: str, fault: str, number: int, lasts: bool, made: Bench
) -> None:
    disturb(made, name, fault, number, lasts=lasts)


def test_a_dataset_that_was_uploaded_in_part_is_uploaded_again(made: Bench) -> None:
    assert disturb(made, "ingest into a bucket", "cut", 12, lasts=True) == "was refused"


def test_ctrl_c_ends_what_a_server_holds_up(made: Bench, tmp_path: Path) -> None:
    is_asked, is_over = threading.Event(), threading.Event()

    def hold_up(environ: dict[str, Any], *_: Any) -> None:
        if environ["REQUEST_METHOD"] == "GET" and environ["PATH_INFO"].endswith(".jsonl"):
            is_asked.set()
            is_over.wait(60)  # longer than a test may take

    made.server.fault = hold_up
    words = [*COMMAND, "ingest", "s3://bucket/raw", *TABLE, "--out", "dataset"]
    variables = environment(**made.server.environment, ETL_CACHE_DIR=str(tmp_path / "cache"))
    try:
        with subprocess.Popen(
            words, cwd=tmp_path, env=variables, stderr=subprocess.PIPE, text=True
        ) as process:
            assert is_asked.wait(60)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=PATIENCE)
    finally:
        made.server.fault = None
        is_over.set()
    assert (process.returncode, said.splitlines()[-1]) == (130, signals.STOPPED)
    assert not [path for path in (tmp_path / "cache" / "remote").rglob("*") if path.suffix == ".partial"]

"""What the page said was saved is there after `kill -9`."""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path

from support.patience import PATIENCE
from support.review_torture import torture
from support.run_etl import COMMAND, environment
from support.small_datasets import clean_rows, write_dataset


def test_no_decision_is_lost_or_half_written_when_the_server_is_killed(tmp_path: Path) -> None:
    outcome = torture(tmp_path, decisions=40, kills=2)
    assert (outcome.answered, outcome.lost, outcome.torn) == (40, 0, 0)
    assert outcome.unanswered <= 2 * outcome.kills


def test_a_signal_ends_the_page_and_the_command_ends_well(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", clean_rows(4, 1, 1))
    command = [*COMMAND, "view", str(dataset), "--no-open"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(), cwd=tmp_path
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{32,}/\n", url)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert "Traceback" not in said
    assert [file.name for file in tmp_path.iterdir()] == ["dataset"]

"""A tenth of the signals of `make faults`."""

import random
import signal
from pathlib import Path

import pytest

from faults.processes import undisturbed
from faults.stopped import EARLY_SECONDS, seconds_of, stop
from faults.table import COMMANDS

pytestmark = pytest.mark.training
CHANCE = random.Random(1)


@pytest.mark.parametrize(
    ("name", "number"),
    [("sample", signal.SIGINT), ("build-vocab", signal.SIGTERM), ("ingest over a dataset", signal.SIGHUP)],
)
def test_a_command_that_is_stopped_leaves_nothing_and_can_be_run_again(
    name: str, number: signal.Signals, prepared: Path, tmp_path: Path
) -> None:
    command = COMMANDS[name]
    sound = undisturbed(command, prepared, tmp_path / "sound" / "run")
    seconds = seconds_of(command, prepared, tmp_path / "timed" / "run")
    for moment in (CHANCE.uniform(0, EARLY_SECONDS), CHANCE.uniform(0.5, 0.9) * seconds):
        stop(command, prepared, tmp_path / "stopped" / "run", sound, number, moment)


def test_a_refresh_that_is_stopped_stands_in_the_record(prepared: Path, tmp_path: Path) -> None:
    command = COMMANDS["refresh"]
    sound = undisturbed(command, prepared, tmp_path / "sound" / "run")
    stop(command, prepared, tmp_path / "stopped" / "run", sound, signal.SIGHUP, 1.0)

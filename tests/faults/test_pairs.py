"""A tenth of the pairs of `make faults`."""

from pathlib import Path

import pytest

from faults.pairs import in_namespace, run_pair
from faults.processes import undisturbed
from faults.table import COMMANDS

pytestmark = pytest.mark.training


@pytest.mark.parametrize("name", ["sample", "build-vocab", "rollback"])
@pytest.mark.parametrize("is_apart", [False, True], ids=["plainly", "in two namespaces"])
def test_two_of_a_command_take_nothing_from_each_other(
    name: str, is_apart: bool, prepared: Path, tmp_path: Path
) -> None:
    prefix = in_namespace() if is_apart else []
    if prefix is None:
        pytest.skip("this system allows no PID namespaces")
    sound = undisturbed(COMMANDS[name], prepared, tmp_path / "sound" / "run")
    run_pair(COMMANDS[name], prepared, tmp_path / "pair" / "run", sound, prefix)

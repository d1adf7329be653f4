"""Each call that changes files fails once, and the process is killed there; the whole of it is `make faults`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.attempts import Server, has_compiler, open_server
from faults.calls import FAULTS, Fault, Workshop, numbers
from faults.server import KILL
from faults.table import COMMANDS

pytestmark = [
    pytest.mark.training,
    pytest.mark.skipif(not has_compiler(), reason="no C compiler for the shim, or not on Linux"),
]
# Those that write in ways of their own, and are quick.
QUICK = ("ingest over a dataset", "build-vocab", "refresh", "rollback", "prune", "sample")
TRIED = 3


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with open_server() as found:
        yield found


@pytest.mark.parametrize("name", QUICK)
def test_a_call_that_fails_costs_nothing_that_was_there_and_leaves_nothing(
    name: str, server: Server, prepared: Path, tmp_path: Path
) -> None:
    shop = Workshop(server, prepared, tmp_path / "copy", COMMANDS[name])
    assert shop.undisturbed.calls > TRIED  # else the shim sees nothing
    found = [
        (fault.said, number, said)
        for offset, fault in enumerate(FAULTS)
        for number in numbers(shop.undisturbed.calls, 1 if fault.number != KILL else TRIED, offset)
        for said in shop.attempt(number, fault)
    ]
    assert found == []


def test_the_shim_lets_the_call_fail_that_it_is_told(server: Server, prepared: Path, tmp_path: Path) -> None:
    shop = Workshop(server, prepared, tmp_path / "copy", COMMANDS["init"])
    shop.renew()
    outcome = shop.run(1, Fault("no room", 28))
    assert outcome.struck.startswith("open ")
    assert outcome.struck.endswith(".lock")
    assert (outcome.exit_code, "The disk is full." in outcome.stderr) == (6, True)

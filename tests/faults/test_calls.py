"""A call that changes files fails, or the process is killed there; the whole of it is `make faults`."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.attempts import Server, has_compiler, open_server
from faults.calls import FAULTS, Workshop, numbers
from faults.table import COMMANDS

pytestmark = [
    pytest.mark.training,
    pytest.mark.skipif(not has_compiler(), reason="no C compiler for the shim, or not on Linux"),
]
# Those that write in ways of their own, and are quick.
QUICK = ("ingest over a dataset", "build-vocab", "refresh", "rollback", "prune", "sample")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with open_server() as found:
        yield found


@pytest.mark.parametrize("name", QUICK)
def test_a_call_that_fails_costs_nothing_that_was_there_and_leaves_nothing(
    name: str, server: Server, prepared: Path, tmp_path: Path
) -> None:
    shop = Workshop(server, prepared, tmp_path / "copy", COMMANDS[name])
    assert shop.undisturbed.calls > len(FAULTS)  # else the shim sees nothing
    found = [
        said
        for offset, fault in enumerate(FAULTS)
        for number in numbers(shop.undisturbed.calls, 1, offset)
        for said in shop.attempt(number, fault)
    ]
    assert found == []


def test_the_shim_lets_a_call_fail_and_the_error_says_why(
    server: Server, prepared: Path, tmp_path: Path
) -> None:
    shop = Workshop(server, prepared, tmp_path / "copy", COMMANDS["build-vocab"])
    full = next(fault for fault in FAULTS if fault.number == errno.ENOSPC)
    outcomes = []
    for number in (1, shop.undisturbed.calls // 2):
        shop.renew()
        outcomes.append(shop.run(number, full))
    assert all(outcome.struck for outcome in outcomes)
    assert any(outcome.exit_code == 6 and "The disk is full." in outcome.stderr for outcome in outcomes)

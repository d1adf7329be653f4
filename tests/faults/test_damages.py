"""What is damaged is refused by its name, or costs nothing but time; the whole of it is `make faults`."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from faults.api import API
from faults.damages import COSTLY, KINDS, UNREADABLE, Damage, Harness, list_damages, try_unreadable
from faults.table import ARTEFACTS, COMMANDS, HOLDERS

pytestmark = pytest.mark.training

# What others read, after they have compared it with the sums in its `metadata.json`; one is checked here.
EXPORTS = {"export torchscript"}
QUICK = sorted({damage.reader for damage in list_damages()} - COSTLY)
TRIED = 2  # of each reader


@pytest.fixture(scope="module")
def harness(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Harness:
    return Harness(prepared, tmp_path_factory.mktemp("damages") / "copy")


def test_every_artefact_that_this_tool_reads_is_damaged() -> None:
    costly = {each for command in COMMANDS.values() if command.is_long for each in command.reads}
    damaged = {damage.artefact.partition(":")[0] for damage in list_damages()}
    assert damaged >= HOLDERS.keys() - EXPORTS - costly
    assert {damage.artefact for damage in list_damages()} <= ARTEFACTS.keys()
    assert {damage.reader for damage in list_damages()} <= COMMANDS.keys() | API.keys()


def chosen(reader: str) -> list[Damage]:
    """Some damages of what a command reads, always the same."""
    damages = [each for each in list_damages() if each.reader == reader and each.kind != UNREADABLE]
    return random.Random(reader).sample(damages, min(TRIED, len(damages)))


def test_each_kind_of_damage_is_tried() -> None:
    assert {damage.kind for reader in QUICK for damage in chosen(reader)} == {*KINDS} - {UNREADABLE}


@pytest.mark.parametrize("reader", QUICK)
def test_a_damaged_file_is_refused_by_its_name_or_changes_nothing(harness: Harness, reader: str) -> None:
    broken = {str(damage): problem for damage in chosen(reader) if (problem := harness.try_damage(damage))}
    assert broken == {}


@pytest.mark.skipif(os.name != "posix", reason="other owners are those of Unix")
def test_a_file_of_another_owner_is_refused_by_its_name(prepared: Path) -> None:
    count = try_unreadable(prepared, every=41)
    assert count.failures == []
    assert count.tried > 6

"""The table of what can be broken has a row for all there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main

from etl.cli import app
from etl.documents.formats import FORMATS as DOCUMENT_FORMATS
from etl.ingestion.sources.archive import READABLE, is_opened
from etl.ingestion.sources.detect import ADAPTERS
from etl.ingestion.sources.table import SLUG as TABLE
from etl.ingestion.tables.reader import OPENERS
from faults import prepared as prepared_folder
from faults.readers import ARCHIVES, READERS, Reader
from faults.table import ARTEFACTS, COMMANDS, HOLDERS, Command

pytestmark = pytest.mark.training

SHORT = [command for command in COMMANDS.values() if not command.is_long]
# Of ARTEFACTS, what only the whole run prepares.
COSTLY = ("pre-trained", "transformer")


# It runs until it is told to end: tests/serving damages what it reads.
ENDLESS = {"serve"}


def test_every_command_has_a_row() -> None:
    with_a_row = {command.words[0] for command in COMMANDS.values()}
    assert with_a_row | ENDLESS == set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def test_commands_read_holders_that_there_are() -> None:
    assert {each for command in COMMANDS.values() for each in command.reads} <= HOLDERS.keys()


def names(group: str) -> set[str]:
    return {reader.name for reader in READERS if reader.group == group}


def test_every_reader_has_a_row() -> None:
    assert names("table") == OPENERS.keys()
    assert names("corpus") == ADAPTERS.keys() - {TABLE}
    assert names("document") == {form.said for form in DOCUMENT_FORMATS}
    assert all(is_opened(f"rows{ending}") for ending in ARCHIVES)
    assert names("table") | {".ndjson"} >= READABLE


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: f"{reader.group} {reader.name}")
def test_the_good_file_of_a_reader_is_read(reader: Reader, tmp_path: Path) -> None:
    assert reader.read(reader.write(tmp_path))


def test_every_file_is_an_artefact_and_every_artefact_a_file(prepared: Path) -> None:
    files = {name for name in prepared_folder.contents(prepared) if not name.startswith("more/")}
    patterns = {
        name: re.compile(_expression(pattern))
        for name, pattern in ARTEFACTS.items()
        if not name.startswith(COSTLY)
    }
    assert {file for file in files if not any(each.fullmatch(file) for each in patterns.values())} == set()
    assert [name for name, each in patterns.items() if not any(map(each.fullmatch, files))] == []


def _expression(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", "[^/]*")


@pytest.mark.parametrize("command", SHORT, ids=lambda command: command.name)
def test_a_command_ends_well_and_leaves_what_its_row_says(
    command: Command, prepared: Path, tmp_path: Path
) -> None:
    folder = prepared_folder.copy(prepared, tmp_path / "copy")
    before = prepared_folder.contents(folder)
    run = prepared_folder.run(command, folder)
    assert run.returncode == command.exit_code, run.stderr
    changed = {name for name, _ in prepared_folder.contents(folder).items() ^ before.items()}
    assert {name for name in changed if not prepared_folder.is_written(command, name)} == set()
    assert bool(changed) == bool(command.writes)

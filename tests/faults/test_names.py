"""A path is a path, never a pattern, an option or an escape: any folder is as good as a plain one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from etl.cli import app
from faults import prepared as prepared_folder
from faults.damages import VARYING
from faults.table import COMMANDS, Command

pytestmark = pytest.mark.training

# One below the other. As a pattern, each of them matches the name at its place in DECOY.
NAMES = ("[라벨]감정", "a*b", "?x", "~", "%20", " 앞뒤 공백 ", "-x", "{a,b}", "$HOME", "it's")
DECOY = ("라감정", "axb", "yx", "~", "%20", " 앞뒤 공백 ", "-x", "a", "$HOME", "it's")
GROUPS = {group.name for group in app.registered_groups}
# The first take long, the last write down where they stand or read nothing that has a name.
LEFT_OUT = {"validate", "export onnx", "export torchscript", "schedule", "cache", "cache clear"}
TRIED = [command for name, command in COMMANDS.items() if not command.is_long and name not in LEFT_OUT]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> tuple[Path, Path]:
    """A plain folder, and one of NAMES with a decoy beside it, where there is less of everything."""
    base = tmp_path_factory.mktemp("names")
    decoy = base.joinpath(*DECOY)
    prepared_folder.copy(prepared, decoy)
    for file in [*decoy.glob("raw/*"), *decoy.glob("dataset/data/train-*")][1:]:
        file.unlink()
    return base / "plain", base.joinpath(*NAMES)


@pytest.mark.parametrize("command", TRIED, ids=lambda command: command.name)
def test_a_command_gives_the_same_results_in_a_folder_of_any_name(
    command: Command, prepared: Path, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    plain, odd = (run_from_outside(command, prepared, folder, tmp_path) for folder in folders)
    assert odd == plain


def run_from_outside(command: Command, prepared: Path, folder: Path, cwd: Path) -> tuple[object, ...]:
    """What was shown, if that is no table as wide as its paths, and what all files hold."""
    prepared_folder.copy(prepared, folder)
    words = prepared_folder.words_of(command, folder)
    n_names = 1 + (words[0] in GROUPS)
    words[n_names:] = [str(folder / word) if is_path(word, prepared) else word for word in words[n_names:]]
    run = prepared_folder.etl(*words, cwd=cwd, env=prepared_folder.environment_of(folder))
    shown = run.stdout.replace(str(folder), ".") if {"--json", "jsonl"} & {*words} else ""
    files = prepared_folder.contents(folder)
    assert run.returncode == command.exit_code, run.stderr
    return shown, {name: content for name, content in files.items() if not VARYING.search(name)}


def is_path(word: str, prepared: Path) -> bool:
    return word.startswith("made") or os.path.lexists(prepared / word)

"""`etl refresh`, `etl versions`, `etl diff`, `etl rollback` and `etl prune`, as a user runs them."""

import json
import sys
from pathlib import Path

import pytest
import yaml
from support.run_etl import etl, explained, make_rows, succeeded
from support.small_tables import write_lines

TAKES_NOTE = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(sys.stdin.read())"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with raw files, a config, and a place with two versions, of which the second is current."""
    folder = tmp_path_factory.mktemp("refresh")
    write_lines(folder / "raw" / "a.jsonl", make_rows(300))
    write_config(folder)
    succeeded(etl("refresh", "--config", folder / "etl.yaml"))
    write_lines(folder / "raw" / "b.jsonl", make_rows(340)[300:-3])
    succeeded(etl("refresh", "--config", folder / "etl.yaml", "--once"))
    return folder


def write_config(folder: Path, **refresh: object) -> Path:
    sections = {
        "tag": {"tagger": "whitespace"},
        "table": {"text_column": "text", "label_column": "label"},
        "refresh": {"inputs": ["raw"], "out": "place", **refresh},
    }
    (folder / "etl.yaml").write_text(yaml.safe_dump(sections), encoding="utf-8")
    return folder / "etl.yaml"


def names(place: Path) -> list[str]:
    return [each["version"] for each in json.loads(succeeded(etl("versions", place, "--json")).stdout)]


def test_nothing_changed_says_so(folder: Path) -> None:
    shown = succeeded(etl("refresh", "--config", folder / "etl.yaml")).stdout
    assert (
        f"nothing changed: {folder / 'place' / 'current'} is version {names(folder / 'place')[-1]}" in shown
    )


def test_a_dry_run_says_why_each_stage_would_run(folder: Path) -> None:
    new = write_lines(folder / "raw" / "c.jsonl", make_rows(350)[340:-3])
    shown = succeeded(etl("refresh", "--config", folder / "etl.yaml", "--dry-run")).stdout
    as_json = json.loads(
        succeeded(etl("refresh", "--config", folder / "etl.yaml", "--dry-run", "--json")).stdout
    )
    new.unlink()
    assert "added: c.jsonl" in shown
    assert "ingest: raw files changed" in shown
    assert as_json["events"] == [{"event": "added", "file": "c.jsonl"}]
    assert len(names(folder / "place")) == 2


def test_a_run_as_json_is_the_line_of_the_record_and_what_the_notified_command_gets(
    folder: Path, tmp_path: Path
) -> None:
    note = tmp_path / "note.json"
    command = f"{sys.executable} -c '{TAKES_NOTE}' {note}"
    run = succeeded(etl("refresh", "--config", folder / "etl.yaml", "--json", "--notify", command))
    line = (folder / "place" / "runs.jsonl").read_text(encoding="utf-8").splitlines()[-1]
    assert json.loads(run.stdout) == json.loads(line) == json.loads(note.read_text(encoding="utf-8"))


def test_a_command_that_cannot_be_notified_is_a_note_and_no_failure(folder: Path) -> None:
    run = succeeded(etl("refresh", "--config", folder / "etl.yaml", "--notify", "/no/such/command"))
    assert "was not notified" in run.stderr


def test_versions_show_which_one_is_current(folder: Path) -> None:
    shown = succeeded(etl("versions", folder / "place")).stdout
    assert shown.count("current") == 1
    assert all(name in shown for name in names(folder / "place"))


def test_a_difference_between_versions(folder: Path) -> None:
    place = folder / "place"
    old, new = names(place)
    found = json.loads(succeeded(etl("diff", place, old, "current", "--json")).stdout)
    assert sum(found["added"].values()) == 40
    assert (sum(found["removed"].values()), found["relabelled"], found["moved"]) == (0, 0, [])
    same = succeeded(etl("diff", place / "versions" / new, place / "current")).stdout
    assert "No row differs." in same
    assert "no version called" in explained(etl("diff", place, old, "zzz"), 4)
    assert "two things" in explained(etl("diff", place), 2)


def test_back_and_forward_again(folder: Path) -> None:
    place = folder / "place"
    old, new = names(place)
    assert f"is version {old}; it was {new}" in succeeded(etl("rollback", place)).stdout
    shown = succeeded(etl("refresh", "--config", folder / "etl.yaml")).stdout
    assert f"stays version {old}" in shown
    assert json.loads(succeeded(etl("rollback", place, new[:8], "--json")).stdout)["current"] == new


def test_pruning(tmp_path: Path) -> None:
    write_config(tmp_path)
    for count in (30, 40):
        write_lines(tmp_path / "raw" / "a.jsonl", make_rows(count))
        succeeded(etl("refresh", "--config", tmp_path / "etl.yaml"))
    assert "1 version removed, 1 kept" in succeeded(etl("prune", tmp_path / "place", "--keep", "1")).stdout
    assert len(names(tmp_path / "place")) == 1


@pytest.mark.parametrize("command", [["versions"], ["rollback"], ["prune", "--keep", "1"]])
def test_a_folder_in_which_nothing_was_published(tmp_path: Path, command: list[str]) -> None:
    assert "nothing was published" in explained(etl(command[0], tmp_path, *command[1:]), 4)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--every", "soon"], "no interval of time"),
        (["--every", "6h", "--once"], "exclude each other"),
        (["--notify", "'"], "cannot be run"),
    ],
)
def test_options_that_cannot_be_used(folder: Path, options: list[str], words: str) -> None:
    assert words in explained(etl("refresh", "--config", folder / "etl.yaml", *options), 2)


def test_a_bad_file_ends_with_its_exit_code_and_says_what_stays(folder: Path) -> None:
    (folder / "raw" / "bad.zip").write_bytes(b"PK\x03\x04 not a zip")
    try:
        run = etl("refresh", "--config", folder / "etl.yaml")
    finally:
        (folder / "raw" / "bad.zip").unlink()
    assert "bad.zip" in explained(run, 4)
    assert "stays version" in run.stdout

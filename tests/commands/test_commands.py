"""What every command has in common: help, exit codes, JSON alone on standard output."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.patience import PATIENCE
from support.run_etl import COMMAND, environment, etl, explained, make_rows, succeeded
from support.small_tables import write_lines

import etl as package

COMMANDS = [
    "demo",
    "sample",
    "sources",
    "labels",
    "init",
    "ingest",
    "rejects",
    "validate",
    "build-vocab",
    "train-baseline",
]
HEAVY = ["polars", "pandas", "pyarrow", "torch", "great_expectations", "konlpy", "numpy", "yaml"]


def test_help_lists_every_command() -> None:
    text = succeeded(etl("--help")).stdout
    assert all(f" {command} " in text for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_without_a_heavy_import(command: str) -> None:
    program = (
        "import sys\n"
        f"sys.argv = ['etl', *{[command] if command else []}, '--help']\n"
        "from etl.cli import main\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as ended:\n"
        "    assert ended.code == 0, ended.code\n"
        f"print([name for name in {HEAVY} if name in sys.modules])\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment(), check=True
    )
    assert f"etl {command} [OPTIONS]" in run.stdout
    assert run.stdout.splitlines()[-1] == "[]"


def test_help_alone_imports_nothing_heavy() -> None:
    run = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "etl", "--help"],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in run.stderr.splitlines()}
    assert "etl.cli" in imported
    assert not imported & set(HEAVY)


def test_the_version_is_that_of_the_package() -> None:
    assert succeeded(etl("--version")).stdout == f"korean-emotion-etl {package.__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["rejects"], ["rejects", "x", "--limit", "0"]])
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    run = etl(*arguments)
    assert run.returncode == 2
    assert "Traceback" not in run.stderr
    assert "Usage: " in run.stderr + run.stdout


@pytest.mark.parametrize(
    "command",
    ["rejects", "validate", "build-vocab", pytest.param("train-baseline", marks=pytest.mark.training)],
)
def test_a_folder_that_is_no_dataset_is_an_input_error(command: str, tmp_path: Path) -> None:
    more = ["--out", tmp_path / "model"] if command == "train-baseline" else []
    text = explained(etl(command, tmp_path / "none", *more), 4)
    assert "is not a dataset" in text
    assert "etl ingest" in text
    assert list(tmp_path.iterdir()) == []


def test_every_command_that_shows_results_shows_json_alone(
    dataset: Path, table: Path, tmp_path: Path
) -> None:
    plan = ["ingest", table, "--text-column", "text", "--label-column", "label", "--out", tmp_path / "d"]
    for arguments in (
        ["sources", "--json"],
        ["sources", "kote", "--json"],
        ["labels", "--json"],
        ["labels", "--source", "kote", "--taxonomy", "polarity3", "--json"],
        ["sample", tmp_path / "sample", "--dialogues", "5", "--clips", "3", "--json"],
        [*plan, "--dry-run", "--json"],
        [*plan, "--tagger", "whitespace", "--json"],
        ["build-vocab", tmp_path / "d", "--json"],
    ):
        run = succeeded(etl(*arguments))
        assert json.loads(run.stdout), arguments
        assert run.stderr == "", arguments


@pytest.mark.parametrize(
    ("arguments", "word"), [(["sources", "aihub"], "kote"), (["labels", "--source", "aihub"], "kote")]
)
def test_a_corpus_that_is_unknown_is_named_with_those_that_are_known(arguments: list[str], word: str) -> None:
    text = explained(etl(*arguments), 2)
    assert "'aihub'" in text
    assert word in text


def test_labels_and_sources_are_shown_as_tables() -> None:
    shown = succeeded(etl("labels", "--source", "chatbot", "--taxonomy", "polarity3")).stdout
    (line,) = (line for line in shown.splitlines() if line.startswith("│ 1"))
    assert [cell.strip() for cell in line.split("│")][3] == "부정"
    shown = succeeded(etl("sources", "nsmc")).stdout
    assert "CC0" in shown
    assert "rating" in shown


@pytest.mark.slow
def test_a_reader_that_goes_away_gets_no_traceback(tmp_path: Path) -> None:
    rows = [{"text": "", "label": f"{number}" * 60} for number in range(5_000)]
    path = write_lines(tmp_path / "table.jsonl", [*rows, *make_rows(1)])
    columns = ["--text-column", "text", "--label-column", "label", "--tagger", "whitespace"]
    accepted = ["--accept", "rows_rejected"]
    succeeded(etl("ingest", path, *columns, *accepted, "--out", tmp_path / "dataset"))
    for arguments in (
        ["rejects", "--json"],
        ["rejects", "--limit", "1000"],
        ["labels"],
        ["sources", "--json"],
    ):
        command = [*COMMAND, arguments[0], *([str(tmp_path / "dataset")] if "rejects" in arguments else [])]
        writer = subprocess.Popen(
            [*command, *arguments[1:]], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
        )
        assert writer.stdout
        assert writer.stderr
        writer.stdout.read(10)
        writer.stdout.close()
        errors = writer.stderr.read().decode()
        assert writer.wait(timeout=PATIENCE) in (0, 1), arguments
        assert "Traceback" not in errors, arguments
        assert "BrokenPipe" not in errors, arguments
        assert "error:" not in errors, arguments


def test_an_unexpected_error_is_explained_and_exits_with_1(table: Path, tmp_path: Path) -> None:
    # There is no known defect to run into, so one is planted.
    program = (
        "import sys, etl.ingestion.ingest\n"
        "def broken(*_, **__): raise ZeroDivisionError('odd')\n"
        "etl.ingestion.ingest.ingest = broken\n"
        f"sys.argv = ['etl', 'ingest', {str(table)!r}, '--out', {str(tmp_path / 'd')!r}]\n"
        "from etl.cli import main\n"
        "main()\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment(), check=False
    )
    text = explained(run, 1)
    assert "ZeroDivisionError: odd" in text
    assert "defect of the tool" in text

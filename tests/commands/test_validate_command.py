import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from support.run_etl import environment, etl, etl_process, explained, succeeded

LEAK = [
    {
        "review": f"오늘은 {number % 9}번째로 새로운 문장을 적어 봅니다",
        "mood": "기쁨" if number % 2 else "슬픔",
        "part": part,
    }
    for part, numbers in {"train": range(8), "dev": range(6, 12)}.items()
    for number in numbers
]
COLUMNS = ["--text-column", "review", "--label-column", "mood", "--split-column", "part"]


def write_rows(folder: Path) -> Path:
    path = folder / "raw" / "rows.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in LEAK), encoding="utf-8")
    return path


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Fourteen rows; some of validation stand in train."""
    return write_rows(tmp_path)


@dataclass(frozen=True)
class Runs:
    """The same rows validated in several ways, for tests that only look."""

    rows: Path
    out: Path
    done: dict[str, subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    folder = tmp_path_factory.mktemp("validated")
    rows, out = write_rows(folder), folder / "out"
    asked: dict[str, list[str]] = {
        "json": ["--json"],
        "junit": ["--format", "junit", "--show-text"],
        "github": ["--format", "github", "--fail-on", "never", "--timings"],
    }
    done = {
        name: etl("validate", rows, *COLUMNS, *options, "--out", out / name)
        for name, options in asked.items()
    }
    assert [file.name for file in rows.parent.iterdir()] == [rows.name]
    return Runs(rows, out, done | {"table": etl("validate", rows, *COLUMNS)})


def test_a_table_of_anybody_is_validated_and_fails(runs: Runs) -> None:
    run = runs.done["table"]
    assert run.returncode == 3, run.stderr
    assert run.stderr == ""
    report = runs.rows.parent / "rows.jsonl.validation" / "report.html"
    assert run.stdout.rstrip().endswith(f"Report: {report}")
    assert "error    leak_exact: 5 of 6 rows of validation" in run.stdout
    assert report.is_file()


def test_fail_on_never_and_timings(runs: Runs) -> None:
    run = succeeded(runs.done["github"])
    assert {line.split()[2] for line in run.stderr.splitlines()} >= {"reading", "contract", "leakage"}
    written = sorted(file.name for file in (runs.out / "github").iterdir())
    assert written == ["findings.json", "report.html"]


def test_every_format_is_whole_and_alone_on_standard_output(runs: Runs) -> None:
    for name in ("json", "junit"):
        assert (runs.done[name].returncode, runs.done[name].stderr) == (3, "")
    document = json.loads(runs.done["json"].stdout)
    assert document == json.loads((runs.out / "json" / "findings.json").read_text(encoding="utf-8"))
    cases = {case.get("name"): case for case in ET.fromstring(runs.done["junit"].stdout).iter("testcase")}
    assert cases["leak_exact"].find("failure") is not None
    assert cases["empty_train"].find("failure") is None
    assert "file_hash" not in cases  # there is no manifest to compare with
    lines = runs.done["github"].stdout.splitlines()
    assert all(line.startswith("::") for line in lines)
    assert len(lines) == len(document["findings"])


def test_two_runs_write_the_same_bytes(runs: Runs) -> None:
    beside = runs.rows.parent / "rows.jsonl.validation"
    for name in ("findings.json", "report.html"):
        assert (beside / name).read_bytes() == (runs.out / "json" / name).read_bytes()


def test_sentences_are_quoted_only_when_asked_for(runs: Runs) -> None:
    pages = {
        name: (runs.out / name / "report.html").read_text(encoding="utf-8")
        for name in runs.done
        if name != "table"
    }
    assert {name for name, page in pages.items() if "새로운 문장을" in page} == {"junit"}


def test_the_settings_change_what_is_an_error(rows: Path, tmp_path: Path) -> None:
    config = tmp_path / "etl.yaml"
    config.write_text(
        "validate:\n"
        "  severities: {leak_exact: note, leak_normalised: off, leak_tokens: off, leak_near: off}\n",
        encoding="utf-8",
    )
    run = etl("validate", rows, *COLUMNS, "--config", config)
    assert run.returncode == 0, run.stdout
    assert "leak_tokens" not in run.stdout
    assert "note     leak_exact" in run.stdout


def test_settings_for_a_finding_that_is_not_known_are_wrong_usage(rows: Path, tmp_path: Path) -> None:
    config = tmp_path / "etl.yaml"
    config.write_text("validate: {thresholds: {leak_exakt: 3}}\n", encoding="utf-8")
    text = explained(etl("validate", rows, *COLUMNS, "--config", config), 2)
    assert "'leak_exakt'" in text
    assert "leak_exact" in text


@pytest.mark.parametrize(
    ("arguments", "exit_code", "fact"),
    [
        ([], 4, "its columns are review, mood, part"),
        ([*COLUMNS[:5], "nothing"], 4, "has no column 'nothing'"),
        ([*COLUMNS, "--config", "nowhere.yaml"], 2, "cannot be read"),
        ([*COLUMNS, "--out", "/dev/null/folder"], 6, "cannot be written"),
    ],
)
def test_what_goes_wrong_is_explained(arguments: list[str], exit_code: int, fact: str, rows: Path) -> None:
    # `review` is a usual name: take it away, so that nothing is left to guess.
    if not arguments:
        rows.write_text(rows.read_text(encoding="utf-8").replace('"mood"', '"x"'), encoding="utf-8")
        fact = "its columns are review, x, part"
    assert fact in explained(etl("validate", rows, *arguments), exit_code)
    assert [file.name for file in rows.parent.iterdir()] == [rows.name]


def test_columns_are_no_option_for_a_dataset(dataset: Path) -> None:
    text = explained(etl("validate", dataset, "--text-column", "text"), 2)
    assert "whose columns are known" in text


def test_a_full_temporary_folder_is_a_write_error(rows: Path, tmp_path: Path) -> None:
    run = etl_process("validate", rows, *COLUMNS, env=_without_room(tmp_path))
    assert "has no room for a copy" in explained(run, 6)


def _without_room(folder: Path) -> dict[str, str]:
    """An environment whose Python finds that no file of more than 100 bytes can be written."""
    limit = "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
    (folder / "sitecustomize.py").write_text(limit, encoding="utf-8")
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    return environment(PYTHONPATH=path, PYTHONDONTWRITEBYTECODE="1")  # else it leaves code that is cut off


def test_an_earlier_table_label_noise_and_data_docs_are_there_when_asked_for(
    rows: Path, runs: Runs, tmp_path: Path
) -> None:
    pytest.importorskip("sklearn")
    earlier = tmp_path / "earlier.jsonl"
    lines = rows.read_text(encoding="utf-8").splitlines(keepends=True)
    earlier.write_text("".join(lines[:6]), encoding="utf-8")
    asked = [
        "--against",
        earlier,
        "--label-noise",
        "--data-docs",
        tmp_path / "docs",
        "--out",
        tmp_path / "out",
    ]
    run = etl("validate", rows, *COLUMNS, *asked, "--format", "junit")
    assert run.returncode == 3, run.stderr
    codes = {case.get("name") for case in ET.fromstring(run.stdout).iter("testcase")}
    assert {"since_rows", "label_noise"} <= codes
    assert (tmp_path / "docs" / "index.html").is_file()
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "findings.json",
        "label_noise.csv",
        "report.html",
    ]
    codes = {case.get("name") for case in ET.fromstring(runs.done["junit"].stdout).iter("testcase")}
    assert not {"since_rows", "label_noise"} & codes

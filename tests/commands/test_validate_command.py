import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from run_etl import environment, etl, explained, succeeded

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


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Fourteen rows; some of validation stand in train."""
    path = tmp_path / "raw" / "rows.jsonl"
    path.parent.mkdir()
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in LEAK), encoding="utf-8")
    return path


def test_a_table_of_anybody_is_validated_and_fails(rows: Path) -> None:
    run = etl("validate", rows, *COLUMNS)
    assert run.returncode == 3, run.stderr
    assert run.stderr == ""
    report = rows.parent / "rows.jsonl.validation" / "report.html"
    assert run.stdout.rstrip().endswith(f"Report: {report}")
    assert "error    leak_exact: 5 of 6 rows of validation" in run.stdout
    assert report.is_file()


def test_fail_on_never_and_timings(rows: Path, tmp_path: Path) -> None:
    run = succeeded(
        etl("validate", rows, *COLUMNS, "--fail-on", "never", "--timings", "--out", tmp_path / "out")
    )
    assert {line.split()[2] for line in run.stderr.splitlines()} >= {"reading", "contract", "leakage"}
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["findings.json", "report.html"]
    assert [file.name for file in rows.parent.iterdir()] == [rows.name]


def test_every_format_is_whole_and_alone_on_standard_output(rows: Path) -> None:
    runs = {
        name: etl("validate", rows, *COLUMNS, "--format", name) for name in ("json", "junit", "github")
    } | {"--json": etl("validate", rows, *COLUMNS, "--json")}
    for run in runs.values():
        assert (run.returncode, run.stderr) == (3, "")
    document = json.loads(runs["json"].stdout)
    written = rows.parent / "rows.jsonl.validation" / "findings.json"
    assert document == json.loads(written.read_text(encoding="utf-8"))
    assert runs["--json"].stdout == runs["json"].stdout
    cases = {case.get("name"): case for case in ET.fromstring(runs["junit"].stdout).iter("testcase")}
    assert cases["leak_exact"].find("failure") is not None
    assert cases["empty_train"].find("failure") is None
    assert "file_hash" not in cases  # there is no manifest to compare with
    assert all(line.startswith("::") for line in runs["github"].stdout.splitlines())
    assert len(runs["github"].stdout.splitlines()) == len(document["findings"])


def test_two_runs_write_the_same_bytes(rows: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        etl("validate", rows, *COLUMNS, "--out", tmp_path / name)
    for name in ("findings.json", "report.html"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_sentences_are_quoted_only_when_asked_for(rows: Path) -> None:
    report = rows.parent / "rows.jsonl.validation" / "report.html"
    etl("validate", rows, *COLUMNS)
    assert "새로운 문장을" not in report.read_text(encoding="utf-8")
    etl("validate", rows, *COLUMNS, "--show-text")
    assert "새로운 문장을" in report.read_text(encoding="utf-8")


def test_the_settings_change_what_is_an_error(rows: Path, tmp_path: Path) -> None:
    config = tmp_path / "etl.yaml"
    config.write_text(
        "validate:\n"
        "  severities: {leak_exact: off, leak_normalised: note, leak_tokens: off, leak_near: off}\n",
        encoding="utf-8",
    )
    run = etl("validate", rows, *COLUMNS, "--config", config)
    assert run.returncode == 0, run.stdout
    assert "leak_exact" not in run.stdout
    assert "note     leak_normalised" in run.stdout


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
    run = etl("validate", rows, *COLUMNS, env=environment(PYTHONPATH=str(_without_room(tmp_path))))
    assert "has no room for a copy" in explained(run, 6)


def _without_room(folder: Path) -> Path:
    """A folder for PYTHONPATH whose Python finds no file of more than 100 bytes can be written."""
    limit = "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
    (folder / "sitecustomize.py").write_text(limit, encoding="utf-8")
    return folder


def test_an_earlier_table_label_noise_and_data_docs_are_there_when_asked_for(
    rows: Path, tmp_path: Path
) -> None:
    pytest.importorskip("cleanlab")
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
    usual = etl("validate", rows, *COLUMNS, "--format", "junit")
    codes = {case.get("name") for case in ET.fromstring(usual.stdout).iter("testcase")}
    assert not {"since_rows", "label_noise"} & codes

"""`--delimiter` and `--no-header`, and what the commands say of sheets that they leave aside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.run_etl import etl, explained, succeeded
from support.workbooks import write_workbook

SETTINGS, INPUT = 2, 4
NUMBERED = ("--no-header", "--text-column", "2")


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    path = tmp_path / "bars.txt"
    lines = [f"{label}|{number}번째 비, 그리고 눈" for number in range(6) for label in ("기쁨", "슬픔")]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_ingest_reads_a_table_without_a_header_by_the_numbers_of_its_columns(
    bars: Path, tmp_path: Path
) -> None:
    options = ("--label-column", "1", "--tagger", "whitespace", "--json")
    run = succeeded(etl("ingest", bars, *NUMBERED, *options, "--out", tmp_path / "out"))
    assert json.loads(run.stdout)["counts"]["table"]["read"] == 12
    said = succeeded(etl("ingest", bars, *NUMBERED, *options, "--delimiter", "|", "--out", tmp_path / "out"))
    assert json.loads(said.stdout)["counts"] == json.loads(run.stdout)["counts"]


def test_validate_and_tokens_take_the_same_options(bars: Path, tmp_path: Path) -> None:
    options = ("--label-column", "1", "--delimiter", "|", "--json", "--out", tmp_path / "report")
    run = etl("validate", bars, *NUMBERED, *options, "--fail-on", "never")
    assert json.loads(succeeded(run).stdout)["statistics"]["accounts"][0]["read"] == 12
    run = etl("tokens", bars, *NUMBERED, "--tagger", "whitespace", "--limit", "2", "--json")
    assert [each["raw_text"] for each in json.loads(succeeded(run).stdout)] == ["0번째 비, 그리고 눈"] * 2


def test_a_delimiter_of_several_characters_is_wrong_usage(bars: Path, tmp_path: Path) -> None:
    explained(etl("ingest", bars, *NUMBERED, "--delimiter", "||", "--out", tmp_path / "out"), SETTINGS)
    assert "is no delimiter" in explained(etl("validate", bars, "--delimiter", "||"), SETTINGS)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            "table: {delimiter: '||'}",
            "table.delimiter: expected one character, or tab; got '||'",
        ),
        (
            "clean: {regex: a}",
            "clean.regex: there is no such key; expected one of keep_markup, max_",
        ),
    ],
)
def test_a_wrong_setting_is_said_by_what_is_wrong_with_it(
    bars: Path, tmp_path: Path, written: str, said: str
) -> None:
    (tmp_path / "etl.yaml").write_text(written, encoding="utf-8")
    run = etl("ingest", bars, *NUMBERED, "--config", tmp_path / "etl.yaml", "--out", tmp_path / "out")
    assert said in explained(run, SETTINGS)


def test_a_sheet_left_aside_is_named_with_its_rows_on_the_console_and_in_the_manifest(tmp_path: Path) -> None:
    rows = [["문장", "감정"], *([f"{number}번째 비가 그쳤다", "기쁨"] for number in range(4))]
    path = write_workbook(tmp_path / "a.xlsx", {"자료": rows, "메모": [["누가"], ["연구실"]]})
    options = ("--text-column", "문장", "--label-column", "감정", "--tagger", "whitespace")
    run = succeeded(etl("ingest", path, *options, "--out", tmp_path / "out"))
    assert "warning: a.xlsx → 메모 is left aside: it has other columns: 2 rows" in run.stderr
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert [entry["member"] for entry in manifest["left_aside"]] == ["메모"]
    run = etl("validate", path, "--fail-on", "never", "--out", tmp_path / "report")
    assert "a.xlsx → 메모 is left aside: it has 2 rows" in run.stderr


def test_a_pointer_of_git_lfs_ends_with_what_fetches_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 7\n")
    for command in (
        ("ingest", path, "--text-column", "text", "--label-column", "label", "--out", tmp_path / "out"),
        ("validate", path),
        ("tokens", path),
    ):
        error = explained(etl(*command), INPUT)
        assert "is a pointer of Git LFS, not the file itself" in error
        assert "git lfs pull" in error

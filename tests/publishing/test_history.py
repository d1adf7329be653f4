"""The versions of a publish dir over time, as a page."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.small_tables import ingest, kept_rows, make_rows, write_lines
from typer.testing import CliRunner

import etl
from etl.cli import app
from etl.publishing.history import read_history, render_history
from etl.storage.versions.local import LocalStore


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions of a table that grows; only the first has findings."""
    folder = tmp_path_factory.mktemp("published")
    rows = make_rows(90)
    for count in (60, 90):
        write_lines(folder / "raw" / "table.jsonl", rows[:count])
        candidate = folder / "place" / ".candidate"
        ingest(folder / "raw", out=candidate)
        if count == 60:
            found = {"counts": {"error": 0, "warning": 7, "note": 1}}
            (candidate / "validation").mkdir()
            (candidate / "validation" / "findings.json").write_text(json.dumps(found), encoding="utf-8")
        LocalStore(folder / "place").publish(candidate, stages={}, raw_files={})
        shutil.rmtree(candidate, ignore_errors=True)
    return folder / "place"


def test_each_version_is_there_with_its_rows_findings_and_state(place: Path) -> None:
    before, now = read_history(LocalStore(place))
    assert (before.state, now.state) == ("", "current")
    assert (before.findings, now.findings) == ({"error": 0, "warning": 7, "note": 1}, None)
    assert 0 < before.rows < now.rows
    html = render_history("place", [before, now])
    assert f"+{now.rows - before.rows} since the first" in html
    assert html.count('<svg class="chart"') == 3
    assert "<h1>2 published versions</h1>" in html


def test_the_command_writes_the_page_beside_the_table(place: Path, tmp_path: Path) -> None:
    shown = CliRunner().invoke(app, ["versions", str(place), "--html", str(tmp_path / "versions.html")])
    assert shown.exit_code == 0
    assert "Charts: " in shown.stdout
    html = (tmp_path / "versions.html").read_text(encoding="utf-8")
    assert LocalStore(place).current() in html


def test_rows_that_wait_for_a_label_have_a_column_so_that_the_counts_add_up(tmp_path: Path) -> None:
    table = write_lines(tmp_path / "table.jsonl", [{"text": row["text"]} for row in kept_rows(0, 12)])
    candidate = tmp_path / "place" / ".candidate"
    etl.ingest(table, candidate, text_column="text", tagger="whitespace")
    LocalStore(tmp_path / "place").publish(candidate, stages={}, raw_files={})
    shown = CliRunner().invoke(app, ["versions", str(tmp_path / "place")])
    assert "unlabelled" in shown.stdout
    html = render_history("place", read_history(LocalStore(tmp_path / "place")))
    assert html.count("unlabelled") >= 2

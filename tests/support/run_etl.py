"""Runs `etl` as a user does: in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-m", "etl"]
TABLE = ["--text-column", "text", "--label-column", "label", "--tagger", "whitespace", "--workers", "1"]


def environment(**changes: str | None) -> dict[str, str]:
    """This process's environment, with Korean output and some variables changed or, by None, removed."""
    wanted: dict[str, str | None] = {**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "200", **changes}
    return {name: value for name, value in wanted.items() if value is not None}


def etl(
    *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env=env or environment(),
        timeout=300,
        check=False,
    )


def ingest(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """`etl ingest` of a table with the white-space tagger."""
    return etl("ingest", *TABLE, *arguments)


def succeeded(run: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    """The run, which must have ended well."""
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr
    return run


def explained(run: subprocess.CompletedProcess[str], exit_code: int) -> str:
    """The error text of a run that must have failed with this exit code and said what to do next."""
    assert run.returncode == exit_code, (run.returncode, run.stdout, run.stderr)
    assert "Traceback" not in run.stderr + run.stdout
    _, _, text = run.stderr.partition("error: ")
    assert text, run.stderr
    assert "\n  Next: " in text, text
    return text


def write_table(path: Path, rows: list[dict[str, Any]]) -> Path:
    """A JSON lines file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def make_rows(count: int) -> list[dict[str, Any]]:
    """Rows that are all kept, and after them one without a text, one without a label, one with an odd one."""
    labels = ["기쁨", "슬픔", "분노"]
    rows = [
        # Two numbers are alike, two digests are not: else all would be near-duplicates.
        {
            "text": f"{number}번째로 적어 보는 문장 {sha256(b'%d' % number).hexdigest()[:24]}",
            "label": labels[number % 3],
        }
        for number in range(count)
    ]
    return [
        *rows,
        {"text": "  ", "label": "기쁨"},
        {"text": "라벨이 없는 문장 하나", "label": None},
        {"text": "모르는 라벨이 붙은 문장", "label": "심심"},
    ]

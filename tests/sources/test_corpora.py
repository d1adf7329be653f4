"""Each corpus, read from made-up files in its exact format: `tests/data/<slug>/`.

`<case>.yaml` describes the files (`raw_files.py` makes them) and what becomes of each, `<case>.jsonl` lists the
rows that must be read from them, in order. Columns that are null are left out there; of `detail` a part is given.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from raw_files import write_files

from etl import contract, resources, route, row, taxonomy
from etl.settings import Settings
from etl.sources.detect import ADAPTERS
from etl.sources.raw import Account

CORPORA = Path(__file__).parents[1] / "data"
CASES = sorted(CORPORA.glob("*/*.yaml"))
RECORDED = ("inputs", "left_aside", "skipped", "ignored", "warnings")


def load_case(path: Path) -> dict[str, Any]:
    case: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    if "files_of" in case:
        return load_case(path.with_stem(case["files_of"])) | case
    return case


def read_rows(folder: Path, settings: Settings) -> tuple[list[dict[str, Any]], Account]:
    """All rows without the columns that are null, and the account."""
    found, account = route.discover([folder], settings)
    rows = []
    for frame in route.read(found, settings, account):
        assert frame.schema == row.read_schema()
        rows += [{name: value for name, value in each.items() if value is not None} for each in frame.to_dicts()]
    return rows, account


def recorded(account: Account) -> dict[str, Any]:
    """The account as the cases write it: without sizes and hashes, empty lists left out."""
    facts = {name: getattr(account, name) for name in RECORDED}
    facts["inputs"] = [
        {name: value for name, value in entry.items() if name not in {"source", "bytes", "sha256"}}
        for entry in account.inputs
    ]
    return {name: fact for name, fact in facts.items() if fact}


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_files_of_a_corpus_become_the_expected_rows(path: Path, tmp_path: Path) -> None:
    case = load_case(path)
    folder = write_files(tmp_path, case["files"])
    rows, account = read_rows(folder, msgspec.convert(case.get("settings", {}), Settings))

    expected = [json.loads(line) for line in path.with_suffix(".jsonl").read_text(encoding="utf-8").splitlines()]
    for got, wanted in zip(rows, expected, strict=False):
        if wanted.get("detail", "") in got.get("detail", ""):
            wanted["detail"] = got.get("detail")
            wanted |= {} if wanted["detail"] is not None else {"detail": None}
        got.setdefault("detail", None)
    assert rows == [{"source": path.parent.name, "detail": None} | wanted for wanted in expected]
    assert recorded(account) == case["account"]

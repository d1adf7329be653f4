"""Each corpus, read from made-up files in its exact format: `tests/data/<slug>/`.

`<case>.yaml` describes the files (`raw_files.py` makes them) and what becomes of each, `<case>.jsonl` lists
the rows that must be read from them, in order, without their nulls; of `detail` a part is enough.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from support.raw_files import write_files

from etl.ingestion.ingest import discover
from etl.ingestion.sources.detect import ADAPTERS
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.units import read_units
from etl.schema import contract, resources, row, taxonomy
from etl.settings import Settings

CORPORA = Path(__file__).parents[2] / "data"
CASES = sorted(CORPORA.glob("*/*.yaml"))


def load_case(path: Path) -> dict[str, Any]:
    case: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    if "files_of" in case:
        return load_case(path.with_stem(case["files_of"])) | case
    return case


def read_rows(folder: Path, settings: Settings) -> tuple[list[dict[str, Any]], InputLog]:
    """All rows without the columns that are null, and the log."""
    found, log = discover([folder], settings)
    rows = []
    for frame in read_units(found, settings, log):
        assert frame.schema == row.read_schema()
        rows += [
            {name: value for name, value in each.items() if value is not None} for each in frame.to_dicts()
        ]
    return rows, log


def recorded(log: InputLog) -> dict[str, Any]:
    """The log as the cases write it: what became of each file, without sizes and hashes."""
    told = {"file", "member", "release", "split", "encoding", "rows", "why", "error"}
    return {
        name: [{key: fact for key, fact in entry.items() if key in told} for entry in entries]
        for name in ("inputs", "left_aside", "skipped")
        if (entries := getattr(log, name))
    } | {name: facts for name in ("ignored", "warnings") if (facts := getattr(log, name))}


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_files_of_a_corpus_become_the_expected_rows(path: Path, tmp_path: Path) -> None:
    case = load_case(path)
    folder = write_files(tmp_path, case["files"])
    rows, log = read_rows(folder, msgspec.convert(case.get("settings", {}), Settings))

    with path.with_suffix(".jsonl").open(encoding="utf-8") as lines:
        expected = [json.loads(line) for line in lines]
    assert [each["id"] for each in rows] == [each["id"] for each in expected]
    for got, wanted in zip(rows, expected, strict=True):
        part, detail = wanted.pop("detail", None), got.pop("detail", None)
        assert (part is None) == (detail is None)
        assert (part or "") in (detail or "")
        assert got == {"source": path.parent.name, **wanted}
    assert recorded(log) == case["log"]


@pytest.mark.parametrize("slug", ADAPTERS)
def test_a_corpus_has_its_adapter_its_contract_its_label_table_and_its_test_data(slug: str) -> None:
    assert slug == ADAPTERS[slug].SLUG
    assert contract.load(slug).slug == slug
    # A table of the user's own has the labels of the taxonomy.
    assert (slug in taxonomy.corpora()) == (slug != "table")
    assert slug == "table" or taxonomy.label_table(slug).codes
    assert any(path.parent.name == slug for path in CASES)


def test_there_is_no_contract_label_table_or_test_data_of_a_corpus_that_cannot_be_read() -> None:
    assert set(contract.slugs()) <= set(ADAPTERS)
    assert set(resources.names("schemas", "labels")) <= set(ADAPTERS)
    folders = {path.name for path in CORPORA.iterdir() if path.is_dir()}
    # What `etl predict` reads is no corpus, nor is a workbook of which only the format counts.
    assert folders - {"documents", "tables"} == set(ADAPTERS)


def test_the_releases_that_are_read_are_those_of_the_contract() -> None:
    for path in CASES:
        known = contract.load(path.parent.name).releases
        for entry in load_case(path)["log"]["inputs"]:
            assert not known or entry["release"] in known, path

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from support.patience import PATIENCE

from etl.errors import SettingsError
from etl.schema import contract, resources, row, taxonomy

CORPORA = contract.slugs()
# Their columns are a document and a label: their adapters look at the labels and at the name too.
ALIKE = {"k-mhas", "naver-shopping", "nsmc", "steam"}
DOCUMENTS = [*CORPORA, "dataset"]
# Of these no number is known that somebody counted.
UNCOUNTED = {"aihub-empathy"}
# The command `datacontract lint`, for several files in one process of its own, as it configures logging.
LINT = """
import json, sys
from typer.testing import CliRunner
from datacontract.cli import app
for path in sys.argv[1:]:
    done = CliRunner().invoke(app, ["lint", path])
    sys.__stdout__.write(json.dumps([path, done.exit_code, done.output]) + "\\n")
"""


def lint(*paths: Path) -> dict[str, tuple[int, str]]:
    """Exit code and output of `datacontract lint`, for each file by name."""
    if find_spec("datacontract") is None:
        pytest.skip("datacontract-cli is not installed")
    command = [sys.executable, "-c", LINT, *map(str, paths)]
    lines = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, check=True
    ).stdout.splitlines()
    linted = [json.loads(line) for line in lines if line.startswith("[")]
    return {Path(path).name: (exit_code, output) for path, exit_code, output in linted}


def document(slug: str) -> dict[str, Any]:
    return dict(resources.load("data_contracts", f"{slug}.odcs.yaml"))


def valid_values(part: Any) -> list[tuple[str, list[str]]]:
    """Every (property, valid values) in a contract, however deeply nested."""
    found = []
    if isinstance(part, dict):
        for rule in part.get("quality", []):
            if rule["metric"] == "invalidValues" and "validValues" in rule["arguments"]:
                found.append((part["name"], rule["arguments"]["validValues"]))
        found += [pair for value in part.values() for pair in valid_values(value)]
    elif isinstance(part, list):
        found += [pair for value in part for pair in valid_values(value)]
    return found


@pytest.mark.slow
def test_every_contract_passes_the_stock_lint() -> None:
    paths = [resources.path("data_contracts", f"{slug}.odcs.yaml") for slug in DOCUMENTS]
    linted = lint(*paths)
    assert set(linted) == {path.name for path in paths}
    assert {name: output for name, (exit_code, output) in linted.items() if exit_code != 0} == {}
    assert all("ODCS v3.1.0" in output for _, output in linted.values())


def test_the_stock_lint_would_notice_a_broken_contract(tmp_path: Path) -> None:
    sound = resources.path("data_contracts", "chatbot.odcs.yaml").read_text(encoding="utf-8")
    path = tmp_path / "broken.odcs.yaml"
    path.write_text(sound.replace("status: active\n", "colour: red\n"), encoding="utf-8")
    assert lint(path)["broken.odcs.yaml"][0] != 0


@pytest.mark.parametrize("slug", DOCUMENTS)
def test_a_contract_names_itself_and_its_standard(slug: str) -> None:
    assert document(slug)["id"] == slug
    assert document(slug)["apiVersion"] == "v3.1.0"


@pytest.mark.parametrize("slug", taxonomy.corpora())
def test_a_contract_and_its_label_table_have_the_same_codes(slug: str) -> None:
    assert contract.load(slug).labels == set(taxonomy.label_table(slug).codes)


@pytest.mark.parametrize("slug", [slug for slug in taxonomy.corpora() if slug != "nsmc"])
def test_every_valid_value_of_a_contract_is_a_label_that_needs_no_alias(slug: str) -> None:
    table = taxonomy.label_table(slug)
    understood = {*table.codes, *table.spellings}
    halves = {half for pair in understood if "/" in pair for half in pair.split("/", 1)}
    for name, values in valid_values(document(slug)["schema"]):
        assert set(values) <= (halves if name.startswith("감정_") else understood), name


def test_the_ratings_and_labels_of_nsmc_are_those_of_its_label_table() -> None:
    values = dict(valid_values(document("nsmc")["schema"]))
    spellings = {
        f"{kind}:{value}"
        for kind, name in (("label", "label"), ("rating", "rating"))
        for value in values[name]
    }
    assert spellings == set(taxonomy.label_table("nsmc").spellings)


@pytest.mark.parametrize("slug", CORPORA)
def test_the_domain_of_a_corpus_is_one_of_those_of_the_row(slug: str) -> None:
    assert contract.load(slug).domain in row.domains()


@pytest.mark.parametrize("slug", [slug for slug in CORPORA if slug != "table"])
def test_a_corpus_says_where_to_get_it_and_what_to_expect(slug: str) -> None:
    found = contract.load(slug)
    assert found.licence
    assert found.files
    assert all(address.startswith("https://") for address in found.where) and found.where
    assert bool(found.expected_rows) == (slug not in UNCOUNTED)
    for rows in found.expected_rows:
        assert rows.layout in found.layouts
        assert rows.release in found.releases
        assert rows.split in {None, "train", "validation", "test"}


def test_published_rows_are_those_of_the_corpora() -> None:
    numbers = {
        (each.release, each.split, each.layout): each.rows
        for each in contract.load("aihub-dialogue").expected_rows
    }
    assert numbers["v1", "train", "json"] == 40_827
    assert numbers["v2", "validation", "json"] == 6_640
    assert numbers["v1", "train", "xlsx-v1-raw"] == 74_856
    assert sum(each.rows for each in contract.load("aihub-speech").expected_rows) == 43_991


@pytest.mark.parametrize("slug", CORPORA)
def test_a_layout_recognises_its_own_columns(slug: str) -> None:
    found = contract.load(slug)
    for layout in found.layouts.values():
        match = contract.match_layout(found, layout.columns)
        assert match is not None
        assert match.required == layout.required


def test_columns_are_recognised_in_any_order_with_spaces_and_decomposed() -> None:
    found = contract.load("aihub-dialogue")
    header = list(found.layouts["xlsx-v1-raw"].columns)
    assert header[0] == "번호"
    mac = [f" {unicodedata.normalize('NFD', name)} " for name in reversed(header)]
    match = contract.match_layout(found, mac)
    assert match is not None
    assert match.name == "xlsx-v1-raw"


def test_the_releases_of_the_dialogue_tables_are_told_apart_by_their_columns() -> None:
    found = contract.load("aihub-dialogue")
    columns = {name: layout.columns for name, layout in found.layouts.items() if name != "json"}
    assert {name: len(names) for name, names in columns.items()} == {
        "xlsx-v1-final": 15,
        "xlsx-v1-raw": 14,
        "xlsx-v2-final": 13,
        "no-replies": 11,
    }
    assert columns["xlsx-v2-final"][0] == ""
    for name, names in columns.items():
        match = contract.match_layout(found, names)
        assert match is not None
        assert match.name == name


def test_a_header_without_a_required_column_matches_nothing() -> None:
    found = contract.load("aihub-speech")
    header = [name for name in found.layouts["votes"].columns if name not in {"3번 감정", "상황"}]
    assert contract.match_layout(found, header) is None
    assert contract.match_layout(found, []) is None


def test_no_layout_of_one_corpus_is_taken_for_another_unless_their_labels_differ() -> None:
    for slug in (slug for slug in CORPORA if slug != "table"):
        alike = ALIKE if slug in ALIKE else {slug}
        for layout in contract.load(slug).layouts.values():
            others = [other for other in CORPORA if other not in {*alike, "table"}]
            taken = [other for other in others if contract.match_layout(contract.load(other), layout.columns)]
            assert taken == [], layout.name


def test_an_unknown_corpus_is_a_wrong_setting() -> None:
    with pytest.raises(SettingsError):
        contract.load("nope")


@pytest.mark.parametrize(("schema", "is_reject"), [("data", False), ("rejects", True)])
def test_the_contract_of_the_output_has_the_columns_of_the_row(schema: str, is_reject: bool) -> None:
    described = {column["name"]: column for column in row.column_specs()}
    [promised] = [each for each in document("dataset")["schema"] if each["name"] == schema]
    assert [each["name"] for each in promised["properties"]] == row.columns(is_reject=is_reject)
    for each in promised["properties"]:
        assert each["physicalType"] == described[each["name"]]["type"]
        assert each["description"] == described[each["name"]]["about"]


def test_the_contract_of_the_output_lists_the_reasons_domains_and_sources_that_there_are() -> None:
    values = dict(valid_values(document("dataset")["schema"]))
    assert values["reason"] == list(row.reasons())
    assert values["domain"] == row.domains()
    assert values["source"] == CORPORA

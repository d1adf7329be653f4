"""Wrong usage is explained as every other error is, whatever stands in the arguments."""

from pathlib import Path

import pytest
from support.run_etl import etl, explained

# What a terminal would obey, or what would turn the direction of a line or begin one of its own.
HOSTILE = ["\x1b[31m", "\x9b2J", "\x07", "\u202e", "\u2066", "\r", "\nerror: another", "\x7f"]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "arguments",
    [
        ["{}"],
        ["ingest", "--{}"],
        ["ingest", "raw", "--tagger", "{}"],
        ["ingest", "raw", "--out", "dataset", "--limit", "{}"],
        ["validate", "dataset", "more{}"],
        ["refresh", "--every", "{}"],
    ],
)
def test_no_argument_reaches_the_terminal_as_it_is(arguments: list[str], text: str) -> None:
    said = explained(etl(*(argument.format(text) for argument in arguments)), 2)
    assert not set(said) & set("\x1b\x9b\x07\u202e\u2066\r\x7f")
    assert not any(line.startswith("error: another") for line in said.splitlines())
    assert said.splitlines()[-1].startswith("  Next: see `etl ")


def test_a_folder_is_no_place_for_settings(tmp_path: Path) -> None:
    for options in ([], ["--force"]):
        said = explained(etl("init", ".", *options, cwd=tmp_path), 2)
        assert said.splitlines() == [". is a folder", "  Next: name the file: `etl init etl.yaml`"]


def test_json_is_for_the_summary_of_a_review(tmp_path: Path) -> None:
    for command in ("review", "view"):
        assert "--json is about --summary" in explained(etl(command, tmp_path, "--json"), 2)


def test_a_missing_option_names_the_page_that_says_more() -> None:
    said = explained(etl("ingest", "raw"), 2)
    assert said.splitlines() == [
        "Missing option '--out'.",
        "  Usage: etl ingest [OPTIONS] {paths}...",
        "  Next: see `etl ingest --help`.",
    ]


@pytest.mark.parametrize("arguments", [["rejects", "--limit"], ["--debug", "rejects", "dataset", "--limit"]])
def test_an_option_without_its_value_names_the_page_of_its_command(arguments: list[str]) -> None:
    said = explained(etl(*arguments), 2)
    assert said.splitlines()[-1] == "  Next: see `etl rejects --help`."

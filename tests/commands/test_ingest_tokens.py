"""What `etl ingest` says about the key-token filter."""

import json
from pathlib import Path

from support.run_etl import etl, ingest, make_rows, succeeded
from support.small_tables import write_lines

COLUMNS = ["--text-column", "text", "--label-column", "label", "--workers", "1"]


def test_the_shares_that_were_removed_are_shown_in_a_line(table: Path, tmp_path: Path) -> None:
    run = succeeded(etl("ingest", table, *COLUMNS, "--tagger", "mecab", "--out", tmp_path / "dataset"))
    (line,) = (line for line in run.stdout.splitlines() if line.startswith("Key tokens: "))
    tokens = json.loads((tmp_path / "dataset" / "manifest.json").read_text("utf-8"))["tokens"]
    assert f"{tokens['after']:,} of {tokens['before']:,} kept" in line
    assert f"particle {tokens['classes']['particle']['removed_share']:.0%}" in line
    assert "noun" not in line
    assert line.endswith("; 0 sentences emptied")
    card = (tmp_path / "dataset" / "README.md").read_text("utf-8")
    assert f"Key tokens: {tokens['after']:,} of {tokens['before']:,} tokens" in card


def test_the_whitespace_tagger_keeps_all(table: Path, tmp_path: Path) -> None:
    run = succeeded(ingest(table, "--out", tmp_path / "dataset"))
    assert "Key tokens: all 300 kept" in run.stdout
    document = json.loads(succeeded(ingest(table, "--out", tmp_path / "dataset", "--json")).stdout)
    assert document["tokens"]["before"] == document["tokens"]["after"] == 300


def test_that_nothing_was_tagged_is_said(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "table.jsonl", make_rows(0))
    run = succeeded(ingest(path, "--out", tmp_path / "dataset", "--accept", "nothing_kept"))
    assert "Key tokens: none, as no sentence was tagged" in run.stdout


def test_stop_words_that_drop_negation_are_warned_of(table: Path, tmp_path: Path) -> None:
    (tmp_path / "stop.txt").write_text("은\n안\n", encoding="utf-8")
    (tmp_path / "etl.yaml").write_text(f"tag:\n  stop_words: {tmp_path / 'stop.txt'}\n", encoding="utf-8")
    options = ["--tagger", "mecab", "--config", tmp_path / "etl.yaml", "--out", tmp_path / "dataset"]
    run = succeeded(etl("ingest", table, *COLUMNS, *options))
    assert "warning: tag.stop_words drops negation" in run.stderr

"""A dataset that most rows are missing from takes no better one's place, and is told of."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.run_etl import TABLE, etl, explained, ingest, succeeded
from support.s3_server import serving
from support.small_tables import fingerprints, kept_rows, write_lines

import etl as library
from etl.dataset.guards import find_unusable, load_guards
from etl.dataset.manifest import SourceCounts, read_manifest
from etl.errors import FindingsError, SettingsError
from etl.schema import row


def write_table(path: Path, good: int, bad: int, **change: Any) -> Path:
    """So many rows that are kept, and so many with a change, such as `label=None`."""
    rows = kept_rows(0, good + bad)
    return write_lines(path, [*rows[:good], *({**each, **change} for each in rows[good:])])


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A dataset of 30 rows."""
    succeeded(ingest(write_table(tmp_path / "good.jsonl", 30, 0), "--out", tmp_path / "dataset"))
    return tmp_path / "dataset"


def test_a_new_dataset_that_most_rows_are_missing_from_is_written_and_told_of(tmp_path: Path) -> None:
    table = write_table(tmp_path / "table.jsonl", 3, 27, label=None)
    text = explained(ingest(table, "--out", tmp_path / "dataset"), 3)
    assert "90.0% of the rows of source table (27 of 30, more than 50.0%) cannot be used" in text
    assert "most: missing_label (27), the label is blank" in text
    assert f"`etl rejects {tmp_path / 'dataset'}` shows the rows" in text
    assert len(succeeded(etl("rejects", tmp_path / "dataset", "--json")).stdout.splitlines()) == 27
    # The next try takes its place, good or not.
    explained(ingest(table, "--out", tmp_path / "dataset"), 3)


@pytest.mark.parametrize(("kept", "code"), [(3, "rows_rejected"), (0, "nothing_kept")])
def test_a_better_dataset_stays_until_the_worse_one_is_accepted(
    good: Path, tmp_path: Path, kept: int, code: str
) -> None:
    before = fingerprints(good)
    table = write_table(tmp_path / "table.jsonl", kept, 30 - kept, label=None)
    text = explained(ingest(table, "--out", good), 3)
    assert f"the new dataset is not written, since {good} holds a better one" in text
    assert f"`--accept {code}` replaces" in text
    assert fingerprints(good) == before
    run = succeeded(ingest(table, "--out", good, "--accept", code))
    assert "cannot be used" in run.stderr or "not one of 30 rows is kept" in run.stderr
    assert read_manifest(good).counts["table"].kept == kept


def test_a_column_of_ids_that_repeat_is_told_of(tmp_path: Path) -> None:
    table = write_table(tmp_path / "table.jsonl", 30, 0)
    text = explained(ingest(table, "--id-column", "label", "--out", tmp_path / "dataset"), 3)
    assert "several rows have one id: take another `--id-column`" in text


def test_labels_without_a_place_name_the_taxonomies_that_have_one(tmp_path: Path) -> None:
    raw = tmp_path / "ChatbotData.csv"
    raw.write_text(
        "Q,A,label\n" + "".join(f"배고파 {n}.,밥 드세요.,{n % 3}\n" for n in range(9)), encoding="utf-8"
    )
    options = ["--tagger", "whitespace", "--out", tmp_path / "dataset"]
    text = explained(etl("ingest", raw, *options), 3)
    assert "these have a place for them: polarity3; such as `--taxonomy polarity3`" in text
    succeeded(etl("ingest", raw, *options, "--taxonomy", "polarity3"))


def test_the_function_keeps_a_better_dataset_too_and_warns_in_the_manifest(
    good: Path, tmp_path: Path
) -> None:
    table = write_table(tmp_path / "table.jsonl", 3, 27, label="없는 말")
    options = {"text_column": "text", "label_column": "label", "tagger": "whitespace"}
    with pytest.raises(FindingsError, match="holds a better one"):
        library.ingest(table, good, workers=1, **options)
    with pytest.raises(SettingsError, match="`accept` names 'file_gone'"):
        library.ingest(table, good, workers=1, accept=["file_gone"], **options)
    dataset = library.ingest(table, tmp_path / "new", workers=1, **options)
    assert any("unknown_label (27)" in warning for warning in dataset.manifest.warnings)


def test_a_damaged_dataset_is_replaced(good: Path, tmp_path: Path) -> None:
    (good / "manifest.json").write_bytes(b"{}")
    table = write_table(tmp_path / "table.jsonl", 3, 27, label=None)
    assert "is written, but" in explained(ingest(table, "--out", good), 3)


def test_a_dry_run_ends_as_the_run_would_and_json_stays_one_document(tmp_path: Path) -> None:
    table = write_table(tmp_path / "table.jsonl", 3, 27, text=" ")
    for option in ("--dry-run", "--limit=20"):
        run = ingest(table, "--out", tmp_path / "dataset", "--json", option)
        assert "rows_rejected" in explained(run, 3)
        assert json.loads(run.stdout)["counts"]["table"]["kept"] == 3


def test_a_better_dataset_at_a_url_stays(tmp_path: Path) -> None:
    with serving() as server:
        table = write_table(tmp_path / "good.jsonl", 30, 0)
        succeeded(etl("ingest", table, *TABLE, "--out", "s3://bucket/dataset"))
        write_table(table, 3, 27, label=None)
        server.requests.clear()
        text = explained(etl("ingest", table, *TABLE, "--out", "s3://bucket/dataset"), 3)
        assert "s3://bucket/dataset holds a better one" in text
        assert server.asked("PUT /bucket/dataset/") == []
        succeeded(etl("ingest", table, *TABLE, "--out", "s3://bucket/dataset", "--accept", "rows_rejected"))


def test_a_guard_that_ingest_does_not_have_cannot_be_accepted(tmp_path: Path) -> None:
    table = write_table(tmp_path / "table.jsonl", 3, 0)
    text = explained(ingest(table, "--out", tmp_path / "dataset", "--accept", "rows_gone"), 2)
    assert "expected one of nothing_kept, rows_rejected" in text


REASONS = load_guards({})["rows_rejected"].reasons
ON_PURPOSE = sorted(set(row.reasons()) - set(REASONS))


@given(
    kept=st.integers(1, 100),
    unusable=st.dictionaries(st.sampled_from(REASONS), st.integers(1, 100)),
    on_purpose=st.dictionaries(st.sampled_from(ON_PURPOSE), st.integers(1, 1000)),
)
def test_only_what_cannot_be_used_counts(
    kept: int, unusable: dict[str, int], on_purpose: dict[str, int]
) -> None:
    rejected = {**unusable, **on_purpose}
    read = kept + sum(rejected.values())
    found = find_unusable({"a": SourceCounts(read, kept, rejected)}, load_guards({}))
    assert [each.code for each in found] == ["rows_rejected"] * (2 * sum(unusable.values()) > read)

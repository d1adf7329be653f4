"""Rows that wait for a label: how they are kept apart, and that nothing is learnt or measured with them."""

from pathlib import Path

import msgspec
import polars as pl
import pytest
from support.small_tables import kept_rows, write_lines

import etl
from etl.corrections import Decision, append_decision, text_hash
from etl.dataset.difference import compare
from etl.dataset.read import Dataset, open_dataset
from etl.errors import InputError
from etl.schema.splits import UNLABELLED
from etl.settings import Settings, Table, Tag
from etl.validation.run import validate

TABLES = (
    Table(path="labelled.jsonl", text_column="text", label_column="label", group_column="group"),
    Table(path="waiting.jsonl", text_column="text"),
)
MADE = {"by": "kim", "at": "2026-01-01T00:00:00Z"}
SETTINGS = Settings(tables=TABLES, tag=Tag(tagger="whitespace"))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """200 rows with a label; of 30 without one the first ten say what a labelled one says, or nearly."""
    folder = tmp_path_factory.mktemp("unlabelled")
    rows = kept_rows(0, 200)
    again = [{"text": row["text"] + (" 정말" if number % 2 else "")} for number, row in enumerate(rows[:10])]
    write_lines(folder / "labelled.jsonl", rows)
    write_lines(folder / "waiting.jsonl", [*again, *({"text": row["text"]} for row in kept_rows(900, 920))])
    return etl.ingest(folder, folder / "dataset", SETTINGS)


def test_a_table_without_a_label_column_waits_in_a_split_of_its_own(dataset: Dataset) -> None:
    rows = dataset.scan(UNLABELLED).collect()
    assert rows.height == dataset.manifest.splits[UNLABELLED].rows == 30
    assert rows["label"].null_count() == 30
    assert {*rows["split"]} == {UNLABELLED}
    assert [path.name for path in dataset.shards(UNLABELLED)] == ["unlabelled-00000-of-00001.parquet"]
    assert any("waiting.jsonl: no label column is named" in said for said in dataset.manifest.warnings)


def test_it_is_no_split_that_is_learnt_and_what_stands_in_it_leaks_to_none(dataset: Dataset) -> None:
    assert dataset.scan().collect().height == 200
    assert dataset.manifest.counts["table"].rejected == {}
    vocabulary = etl.build_vocab(dataset)
    learnt = dataset.scan("train").select(pl.col("tokens").explode()).collect()["tokens"]
    assert {*vocabulary.tokens[2:]} <= {*learnt}


def test_validate_counts_it_and_finds_its_contract_kept(dataset: Dataset) -> None:
    report = validate(dataset)
    found = {finding.code: finding for finding in report.findings}
    assert found["unlabelled"].number == 30
    assert not {"nulls", "row_counts", "accounting", "split_mismatch", "label_outside_taxonomy"} & {*found}


def test_a_dataset_of_nothing_else_is_whole_and_nothing_can_be_learnt_of_it(tmp_path: Path) -> None:
    table = write_lines(tmp_path / "waiting.jsonl", [{"text": row["text"]} for row in kept_rows(0, 20)])
    dataset = etl.ingest(table, tmp_path / "dataset", text_column="text", tagger="whitespace")
    found = {finding.code: finding.severity for finding in validate(dataset).findings}
    assert found["only_unlabelled"] == "warning"
    assert "error" not in found.values()
    with pytest.raises(InputError, match="no training rows"):
        etl.build_vocab(dataset)


def test_diff_shows_rows_that_got_a_label_as_relabelled_and_moved(tmp_path: Path) -> None:
    rows = kept_rows(0, 40)
    table = write_lines(tmp_path / "a.jsonl", rows)
    options = {"text_column": "text", "group_column": "group", "tagger": "whitespace"}
    before = etl.ingest(table, tmp_path / "before", **options)
    after = etl.ingest(table, tmp_path / "after", label_column="label", **options)
    difference = compare(before, after)
    assert difference.relabelled == 40
    assert sum(difference.moved.values()) == 40
    assert {start for start, _ in difference.moved} == {UNLABELLED}
    assert (difference.earlier_rows[UNLABELLED], difference.rows[UNLABELLED]) == (40, 0)


def test_a_name_of_a_label_column_that_is_not_there_is_no_table_without_labels(tmp_path: Path) -> None:
    table = write_lines(tmp_path / "a.jsonl", kept_rows(0, 5))
    with pytest.raises(InputError, match="has no column 'labell'"):
        etl.ingest(table, tmp_path / "dataset", text_column="text", label_column="labell")


def test_a_dataset_with_labels_only_says_nothing_of_the_split(tmp_path: Path) -> None:
    table = write_lines(tmp_path / "a.jsonl", kept_rows(0, 20))
    etl.ingest(table, tmp_path / "dataset", text_column="text", label_column="label", tagger="whitespace")
    dataset = open_dataset(tmp_path / "dataset")
    assert UNLABELLED not in dataset.manifest.splits
    assert dataset.shards(UNLABELLED) == []


def test_a_decision_gives_a_row_its_label_and_its_split(tmp_path: Path) -> None:
    table = write_lines(tmp_path / "a.jsonl", [{"text": row["text"]} for row in kept_rows(0, 40)])
    corrections = tmp_path / "corrections.jsonl"
    before = etl.ingest(table, tmp_path / "before", text_column="text", tagger="whitespace")
    rows = before.scan(UNLABELLED).select("id", "text").collect().head(20)
    for row_id, text in rows.iter_rows():
        decision = {"id": row_id, "text_hash": text_hash(text), "decision": "relabel", "label": "기쁨"}
        append_decision(corrections, msgspec.convert(decision | MADE, Decision))
    after = etl.ingest(
        table, tmp_path / "after", text_column="text", tagger="whitespace", corrections=[str(corrections)]
    )
    labelled = after.scan().collect()
    assert {*labelled["id"]} == {*rows["id"]}
    assert {*labelled["label"]} == {"기쁨"}
    assert after.manifest.splits[UNLABELLED].rows == 20
    found = {finding.code for finding in validate(after).findings}
    assert not {"nulls", "row_counts", "split_mismatch", "label_outside_taxonomy"} & found

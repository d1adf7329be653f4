"""Many unknown labels: ingest ends with them, and with a taxonomy to fill in."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from support.reading import kote
from support.small_tables import ingest, kept_rows, write_lines

from etl.schema import taxonomy
from etl.schema.label_cells import normalise_label
from etl.schema.resolver import make_resolver
from etl.schema.taxonomy_form import write_form

LABELS = st.text(min_size=1, max_size=20).map(normalise_label).filter(bool)


def rows(*counts: tuple[str, int]) -> list[dict[str, object]]:
    """Rows that differ, so many of each label."""
    made, start = [], 0
    for label, count in counts:
        made += kept_rows(start, start + count, label)
        start += count
    return made


@pytest.mark.parametrize(("unknown", "is_reported"), [(2, False), (3, True)])
def test_more_than_a_tenth_is_reported(unknown: int, is_reported: bool, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", rows(("기쁨", 20 - unknown), ("몰라요", unknown)))
    manifest = ingest(path, out=tmp_path / "out")
    assert bool(manifest.unknown_labels) == is_reported
    assert manifest.warnings == (
        ("table: 3 of 20 rows have an unknown label: '몰라요' 3",) if is_reported else ()
    )


def test_the_most_frequent_labels_are_listed_one_by_one_and_the_rest_is_counted(tmp_path: Path) -> None:
    counts = [(f"라벨{number:02}", 1 + number % 3) for number in range(25)]
    path = write_lines(tmp_path / "a.jsonl", rows(*counts, ("['라벨00', '기쁨', '라벨02']", 4)))
    (unknown,) = ingest(path, out=tmp_path / "out").unknown_labels
    assert list(unknown.labels.items())[:3] == [("라벨02", 7), ("라벨00", 5), ("라벨05", 3)]
    assert (len(unknown.labels), unknown.more) == (20, 5)
    assert (unknown.rows, unknown.read) == (4 + sum(count for _, count in counts),) * 2


def test_a_label_that_one_table_maps_is_unknown_in_the_other_only(tmp_path: Path) -> None:
    write_lines(tmp_path / "raw" / "a.jsonl", rows(("1", 4)))
    write_lines(tmp_path / "raw" / "b.jsonl", rows(("0", 4), ("1", 2)))
    columns = {"text_column": "text", "label_column": "label"}
    tables = [columns | {"path": "a.jsonl", "labels": {"1": "기쁨"}}, columns | {"path": "b.jsonl"}]
    (unknown,) = ingest(tmp_path / "raw", out=tmp_path / "out", tables=tables).unknown_labels
    assert unknown.labels == {"0": 4, "1": 2}


def test_a_known_corpus_with_labels_that_it_does_not_have_is_reported_as_well(tmp_path: Path) -> None:
    raw = tmp_path / "train.tsv"
    raw.write_bytes(
        kote("첫 번째 댓글이다", "두 번째 댓글이다").replace(b"22,24\n", b"2,22,24,3,4,5,6,7,8,9,77\n")
    )
    manifest = ingest(raw, out=tmp_path / "out", table__text_column=None, table__label_column=None)
    assert [(each.source, each.labels) for each in manifest.unknown_labels] == [("kote", {"77": 2})]


@given(st.dictionaries(LABELS, st.integers(1, 9), max_size=5), st.data())
def test_the_form_is_a_taxonomy_that_takes_what_is_filled_in(
    unknown: dict[str, int], data: st.DataObject
) -> None:
    form = write_form(taxonomy.load("ko7"), unknown)
    assert list(yaml.safe_load(form)["maps"]["table"] or {}) == list(unknown)
    target = data.draw(st.sampled_from(taxonomy.load("ko7").targets))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "labels.yaml")
        path.write_text(form, encoding="utf-8")
        assert [make_resolver(taxonomy.load(str(path)), "table")(raw).reason for raw in unknown] == [
            *["label_not_in_taxonomy"] * len(unknown)
        ]
        path.write_text(form.replace("{to: null}", target), encoding="utf-8")
        assert {make_resolver(taxonomy.load(str(path)), "table")(raw).label for raw in unknown} <= {target}


def test_the_form_keeps_what_the_taxonomy_maps_already_and_leaves_sentences_out(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\ntargets: ['no', 나쁨]\nmaps: {table: {1: 'no', '-': null}}\n", encoding="utf-8"
    )
    form = write_form(taxonomy.load(str(path)), {"2": 1, "문장이다 " * 50: 2})
    assert yaml.safe_load(form)["targets"] == ["no", "나쁨"]
    assert yaml.safe_load(form)["maps"]["table"] == {"1": "no", "-": None, "2": {"to": None}}

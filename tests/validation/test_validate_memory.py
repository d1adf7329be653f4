"""The checks that compare all rows with each other hold a part of them at a time, and find the same."""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from support.small_datasets import TARGETS, Row, clean_rows, make_row, write_dataset
from support.views import view_of

from etl.errors import SettingsError
from etl.text.normalise import normalised_key
from etl.validation import evidence
from etl.validation.checks import conflicts, leakage, repeats, source_overlap
from etl.validation.partitions import count_partitions
from etl.validation.run import validate
from etl.validation.sentences import Sentences, read_sentences

CHECKS = (leakage, repeats, source_overlap, conflicts)
SENTENCES = (
    "오늘은 하늘이 아주 맑고 높았다",
    "오늘은, 하늘이 아주 맑고 높았다!",
    "오늘은 하늘이 아주 맑고 높았지",
    "어제 본 영화는 정말 재미없었다",
    "네.",
    "",
)
# Bytes that make one partition of hundreds of rows, a few, or more than there are rows.
LIMITS = (10**9, 200_000, 4_000)


@st.composite
def datasets(draw: st.DrawFn) -> list[Row]:
    """Rows of which many share a text, tokens or a group."""
    parts = st.tuples(
        st.sampled_from(SENTENCES),
        st.integers(0, 3),
        st.integers(0, 4),
        st.sampled_from(TARGETS[:3]),
        st.sampled_from(("train", "validation", "test")),
        st.sampled_from(("blog", "chat")),
    )
    drawn = draw(st.lists(parts, min_size=1, max_size=40))
    return [
        make_row(
            number,
            raw_text=text,
            text=text.strip("!"),
            tokens=["단어", "적다"][: tokens % 3],
            group=f"g{group}" if group else "",
            label=label,
            split=split,
            source=source,
        )
        for number, (text, tokens, group, label, split, source) in enumerate(drawn)
    ]


def read(path: Path, memory: int, **dedupe: float) -> Sentences:
    view = view_of(path, **dedupe)
    return read_sentences(view.dataset, view.manifest.settings.dedupe, memory=memory)


def meeting_ids(rows: list[Row]) -> set[str]:
    """The ids of rows that share a text, or a group between train and evaluation, by brute force."""
    normalised = (
        pl.Series([row["text"] for row in rows]).to_frame("text").select(normalised_key(pl.col("text")))
    )
    found: set[str] = set()
    keys: list[list[Hashable]] = [
        [row["raw_text"] for row in rows],
        normalised.to_series().to_list(),
        [tuple(row["tokens"]) or None for row in rows],
    ]
    for key in keys:
        often = Counter(key)
        found |= {
            row["id"] for row, value in zip(rows, key, strict=True) if value is not None and often[value] > 1
        }
    sides = defaultdict(set)
    for row in rows:
        sides[row["source"], row["group"]].add(row["split"] == "train")
    return found | {
        row["id"] for row in rows if row["group"] and len(sides[row["source"], row["group"]]) == 2
    }


@settings(max_examples=15, deadline=None)
@given(datasets())
def test_the_rows_that_meet_are_those_of_a_comparison_of_all_with_all(rows: list[Row]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write_dataset(Path(folder) / "dataset", rows, shard_rows=7)
        for memory in LIMITS:
            found = read(path, memory, near=0)
            assert {*found.rows["id"]} == meeting_ids(rows)
            assert found.count("train", "validation", "test") == len(rows)


@settings(max_examples=8, deadline=None)
@given(datasets())
def test_the_limit_of_memory_changes_nothing(rows: list[Row]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write_dataset(Path(folder) / "dataset", rows, shard_rows=7)
        first, *others = [read(path, memory, near=0.7) for memory in LIMITS]
        measured = [measure_all(path, sentences) for sentences in (first, *others)]
        for other, found in zip(others, measured[1:], strict=True):
            assert_frame_equal(other.rows, first.rows)
            assert_frame_equal(other.near, first.near)
            assert_frame_equal(other.counts, first.counts)
            assert found == measured[0]


def measure_all(path: Path, sentences: Sentences) -> list[Any]:
    view = replace(view_of(path, near=0.7), wait_for_sentences=lambda: sentences)
    return [check.measure(view) for check in CHECKS]


def test_rows_that_meet_nobody_are_counted_and_not_held(write: Callable[..., Path]) -> None:
    found = read(write(clean_rows()), 10**9)
    assert found.rows.is_empty()
    assert [found.count(split) for split in ("train", "validation", "test")] == [80, 20, 20]
    assert found.count("train", labelled=True) == 80


def test_less_memory_means_more_partitions() -> None:
    counts = [count_partitions(10_000_000, gigabytes * 10**9) for gigabytes in (16, 4, 1)]
    assert counts == sorted({*counts})
    assert count_partitions(0, 1) == 1


def test_a_limit_of_memory_is_read_like_that_of_ingest(write: Callable[..., Path], tmp_path: Path) -> None:
    path = write(clean_rows())
    codes = [
        [found.code for found in validate(path, out=tmp_path, memory=memory).findings]
        for memory in (None, "300MB")
    ]
    assert codes[0] == codes[1]
    with pytest.raises(SettingsError, match="is no size"):
        validate(path, out=tmp_path, memory="much")


def test_what_earlier_runs_found_changes_nothing(write: Callable[..., Path], tmp_path: Path) -> None:
    alike = [make_row(200 + n, raw_text=text, text=text, split="test") for n, text in enumerate(SENTENCES)]
    first, second = write([*clean_rows(), *alike]), write([*clean_rows(train=90), *alike[::-2]])
    for path in (first, second, first):
        view = view_of(path, near=0.6)
        dedupe = view.manifest.settings.dedupe
        kept = read_sentences(view.dataset, dedupe, tmp_path / "found", memory=10**9)
        assert_frame_equal(kept.near, read_sentences(view.dataset, dedupe, memory=10**9).near)
    assert kept.near.height > 0


def test_evidence_keeps_its_order_however_few_rows_are_read_at_once(
    write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = clean_rows()
    for number, row in enumerate(rows):
        row |= {"text": SENTENCES[number % 3], "raw_text": SENTENCES[number % 3]}
    path = write(rows, shard_rows=9)
    codes = ["repeats", "leak_exact", "conflict_exact"]
    whole = evidence.collect(path, codes)
    monkeypatch.setattr(evidence, "_BATCH_ROWS", 4)
    pieces = evidence.collect(path, codes)
    assert {*whole} == {*codes}
    for code in codes:
        assert_frame_equal(pieces[code], whole[code])

"""Every row that is read is kept or rejected, and the manifest says so."""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.small_tables import LABELS, ingest, make_rows, write_lines

from etl.dataset.manifest import Manifest, to_bytes
from etl.dataset.read import Dataset, open_dataset
from etl.schema import row
from etl.settings import Split

pytestmark = pytest.mark.slow

# Any text but surrogates, which UTF-8 cannot hold; and texts that occur again and again.
TEXTS = (
    st.sampled_from(
        ["", " ", "\u3164", "네.", "왜?", "오늘은 정말 좋은 날이다", "오늘은 정말 좋은 날이다!", "ㅋ" * 9]
    )
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.integers(0, 10)
    | st.none()
)
ROWS = st.fixed_dictionaries(
    {},
    optional={
        "text": TEXTS,
        "label": st.sampled_from([*LABELS, " 기쁨 ", "행복", "", None, 1]),
        "group": st.sampled_from(["a", "b", "", None]) | st.text("cdefg", max_size=2),
        "split": st.sampled_from(["train", "dev", "TEST", "half", None]),
        "other": st.booleans(),
    },
)
BAD_LINES = st.sampled_from(
    [
        '{"text": "잘린',
        "[]",
        "null",
        '{"text": ["오늘"], "label": "기쁨"}',
        '{"text": {"a": 1}, "label": "기쁨"}',
        '{"text": "\\ud800", "label": "기쁨"}',
        "오늘,기쁨",
    ]
)
TABLES = st.lists(st.lists(ROWS | BAD_LINES, max_size=25), min_size=1, max_size=3)


@contextmanager
def ingested(tables: list[list[Any]], **overrides: Any) -> Iterator[tuple[Manifest, Dataset]]:
    with tempfile.TemporaryDirectory() as folder:
        raw, out = Path(folder, "raw"), Path(folder, "out")
        for number, lines in enumerate(tables):
            # A line of its own, so that two empty tables are not the same file.
            write_lines(
                raw / f"{number}.jsonl",
                [{"table": number, "text": None, "label": None, "group": None, "split": None}, *lines],
            )
        manifest = ingest(raw, out=out, **overrides)
        yield manifest, open_dataset(out)


@settings(max_examples=14)
@given(TABLES, st.sampled_from(["official", "grouped"]), st.sampled_from([1, 2]))
def test_every_row_that_is_read_is_kept_or_rejected(tables: list[list[Any]], mode: str, workers: int) -> None:
    with ingested(tables, table__split_column="split", split__mode=mode, workers=workers) as (
        manifest,
        dataset,
    ):
        kept, rejected = dataset.scan().collect(), dataset.scan_rejects().collect()
    places = {
        (f"{number}.jsonl", line) for number, lines in enumerate(tables) for line in range(1, len(lines) + 2)
    }
    found = [*kept.select("file", "position").rows(), *rejected.select("file", "position").rows()]
    assert len(found) == len(places)
    assert set(found) == places
    counts = manifest.counts["table"]
    assert counts.read == len(places) == counts.kept + sum(counts.rejected.values())
    assert counts.kept == kept.height
    assert counts.rejected == dict(rejected.group_by("reason").len().sort("reason").iter_rows())
    assert {entry.file: entry.rows for entry in manifest.inputs} == {
        f"{number}.jsonl": len(lines) + 1 for number, lines in enumerate(tables)
    }


@settings(max_examples=10)
@given(TABLES)
def test_what_is_kept_is_sound_and_what_is_rejected_says_why(tables: list[list[Any]]) -> None:
    with ingested(tables, table__split_column="split", split__mode="grouped") as (manifest, dataset):
        kept, rejected = dataset.scan().collect(), dataset.scan_rejects().collect()
    assert kept["id"].is_unique().all()
    assert kept["label"].is_in(LABELS).all()
    assert not kept["text"].str.contains(r"^\s*$").any()
    assert (kept.group_by("group").agg(pl.col("split").n_unique())["split"] == 1).all()
    assert rejected["reason"].is_in(list(row.reasons())).all()
    evaluated = kept.filter(pl.col("split") != "train", pl.col("text").str.len_chars() >= 10)
    assert not kept.filter(split="train")["text"].is_in(evaluated["text"].implode()).any()
    for split, facts in manifest.splits.items():
        part = kept.filter(split=split)
        assert facts.rows == part.height
        assert facts.labels == {label: part.filter(label=label).height for label in LABELS}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    folder = tmp_path_factory.mktemp("account")
    raw = folder / "raw"
    write_lines(raw / "one.jsonl", make_rows(200))
    write_lines(raw / "deep" / "two.jsonl", make_rows(50, seed=2))
    (raw / "deep" / "notes.pdf").write_bytes(b"%PDF")
    return folder, ingest(raw, out=folder / "dataset")


def test_the_manifest_on_disk_is_the_one_that_is_returned(account: tuple[Path, Manifest]) -> None:
    folder, manifest = account
    assert (folder / "dataset" / "manifest.json").read_bytes() == to_bytes(manifest)


def test_the_manifest_lists_every_file_with_its_sha256(account: tuple[Path, Manifest]) -> None:
    folder, manifest = account
    dataset = folder / "dataset"
    files = {path.relative_to(dataset).as_posix() for path in dataset.rglob("*") if path.is_file()}
    assert set(manifest.files) == files - {"manifest.json"}
    for name, facts in manifest.files.items():
        content = (dataset / name).read_bytes()
        assert facts.sha256 == hashlib.sha256(content).hexdigest()
        assert facts.bytes == len(content)
        if name.endswith(".parquet"):
            assert facts.rows == pl.read_parquet(dataset / name).height


def test_the_manifest_lists_every_input_with_its_sha256(account: tuple[Path, Manifest]) -> None:
    folder, manifest = account
    assert [entry.file for entry in manifest.inputs] == ["deep/two.jsonl", "one.jsonl"]
    for entry in manifest.inputs:
        content = (folder / "raw" / entry.file).read_bytes()
        assert (entry.sha256, entry.bytes) == (hashlib.sha256(content).hexdigest(), len(content))
        assert (entry.source, entry.encoding) == ("table", "utf-8")
    assert manifest.ignored == {".pdf": 1}


def test_the_manifest_says_what_decided_the_content(account: tuple[Path, Manifest]) -> None:
    _, manifest = account
    assert manifest.format == 3
    assert manifest.settings.tag.tagger == "whitespace"
    assert manifest.settings.split == Split("official", validation=0.1, test=0.1, seed=42)
    assert list(manifest.taxonomy.targets) == LABELS
    assert manifest.tagger.name == "whitespace"
    assert manifest.key_tokens.sha256


def test_nothing_written_holds_a_date_or_a_path_of_this_machine(account: tuple[Path, Manifest]) -> None:
    folder, _ = account
    names = [str(folder), folder.name, str(Path.home()), str(Path(__file__).parents[2])]
    for path in (folder / "dataset").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [name for name in names if name.encode() in content and len(name) > 5], path.name
    text = (folder / "dataset" / "manifest.json").read_text(encoding="utf-8")
    assert not [key for key in ("time", "date", "created", "host", "user") if f'"{key}' in text]


def test_labels_have_their_class_ids(account: tuple[Path, Manifest]) -> None:
    folder, _ = account
    labels = json.loads((folder / "dataset" / "labels.json").read_text(encoding="utf-8"))
    assert labels["ids"] == {label: index for index, label in enumerate(LABELS)}


def test_no_temporary_file_is_left(account: tuple[Path, Manifest]) -> None:
    folder, _ = account
    assert sorted(path.name for path in folder.iterdir()) == ["dataset", "raw"]
    assert sorted(path.name for path in (folder / "dataset").iterdir()) == [
        "README.ko.md",
        "README.md",
        "croissant.json",
        "data",
        "dataset.odcs.yaml",
        "labels.json",
        "manifest.json",
        "preparation.json",
        "rejects",
    ]


def test_a_limit_holds_for_each_corpus(account: tuple[Path, Manifest], tmp_path: Path) -> None:
    folder, _ = account
    manifest = ingest(folder / "raw", out=tmp_path / "d", read__limit=7)
    counts = manifest.counts["table"]
    assert counts.read == 7 == counts.kept + sum(counts.rejected.values())

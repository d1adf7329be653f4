"""A raw file that changed is noticed, by its state or by its bytes; one that did not change is not."""

import os
import time
from pathlib import Path

import pytest

from etl.errors import InputError
from etl.ingestion.sources.snapshot import take_snapshot

LONG_AGO = 1_600_000_000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that nobody has written for years."""
    path = tmp_path / "rows.jsonl"
    path.write_text("old", encoding="utf-8")
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def test_a_file_that_nobody_touched_is_unchanged(file: Path) -> None:
    snapshot = take_snapshot([file.parent])
    assert snapshot.is_unchanged("rows.jsonl")
    snapshot.check_unchanged(["rows.jsonl"])


def test_a_file_with_a_new_time_and_the_same_bytes_is_hashed_again_and_unchanged(file: Path) -> None:
    snapshot = take_snapshot([file.parent])
    os.utime(file, (LONG_AGO + 1, LONG_AGO + 1))
    assert not snapshot.is_unchanged("rows.jsonl")
    snapshot.check_unchanged(["rows.jsonl"])


def test_other_bytes_of_the_same_size_and_time_are_noticed(file: Path) -> None:
    snapshot = take_snapshot([file.parent])
    time.sleep(0.02)  # longer than a tick of the clock that the file system uses
    file.write_text("new", encoding="utf-8")
    os.utime(file, (LONG_AGO, LONG_AGO))
    with pytest.raises(InputError, match=r"rows\.jsonl changed while it was read"):
        snapshot.check_unchanged(["rows.jsonl"])


def test_a_file_that_was_written_a_moment_ago_is_compared_by_its_bytes(file: Path) -> None:
    file.write_text("now", encoding="utf-8")
    snapshot = take_snapshot([file.parent])
    assert not snapshot.is_unchanged("rows.jsonl")
    snapshot.check_unchanged(["rows.jsonl"])
    file.write_text("new", encoding="utf-8")
    with pytest.raises(InputError, match=r"rows\.jsonl changed while it was read"):
        snapshot.check_unchanged(["rows.jsonl"])


def test_a_file_that_is_gone_is_no_longer_the_same(file: Path) -> None:
    snapshot = take_snapshot([file.parent])
    file.unlink()
    with pytest.raises(InputError, match="no such file"):
        snapshot.check_unchanged(["rows.jsonl"])


def test_a_split_archive_is_unchanged_if_all_its_parts_are(file: Path) -> None:
    parts = [file.with_name(f"corpus.zip.part{number}") for number in range(2)]
    for part in parts:
        part.write_bytes(b"part")
        os.utime(part, (LONG_AGO, LONG_AGO))
    snapshot = take_snapshot([file.parent])
    assert snapshot.is_unchanged("corpus.zip")
    os.utime(parts[1], (LONG_AGO + 1, LONG_AGO + 1))
    assert not snapshot.is_unchanged("corpus.zip")

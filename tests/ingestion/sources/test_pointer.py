"""Pointers to files that were not fetched are named as such, wherever a file is read."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from support.reading import read_all

from etl.documents.read import read_document
from etl.errors import InputError
from etl.ingestion.tables.reader import open_file_as_tables, raw_file_at

GIT_LFS = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 48101\n"
GIT_ANNEX = "/annex/objects/SHA256E-s48101--abcd.csv\n"
TABLE = {"text_column": "text", "label_column": "label"}


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.xlsx", "a.parquet", "a.zip", "a.tar.gz", "a.txt"])
def test_ingest_names_a_pointer_of_git_lfs_whatever_it_is_called(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(GIT_LFS)
    with pytest.raises(InputError, match="is a pointer of Git LFS, not the file itself") as refused:
        read_all(tmp_path, table=TABLE)
    assert "the file has 48,101 bytes" in str(refused.value)
    assert "git lfs pull" in refused.value.next_step


def test_a_pointer_in_an_archive_is_skipped_where_bad_files_are(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", GIT_LFS)
        archive.writestr("b.csv", "text,label\n비가 온다,슬픔\n")
    rows, log = read_all(tmp_path, table=TABLE, read={"on_bad_file": "skip"})
    assert [row["raw_text"] for row in rows] == ["비가 온다"]
    assert [(entry["member"], "Git LFS" in entry["error"]) for entry in log.skipped] == [("a.csv", True)]


def test_a_pointer_of_git_annex_says_how_it_is_fetched(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(GIT_ANNEX)
    with pytest.raises(InputError, match="is a pointer of git-annex") as refused:
        read_all(tmp_path, table=TABLE)
    assert "git annex get" in refused.value.next_step


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_outside_ingest_a_pointer_is_named_too(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(GIT_LFS)
    with (
        pytest.raises(InputError, match="pointer of Git LFS"),
        open_file_as_tables(raw_file_at(tmp_path / name, name), next_step="no"),
    ):
        raise AssertionError("it was opened")
    with pytest.raises(InputError, match="pointer of Git LFS"):
        list(read_document(tmp_path / name, name))

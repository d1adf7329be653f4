"""Mails, chats, posts and formal documents as rows that wait for a label: `etl ingest --documents`."""

from pathlib import Path
from zipfile import ZipFile

import pytest

import etl
from etl.dataset.read import Dataset
from etl.documents import read as documents
from etl.documents.formats import FORMATS
from etl.errors import InputError
from etl.ingestion.sources.archive import DOCUMENTS, READABLE
from etl.schema.splits import UNLABELLED

CHAT = """2024. 5. 3. 오후 2:10, 지민 : 오늘 시험 끝나서 너무 신난다
2024. 5. 3. 오후 2:11, 하늘 : 나는 망쳐서 울고 싶어
2024. 5. 3. 오후 2:12, 지민 : 괜찮아 다음에 잘하면 돼
"""
MAIL = """From: kim@example.com
To: lee@example.com
Subject: 배송
Date: Fri, 3 May 2024 14:10:00 +0900
Content-Type: text/plain; charset=utf-8

배송이 또 늦어져서 화가 납니다.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "talk.txt").write_text(CHAT, encoding="utf-8")
    (raw / "picture.png").write_bytes(b"\x89PNG")
    with ZipFile(raw / "mails.zip", "w") as archive:
        archive.writestr("in/a.eml", MAIL)
    return raw


def read(folder: Path, out: Path) -> Dataset:
    return etl.ingest(folder, out, documents="line", tagger="whitespace")


def test_their_lines_are_rows_without_a_label_and_every_file_is_accounted_for(
    folder: Path, tmp_path: Path
) -> None:
    dataset = read(folder, tmp_path / "dataset")
    rows = dataset.scan(UNLABELLED).collect()
    assert rows.select("file", "member", "position", "domain", "text").rows() == [
        ("mails.zip", "in/a.eml", 1, "mail", "배송이 또 늦어져서 화가 납니다."),
        ("talk.txt", "", 1, "dialogue", "오늘 시험 끝나서 너무 신난다"),
        ("talk.txt", "", 2, "dialogue", "나는 망쳐서 울고 싶어"),
        ("talk.txt", "", 3, "dialogue", "괜찮아 다음에 잘하면 돼"),
    ]
    assert rows["label"].null_count() == rows.height
    assert rows["group"].n_unique() == 2
    assert [each.rows for each in dataset.manifest.inputs] == [1, 3]
    assert dataset.manifest.ignored == {".png": 1}


def test_nobody_who_wrote_them_is_named_in_a_row(folder: Path, tmp_path: Path) -> None:
    rows = read(folder, tmp_path / "dataset").scan(UNLABELLED).collect()
    assert "지민" not in str(rows.to_dicts())
    assert "kim@example.com" not in str(rows.to_dicts())


def test_groups_stay_when_a_file_is_renamed_and_a_chat_goes_on(folder: Path, tmp_path: Path) -> None:
    before = {*read(folder, tmp_path / "before").scan(UNLABELLED).collect()["group"]}
    (folder / "talk.txt").write_text(CHAT + "2024. 5. 4. 오후 2:12, 지민 : 좋은 아침이야\n", encoding="utf-8")
    (folder / "talk.txt").rename(folder / "another.txt")
    assert {*read(folder, tmp_path / "after").scan(UNLABELLED).collect()["group"]} == before


def test_without_being_asked_for_documents_are_no_input(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="known corpus"):
        etl.ingest(folder, tmp_path / "dataset", tagger="whitespace")


def test_a_damaged_document_stops_the_run_or_is_listed(folder: Path, tmp_path: Path) -> None:
    (folder / "letter.docx").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(InputError, match=r"letter\.docx"):
        read(folder, tmp_path / "dataset")
    dataset = etl.ingest(
        folder, tmp_path / "dataset", documents="line", on_bad_file="skip", tagger="whitespace"
    )
    assert [each.file for each in dataset.manifest.skipped] == ["letter.docx"]
    assert dataset.manifest.splits[UNLABELLED].rows == 4


def test_every_ending_of_a_document_that_is_read_is_looked_into() -> None:
    promised = {suffix for each in FORMATS for suffix in each.suffixes}
    assert promised <= DOCUMENTS | READABLE | {".gz"}


def test_a_file_that_is_too_large_for_a_document_is_an_error(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MAX_BYTES", 100)
    with pytest.raises(InputError, match="too large"):
        read(folder, tmp_path / "dataset")

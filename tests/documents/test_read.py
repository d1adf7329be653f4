"""The form of a file is recognised by its content, and a form that is not read is named truly."""

from __future__ import annotations

import logging
import zipfile
from pathlib import Path

import pytest
from support.document_files import write_docx, write_pdf

from etl.documents.passage import Passage
from etl.documents.read import read_document
from etl.errors import InputError

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SCRIPT = """// counts
const words = ["기쁨", "슬픔"];
function count(text) {
  return text.length;
}
"""
LOG = """21:04 민지> 오늘 정말 힘들었어
21:05 하람> 무슨 일 있었어?
21:06 민지> 시험을 망쳤어
"""


def read(path: Path) -> list[Passage]:
    return list(read_document(path, path.name))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.pdf", "그냥 글입니다.".encode(), "expected a PDF, got text"),
        ("a.jsonl", "그냥 글입니다.".encode(), "expected JSON, got text"),
        ("a.mbox", "그냥 글입니다.".encode(), "expected a mailbox, got text"),
        ("a.hwp", "그냥 글입니다.".encode(), "expected a document of Hangul"),
        ("a.txt", b"PK\x03\x04" + bytes(40), "is a damaged zip archive, which is not read"),
        ("a.txt", b"\x89PNG\r\n\x1a\n", "is a picture (PNG), which is not read"),
        ("a.txt", b"\xff\xd8\xff\xe0", "is a picture (JPEG), which is not read"),
        ("a.txt", b"7z\xbc\xaf\x27\x1c\0\4", "is a 7z archive"),
        ("a.csv", b"SQLite format 3\0" + bytes(90), "is a database (SQLite)"),
        ("a.doc", OLE + "WordDocument".encode("utf-16-le"), "a.doc is a document of an old Word"),
        ("a.docx", OLE + "EncryptedPackage".encode("utf-16-le"), "a.docx is an encrypted document"),
        ("a.pdf", b"\x00\x8d\x9f" * 9, "expected a PDF, got bytes of no known form"),
        ("a.txt", b"abc\x00def", "is not text"),
        ("a.txt", b"\x80\x81\xff\xff\xfe", "the encoding of a.txt is not known"),
        ("a.xml", b"<?xml version='1.0'?><a/>", "is a page of XML"),
        ("a.js", SCRIPT.encode(), "looks like program code"),
        ("a.txt", SCRIPT.encode(), "looks like program code"),
        ("a.txt", LOG.encode(), "looks like a chat or a log"),
        ("a.txt", b"", "is empty"),
        ("a.txt", b" \n\t\n", "is empty"),
        ("a.md", b"---\n---\n", "is empty"),
        ("a.csv", b"", "is empty"),
        ("a.jsonl", b"", "is empty"),
        ("a.eml", b"", "a.eml"),
        ("a.mbox", b"", "a.mbox"),
        ("a.docx", b"", "a.docx"),
        ("a.pdf", b"", "a.pdf"),
        ("settings.json", b'{"width": 3}', "does not say which column holds the posts"),
    ],
)
def test_a_form_that_is_not_read_is_named_and_never_taken_for_prose(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as refused:
        read(path)
    assert said in str(refused.value)
    assert "\n  Next: " in str(refused.value)


def test_a_file_is_read_by_what_it_is_whatever_its_name_says(tmp_path: Path) -> None:
    write_pdf(tmp_path / "letter.txt", [["저는 늘 설렙니다."]])
    assert [each.text for each in read(tmp_path / "letter.txt")] == ["저는 늘 설렙니다."]
    content = (tmp_path / "letter.txt").read_bytes().replace(b"%PDF-1.7", b"%PDF-1.7\n%\x80\xff")
    (tmp_path / "letter.bin").write_bytes(b"HTTP/1.1 200 OK\r\n\r\n" + content)
    assert [each.text for each in read(tmp_path / "letter.bin")] == ["저는 늘 설렙니다."]
    write_docx(tmp_path / "letter.doc")
    assert "자기소개서" in [each.text for each in read(tmp_path / "letter.doc")]
    page = tmp_path / "page.doc"
    page.write_bytes(
        "<html><head><style>p {color: red}</style></head><body><p>무척 <b>기쁩</b>니다.</p>"
        "<script>let a = 1;</script></body></html>".encode("cp949")
    )
    assert [each.text for each in read(page)] == ["무척 기쁩니다."]


def test_an_archive_of_anything_is_named_as_one(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("photo.jpg", b"\xff\xd8\xff\xe0")
    with pytest.raises(InputError, match=r"all\.zip is a zip archive, which is not read"):
        read(tmp_path / "all.zip")


def test_prose_with_a_few_times_of_day_and_marks_of_code_is_read(tmp_path: Path) -> None:
    path = tmp_path / "diary.txt"
    path.write_text(
        "07:30 늦잠을 잤다 ㅠㅠ;;\n버스를 놓쳤다 {속상};\n12:10 점심은 맛있었다\n집에 오니 행복하다;;\n",
        encoding="utf-8",
    )
    assert len(read(path)) == 4


def test_a_table_of_which_most_rows_are_bad_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_text('{"text": "좋다"}\n{"text": [3]}\nfoo\n', encoding="utf-8")
    with caplog.at_level(logging.WARNING, "etl"):
        assert [each.reason for each in read(path)] == [None, "bad_row", "bad_row"]
    assert "of 3 rows in posts.jsonl 2 cannot be read" in caplog.text


def test_a_folder_and_a_file_that_is_not_there_are_told(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.txt"):
        with pytest.raises(InputError, match="cannot be read"):
            read(path)

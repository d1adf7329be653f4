"""Whatever bytes stand in a document, it is read or explained; nothing fails, and nothing takes long."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.document_files import write_docx, write_odt

from etl.documents.passage import Passage
from etl.documents.read import read_document
from etl.errors import InputError

RTF = (
    rb"{\rtf1\ansi\ansicpg949{\fonttbl{\f0\fcharset129 Batang;}}\f0 \'c7\'e0\'ba\'b9{\footnote \u44032?}\par}"
)
PAGE = "<html><body><p>무척 <b>기쁩니다</b>.</p><table><tr><td>가<td>나</table></body></html>".encode()
TWEETS = (
    b'window.YTD.tweets.part0 = [{"tweet": {"full_text": "\xea\xb8\xb0\xec\x81\xa8", "created_at": "x"}}]'
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "media", "comments", "text", "author", "tweet", "items"]), inner
        )
    ),
    max_leaves=10,
)


def read_or_explain(path: Path) -> list[Passage]:
    try:
        return list(read_document(path, path.name))
    except InputError as error:
        assert "Next: " in str(error)
        return []


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("documents")
    odt = "<text:p>무척<text:note><text:note-body><text:p>각주</text:p></text:note-body></text:note></text:p>"
    return {
        "a.docx": write_docx(folder / "a.docx").read_bytes(),
        "a.odt": write_odt(folder / "a.odt", odt).read_bytes(),
        "a.rtf": RTF,
        "a.html": PAGE,
        "tweets.js": TWEETS,
    }


@given(st.data())
def test_a_damaged_document_is_read_or_explained(
    tmp_path: Path, documents: dict[str, bytes], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from([*documents]))
    content = bytearray(documents[name])
    for _ in range(data.draw(st.integers(0, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / name
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    read_or_explain(path)


@given(json_values)
def test_any_json_is_an_export_or_explained(tmp_path: Path, value: object) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8", errors="replace")
    read_or_explain(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.rtf", b"{\\rtf1" + b"{\\footnote " * 1_200),
        ("a.html", b"<html><body>" + b"<div>" * 1_200 + "기쁨".encode()),
        ("a.json", b'[{"data":' * 1_200),
    ],
)
def test_deep_nesting_is_no_harm(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    read_or_explain(path)


def test_many_comments_before_no_page_take_no_time(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("<!-- -->" * 200 + "고마워요.", encoding="utf-8")
    assert [each.text for each in read_document(path, "a.txt")] == ["고마워요."]

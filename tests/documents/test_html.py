"""Pages of HTML and Markdown: every sentence whole, and nothing of what a browser does not show."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl.documents.read import read_document


def texts(folder: Path, name: str, text: str) -> list[str]:
    (folder / name).write_text(text, encoding="utf-8")
    return [each.text for each in read_document(folder / name, name)]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (
            "<p>저는 바닷가에서<br>자라 외로웠습니다.<br>기뻤습니다.</p>",
            ["저는 바닷가에서 자라 외로웠습니다.", "기뻤습니다."],
        ),
        ("<div>바닷가에서</div><div>울었습니다.</div>", ["바닷가에서", "울었습니다."]),
        (
            "<main>본문<figure>그림<figcaption>설명</figcaption></figure>끝</main>",
            ["본문", "그림", "설명", "끝"],
        ),
        ("<p>저는&nbsp;정말 기&shy;쁩니다.</p>", ["저는 정말 기쁩니다."]),
        (
            "<style>.a, #b {display: none} .c {color: red}</style>"
            "<p class=a>가</p><p id=b>나</p><p class=c>다</p>",
            ["다"],
        ),
        (
            "<style>@media print {.a {display: none} .b {display: none}} .c {display: none}</style>"
            "<p class='a b'>가</p><p class=c>나</p>",
            ["가"],
        ),
        (
            "<p>저는 <del>지운 말</del>기쁩니다.</p><dialog>숨은 말</dialog><iframe>틀</iframe>",
            ["저는 기쁩니다."],
        ),
    ],
)
def test_a_page_reads_as_a_browser_shows_it(tmp_path: Path, page: str, expected: list[str]) -> None:
    assert texts(tmp_path, "a.html", f"<html><body>{page}</body></html>") == expected


@pytest.mark.parametrize("name", ["a.html", "a.txt"])
@pytest.mark.parametrize(
    "page",
    [
        "<p>기쁩니다.</p>\n",
        "<meta charset='utf-8'><title>제목</title><div>기쁩니다.</div>",
        '<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "x">\n<html><body>기쁩니다.</body></html>',
    ],
)
def test_pieces_of_pages_and_pages_of_xhtml_are_pages(tmp_path: Path, name: str, page: str) -> None:
    assert texts(tmp_path, name, page) == ["기쁩니다."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "저는 어려서부터 바닷가\n마을에서 자라  \n외로웠습니다.\n",
            ["저는 어려서부터 바닷가 마을에서 자라 외로웠습니다."],
        ),
        (
            "저는 <b>정말</b> 기쁩니다.<br>끝.\n\n<div>가운데</div>\n\n<!-- 주석 -->\n",
            ["저는 정말 기쁩니다.", "끝.", "가운데"],
        ),
        (
            "- [x] 끝낸 일\n- [ ] 할 일\n\n글[^1]입니다.\n\n[^1]: 각주가 있습니다.\n",
            ["끝낸 일", "할 일", "글입니다.", "각주가 있습니다."],
        ),
        ('+++\ntitle = "제목"\n+++\n\n저는 ~~안~~ 기쁩니다.\n', ["저는 안 기쁩니다."]),
    ],
)
def test_markdown_reads_as_it_is_shown(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert texts(tmp_path, "a.md", text) == expected

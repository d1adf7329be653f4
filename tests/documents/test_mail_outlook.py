"""Mails that Outlook has saved as `.msg`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from compressed_rtf import compress
from hypothesis import given
from hypothesis import strategies as st
from support.compound_files import compound_file
from support.outlook_files import attachment, outlook_mail

from etl.documents.mails.outlook import parse_message
from etl.documents.passage import Passage
from etl.documents.read import read_document
from etl.errors import InputError

CLASS, SUBJECT, SENDER, BODY, RTF, HTML = 0x001A, 0x0037, 0x0C1A, 0x1000, 0x1009, 0x1013
CODE_PAGE, INTERNET_CODE_PAGE, SENT = 0x3FFD, 0x3FDE, 0x0039
NOTE: dict[int, Any] = {CLASS: "IPM.Note", SUBJECT: "문의", SENDER: "김서연"}
TEXT = "똠방각하 같은 답장이라 화가 나요."
# 2026-05-01 12:12:03 UTC, in units of 100 ns since 1601.
MOMENT = 134221111230000000


def write(path: Path, tree: dict[str, Any]) -> Path:
    path.write_bytes(compound_file(tree))
    return path


def passages(path: Path) -> list[Passage]:
    return list(read_document(path, path.name))


@pytest.mark.parametrize(
    ("body", "numbers"),
    [
        ({BODY: TEXT}, {}),
        ({BODY: (TEXT, "cp949")}, {CODE_PAGE: 949}),
        ({BODY: (TEXT, "cp949")}, {CODE_PAGE: 949, INTERNET_CODE_PAGE: 51949}),
        ({BODY: (TEXT, "cp949")}, {CODE_PAGE: 949, INTERNET_CODE_PAGE: 65001}),
        ({BODY: (TEXT, "utf-8")}, {CODE_PAGE: 949, INTERNET_CODE_PAGE: 65001}),
        ({BODY: (TEXT, "cp949")}, {CODE_PAGE: 1252}),
        ({BODY: (TEXT, "cp949")}, {}),
        ({BODY: (TEXT, "cp949")}, {CODE_PAGE: 20949}),
        ({HTML: f"<html><style>p {{}}</style><p>{TEXT}</p></html>".encode()}, {INTERNET_CODE_PAGE: 65001}),
        ({HTML: f"<p>{TEXT}</p>".encode("cp949")}, {INTERNET_CODE_PAGE: 949}),
        ({BODY: " \r\n", HTML: f"<p>{TEXT}</p>"}, {}),
    ],
)
def test_the_body_is_read_in_whatever_form_it_was_saved(
    tmp_path: Path, body: dict[int, Any], numbers: dict[int, int]
) -> None:
    path = write(tmp_path / "a.msg", outlook_mail(NOTE | body, numbers | {SENT: MOMENT}))
    (found,) = passages(path)
    assert (found.text, found.speaker, found.kind) == (TEXT, "김서연", "mail")
    assert found.time == "2026-05-01T12:12:03+00:00"


@pytest.mark.parametrize("is_packed", [True, False])
def test_a_body_in_compressed_rtf_is_read(tmp_path: Path, is_packed: bool) -> None:
    letters = "".join(f"\\'{byte:02x}" for byte in TEXT.encode("cp949"))
    rtf = rf"{{\rtf1\ansi\ansicpg949\deff0{{\fonttbl{{\f0 Gulim;}}}}\plain {letters}\par}}"
    tree = outlook_mail(NOTE | {RTF: compress(rtf.encode(), compressed=is_packed)})
    assert [each.text for each in passages(write(tmp_path / "a.msg", tree))] == [TEXT]


def test_html_in_rtf_is_read_line_by_line(tmp_path: Path) -> None:
    lines = r"{{\*\htmltag64 <p>}}\htmlrtf {{\htmlrtf0 {}\htmlrtf\par}}\htmlrtf0 {{\*\htmltag72 </p>}}"
    body = "".join(
        lines.format("".join(f"\\'{byte:02x}" for byte in each.encode("cp949"))) for each in (TEXT, "네.")
    )
    rtf = rf"{{\rtf1\ansi\ansicpg949\fromhtml1{{\fonttbl{{\f0 Gulim;}}}}{body}}}"
    tree = outlook_mail(NOTE | {RTF: compress(rtf.encode(), compressed=True)})
    assert [each.text for each in passages(write(tmp_path / "a.msg", tree))] == [TEXT, "네."]


def test_headers_say_sender_and_date_where_properties_do_not(tmp_path: Path) -> None:
    headers = "From: =?windows-949?B?sei8rb+s?= <a@b.kr>\r\nDate: Fri, 01 May 2026 21:12:03 +0900\r\n\r\n"
    tree = outlook_mail({CLASS: "IPM.Note", 0x007D: headers, BODY: "고마워요."})
    (found,) = passages(write(tmp_path / "a.msg", tree))
    assert (found.speaker, found.time) == ("김서연", "2026-05-01T21:12:03+09:00")


def test_attached_mails_and_chats_are_read_and_other_files_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    inner = outlook_mail(NOTE | {SENDER: "이하람", BODY: "물건이 깨져서 속상해요."}, is_embedded=True)
    chat = "2026년 5월 1일 오후 7:12, 지우 : 합격해서 신난다\n2026년 5월 1일 오후 7:15, 하람 : 축하해\n"
    attached = [
        attachment("편지", inner),
        attachment("KakaoTalkChats.txt", chat.encode()),
        attachment("사진.png", b"\x89PNG" + bytes(9000)),
    ]
    found = passages(write(tmp_path / "a.msg", outlook_mail(NOTE | {BODY: "전달합니다."}, {}, attached)))
    assert [(each.document, each.speaker, each.text) for each in found] == [
        (1, "김서연", "전달합니다."),
        (2, "이하람", "물건이 깨져서 속상해요."),
        (3, "지우", "합격해서 신난다"),
        (3, "하람", "축하해"),
    ]
    assert "사진.png" in caplog.text


def test_quotes_are_left_out_as_in_any_mail(tmp_path: Path) -> None:
    block = "보낸 사람: 박지훈 <a@b.kr>\r\n보낸 날짜: 2026년 3월 2일\r\n받는 사람: 김\r\n제목: x"
    body = f"{TEXT}\r\n\r\n{block}\r\n\r\n옛날 글\r\n"
    assert [each.text for each in passages(write(tmp_path / "a.msg", outlook_mail(NOTE | {BODY: body})))] == [
        TEXT
    ]


def test_an_encrypted_mail_is_told(tmp_path: Path) -> None:
    tree = outlook_mail({CLASS: "IPM.Note.SMIME"}, {}, [attachment("smime.p7m", b"x")])
    with pytest.raises(InputError, match="is encrypted"):
        passages(write(tmp_path / "a.msg", tree))


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ({"WordDocument": b"x"}, "Word"),
        ({"FileHeader": b"HWP Document File", "\x05HwpSummaryInformation": b"x"}, "Hangul|HWP"),
        ({"Something": b"x"}, "compound"),
    ],
)
def test_another_compound_file_is_named_truly(tmp_path: Path, tree: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        passages(write(tmp_path / "a.msg", tree))


@pytest.mark.parametrize("bytes_left", [512, 600, 1500, 2600])
def test_a_mail_that_was_cut_off_is_damaged(tmp_path: Path, bytes_left: int) -> None:
    path = tmp_path / "a.msg"
    path.write_bytes(compound_file(outlook_mail(NOTE | {BODY: TEXT * 300}))[:bytes_left])
    with pytest.raises(InputError, match=r"a\.msg"):
        passages(path)


WHOLE = compound_file(
    outlook_mail(NOTE | {BODY: (TEXT, "cp949")}, {CODE_PAGE: 949}, [attachment("a", b"x" * 5000)])
)


@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_damaged_mail_is_read_or_refused(changes: list[tuple[int, int]]) -> None:
    content = bytearray(WHOLE)
    for place, byte in changes:
        content[place] = byte
    try:
        mail = parse_message(bytes(content), "a.msg")
    except InputError as error:
        assert "a.msg" in error.what
    else:
        mail.text.encode()


def test_a_small_pdf_in_a_mail_does_not_make_it_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tree = outlook_mail(NOTE | {BODY: TEXT}, attached=[attachment("a.pdf", b"%PDF-1.4")])
    assert [each.text for each in passages(write(tmp_path / "a.msg", tree))] == [TEXT]
    assert "a.pdf" in caplog.text

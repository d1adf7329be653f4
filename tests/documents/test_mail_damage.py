"""Mails and pages that are damaged, nested or made up: an answer or a clear error, and no word lost."""

from __future__ import annotations

from email.message import EmailMessage

from hypothesis import given
from hypothesis import strategies as st

from etl.documents.html import text_of
from etl.documents.mails.mime import parse_mail
from etl.documents.mails.quotes import html_marks, letters_in
from etl.documents.mails.read import read_mail
from etl.errors import InputError

_LINES = [
    "정말 고마워요.",
    "",
    "> 옛날 글",
    "-- ",
    ">_< 좋아",
    "나의 iPhone에서 보냄",
    "2026. 3. 2. 오후 9:05, 이하람 <lee@example.com> 작성:",
    "-----Original Message-----",
    "________________________________",
    "보낸 사람: 이하람 <lee@example.com>",
    "보낸 날짜: 2026년 3월 2일",
    "받는 사람: 김",
    "제목: 회의",
    " <kim@example.com>;",
    "---------- Forwarded message ---------",
    "전달된 메시지:",
]
_TAGS = "p /p div /div br blockquote /blockquote pre /pre table><tr><td /table style /style b /i ul><li"
_MARKED = ["<p hidden>", '<div class="gmail_signature">', '<div id="appendonsend">']
_BROKEN = ["<![if !mso]>", "<![x[", "<!--", "-->", "<", ">", "&"]
_PIECES = ["좋아요", "\n", "&lt;", "&#39;", *(f"<{tag}>" for tag in _TAGS.split()), *_MARKED, *_BROKEN]


def _mail() -> bytes:
    mail, inner = EmailMessage(), EmailMessage()
    mail["From"], mail["Subject"], mail["Date"] = "김 <a@b.kr>", "안녕", "Fri, 01 May 2026 21:12:03 +0900"
    mail.set_content("안녕하세요. 정말 반가워요.\n\n> 옛날 글\n")
    mail.add_alternative("<p>안녕하세요. 정말 반가워요.</p>", subtype="html")
    inner["From"], inner["Subject"] = "이 <c@d.kr>", "안"
    inner.set_content("속에 든 글이에요.", charset="euc-kr")
    mail.add_attachment(inner)
    mail.add_attachment("메모", filename="메모.txt")
    return bytes(mail)


_MAIL = _mail()


@given(
    st.lists(st.tuples(st.integers(0, len(_MAIL) - 1), st.binary(max_size=3)), max_size=6),
    st.integers(0, len(_MAIL)),
)
def test_a_damaged_mail_is_read_or_refused(changes: list[tuple[int, bytes]], length: int) -> None:
    content = bytearray(_MAIL)
    for place, replacement in changes:
        content[place : place + 1] = replacement
    try:
        found = list(read_mail(bytes(content[:length]), "a.eml", lambda _: None))
    except InputError as error:
        assert "a.eml" in error.what
    else:
        assert all(each.text.strip() and each.text.encode() for each in found)


@given(st.binary(max_size=300))
def test_any_bytes_after_a_header_are_read_or_refused(content: bytes) -> None:
    try:
        parse_mail(b"From: a@b.kr\nSubject: x\n" + content, "a.eml").text.encode()
    except InputError as error:
        assert "a.eml" in error.what


@given(st.lists(st.sampled_from(_LINES), max_size=30))
def test_every_line_of_an_answer_is_in_one_part(lines: list[str]) -> None:
    (letter,) = letters_in("\n".join(lines), "Re: 회의")
    parted = [line for _, block in letter.blocks for line in block]
    assert [line.lstrip("> ") for line in parted] == [line.lstrip("> ") for line in lines or [""]]


@given(st.lists(st.sampled_from(_LINES), max_size=30), st.sampled_from(["", "Fwd: 회의"]))
def test_no_word_of_a_forwarded_mail_is_lost(lines: list[str], subject: str) -> None:
    letters = list(letters_in("\n".join(lines), subject))
    parted = [line for letter in letters for _, block in letter.blocks for line in block]
    assert parted.count("정말 고마워요.") == lines.count("정말 고마워요.")


@given(st.lists(st.sampled_from(_PIECES), max_size=30))
def test_any_page_is_read(pieces: list[str]) -> None:
    page = "".join(pieces)
    assert text_of(page).count("좋아요") <= page.count("좋아요")
    if not any(piece in {"<p hidden>", "<style>", "<!--", "<", "<![x[", "<![if !mso]>"} for piece in pieces):
        assert (
            text_of(page).count("좋아요")
            == text_of(page, html_marks()).count("좋아요")
            == page.count("좋아요")
        )

"""Mails as they are: encoded, quoted, signed, and wrong about themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.document_files import DATA

from etl.documents.passage import Passage
from etl.documents.read import read_document
from etl.errors import InputError

HEAD = "From: a@example.com\nTo: b@example.com\nSubject: x\n"


def passages(path: Path, *, has_quotes: bool = False) -> list[Passage]:
    return list(read_document(path, path.name, has_quotes=has_quotes))


def texts(path: Path, *, has_quotes: bool = False) -> list[str]:
    return [passage.text for passage in passages(path, has_quotes=has_quotes)]


def write(path: Path, body: str, head: str = HEAD, encoding: str = "utf-8") -> Path:
    path.write_bytes((head + "\n" + body).encode(encoding))
    return path


def test_of_a_reply_only_the_writers_own_words_are_read() -> None:
    found = passages(DATA / "reply.eml")
    assert [each.text for each in found] == [
        "안녕하세요, 박지훈 대리님.",
        "지난주에 보내 주신 견적서 잘 받았습니다. 생각보다 일정이 빨라서 정말 다행이에요!",
        # Two lines that the program has wrapped.
        "다만 배송이 또 늦어질까 봐 조금 걱정됩니다. 저희 쪽 창고가 다음 주 수요일부터 비어 있으니 "
        "그 전에만 도착하면 문제없습니다.",
        "항상 신경 써 주셔서 감사합니다.",
    ]
    assert {(each.kind, each.speaker, each.time) for each in found} == {
        ("mail", "김서연", "2026-03-03T09:12:00+09:00")
    }
    assert [each.position for each in found] == [1, 2, 3, 4]


def test_quotes_and_signatures_are_marked_as_such() -> None:
    found = passages(DATA / "reply.eml", has_quotes=True)
    parts = {part: [each.text for each in found if each.part == part] for part in ("signature", "quote")}
    assert parts["signature"] == ["--", "김서연 드림", "봄날상사 구매팀 | 02-000-0000"]
    assert parts["quote"] == [
        "2026년 3월 2일 (월) 오후 3:04, 박지훈 <jihun@example.com>님이 작성:",
        "김서연 과장님, 견적서를 첨부합니다.",
        "늦어서 정말 죄송합니다.",
    ]


def test_a_mail_in_cp949_with_letters_that_euc_kr_does_not_have() -> None:
    found = passages(DATA / "complaint-cp949.eml")
    assert "똠방각하 같은 대답 말고" in found[-1].text
    assert found[0].speaker == "이민호"
    assert "나의 iPhone에서 보냄" not in [each.text for each in found]


def test_an_html_mail_that_says_euc_kr_and_is_utf_8() -> None:
    assert texts(DATA / "wrong-charset.eml") == [
        "수빈 님, 벌써 봄이 왔네요.",
        "오랜만에 연락드려서 죄송한 마음이 큽니다.",
        "그래도 다시 만나게 되어 설레고 기뻐요.",
    ]


def test_a_mailbox_has_a_document_for_each_mail() -> None:
    found = passages(DATA / "team.mbox")
    assert [(each.document, each.position, each.speaker, each.text) for each in found] == [
        (1, 1, "박지훈", "이번 주 금요일에 회식이 있습니다. 다들 오랜만이라 무척 기대됩니다!"),
        (2, 1, "Han, Haeun", "죄송하지만 저는 못 갈 것 같아요."),
        (2, 2, "Han, Haeun", "요즘 몸이 안 좋아서 너무 속상하네요."),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "cp949", "euc-kr", "iso2022_kr"])
@pytest.mark.parametrize("said", [None, "us-ascii", "iso-8859-1", "euc-kr", "utf-8", "no-such-charset"])
def test_the_bytes_are_believed_more_than_what_the_mail_says_of_them(
    tmp_path: Path, encoding: str, said: str | None
) -> None:
    head = HEAD + (f"Content-Type: text/plain; charset={said}\n" if said else "")
    path = write(tmp_path / "a.eml", "오늘은 기분이 무척 좋습니다.\n", head, encoding)
    assert texts(path) == ["오늘은 기분이 무척 좋습니다."]


@pytest.mark.parametrize(
    "quoted",
    [
        "-----원본 메시지-----\n보낸 사람: 김\n옛날 글",
        "-----Original Message-----\nFrom: a\n옛날 글",
        "보낸 사람: 김서연\n보낸 날짜: 2026년 3월 2일\n옛날 글",
        "2026-03-02 15:04, 박지훈 님이 작성:\n> 옛날 글",
        "On Mon, Mar 2, 2026 at 3:04 PM Jihun <a@example.com> wrote:\n> 옛날 글",
        "On Mon, Mar 2, 2026 at 3:04 PM Jihun\n<a@example.com> wrote:\n> 옛날 글",
        "> 옛날 글",
    ],
)
def test_what_was_quoted_is_left_out_whatever_program_has_quoted_it(tmp_path: Path, quoted: str) -> None:
    path = write(tmp_path / "a.eml", f"네, 기쁜 마음으로 가겠습니다.\n\n{quoted}\n")
    assert texts(path) == ["네, 기쁜 마음으로 가겠습니다."]
    everything = passages(path, has_quotes=True)
    assert {each.part for each in everything} == {"body", "quote"}
    assert any("옛날 글" in each.text for each in everything if each.part == "quote")


def test_a_sentence_that_begins_like_a_header_is_no_quote(tmp_path: Path) -> None:
    path = write(tmp_path / "a.eml", "보낸 사람: 저도 모르겠어요.\n정말 답답합니다.\n")
    assert texts(path) == ["보낸 사람: 저도 모르겠어요.", "정말 답답합니다."]


def test_a_mail_of_nothing_but_a_quote_is_empty(tmp_path: Path) -> None:
    path = write(tmp_path / "a.eml", "> 옛날 글\n")
    with pytest.raises(InputError, match=r"a\.eml is empty"):
        passages(path)
    assert texts(path, has_quotes=True) == ["옛날 글"]


@pytest.mark.parametrize(
    ("head", "body", "said"),
    [
        ("", "그냥 글입니다.\n", "expected a mail, got text"),
        (HEAD + "Content-Type: application/pkcs7-mime\n", "MIIB", "is encrypted"),
        (HEAD + "Content-Type: text/plain; charset=utf-8\n", "", "is empty"),
    ],
)
def test_what_cannot_be_read_is_explained(tmp_path: Path, head: str, body: str, said: str) -> None:
    path = tmp_path / "a.eml"
    path.write_text(head + "\n" + body, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        passages(path)


def test_bytes_of_no_encoding_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    path.write_bytes(HEAD.encode() + b"\n\xff\xfe\xff\x80 \x81\n")
    with pytest.raises(InputError, match=r"the encoding of a\.eml is not known"):
        passages(path)


def test_in_a_mailbox_a_mail_that_cannot_be_read_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "box.mbox"
    mail = b"From a@example.com Mon Mar  2 15:04:00 2026\n" + HEAD.encode() + b"\n"
    path.write_bytes(mail + b"\xff\xfe\xff\x80 \x81\n\n" + mail + "괜찮은 글입니다.\n".encode())
    found = passages(path)
    assert [(each.document, each.reason) for each in found] == [(1, "bad_row"), (2, None)]
    assert found[1].text == "괜찮은 글입니다."


@pytest.mark.parametrize("header", ["From", "Date", "Content-Type", "Content-Transfer-Encoding"])
@pytest.mark.parametrize(
    "value", ["", "=?euc-kr?B?/////?=", '"', "<<>>,;;=", "\x80\xff", "text/plain; charset"]
)
def test_a_header_that_is_not_as_it_should_be_does_no_harm(tmp_path: Path, header: str, value: str) -> None:
    path = tmp_path / "a.eml"
    body = "그래도 읽을 수 있습니다.\n"
    path.write_bytes(f"To: b\nSubject: x\n{header}: {value}\n\n".encode("latin-1") + body.encode())
    assert texts(path) == ["그래도 읽을 수 있습니다."]

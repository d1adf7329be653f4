"""Replies and forwards as the programs of Korea write them."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest
import yaml
from support.document_files import DATA

from etl.documents.passage import Passage
from etl.documents.read import read_document
from etl.errors import InputError

OWN = "네, 기쁜 마음으로 참석하겠습니다.\n벌써 설레네요."
OLD = "지난 회의는 무척 지루했습니다.\n다음에는 짧게 해요."
PROGRAMS = yaml.safe_load((DATA / "mails" / "programs.yaml").read_text(encoding="utf-8"))
REPLIES, FORWARDS, HTML_REPLIES = (PROGRAMS[name] for name in ("replies", "forwards", "html_replies"))


def write(path: Path, text: str, subject: str = "회신", subtype: str = "plain") -> Path:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "김서연 <kim@example.com>", subject
    mail.set_content(text, subtype=subtype)
    path.write_bytes(bytes(mail))
    return path


def passages(path: Path) -> list[Passage]:
    return list(read_document(path, path.name))


@pytest.mark.parametrize("program", REPLIES)
@pytest.mark.parametrize("subtype", ["plain", "html"])
def test_of_a_reply_only_the_writers_own_words_are_read(tmp_path: Path, program: str, subtype: str) -> None:
    text = f"{OWN}\n\n{REPLIES[program]} 무척 지루했습니다.\n"
    if subtype == "html":
        text = as_html(text)
    found = passages(write(tmp_path / "a.eml", text, subtype=subtype))
    assert [each.text for each in found] == OWN.split("\n")
    assert {each.speaker for each in found} == {"김서연"}


def as_html(text: str) -> str:
    """As a program writes it: a `div` a line, a quote as a block."""
    own, sign, quoted = text.partition("\n> ")
    lines = "".join(
        f"<div>{line.replace('&', '&amp;').replace('<', '&lt;') or '<br>'}</div>" for line in own.split("\n")
    )
    return lines + (f"<blockquote><div>{quoted}</div></blockquote>" if sign else "")


@pytest.mark.parametrize("program", FORWARDS)
def test_a_forwarded_mail_is_read_as_its_own_writers(tmp_path: Path, program: str) -> None:
    text = f"확인 부탁드립니다.\n\n{FORWARDS[program]}이번 배송은 정말 실망스러웠습니다.\n"
    found = passages(write(tmp_path / "a.eml", text, subject="FW: 회의"))
    assert [(each.document, each.speaker, each.text) for each in found] == [
        (1, "김서연", "확인 부탁드립니다."),
        (2, "박지훈", "이번 배송은 정말 실망스러웠습니다."),
    ]
    assert found[1].time == "2026년 3월 2일 (월) 오후 9:05"


@pytest.mark.parametrize("subject", ["FW: 회의", "FW：회의", "[전달] 회의"])
def test_what_outlook_on_the_web_forwards_is_read(tmp_path: Path, subject: str) -> None:
    own, old = "확인 부탁드려요.", "배송이 실망스러웠어요.&#847;"
    page = PROGRAMS["html_replies"]["outlook_web"].format(own=own, old=old)
    found = passages(write(tmp_path / "a.eml", page, subject=subject, subtype="html"))
    assert [(each.speaker, each.text) for each in found] == [
        ("김서연", own),
        ("박지훈", "배송이 실망스러웠어요."),
    ]


def test_what_a_forwarded_mail_quotes_is_a_quote(tmp_path: Path) -> None:
    text = f"{FORWARDS['gmail_en']}화가 많이 났어요.\n\n{REPLIES['outlook_ko']} 지루했습니다.\n"
    assert [each.text for each in passages(write(tmp_path / "a.eml", text, subject="Fwd: x"))] == [
        "화가 많이 났어요."
    ]


def test_answers_between_quotes_are_read(tmp_path: Path) -> None:
    text = "박지훈 님이 쓴 글:\n> 언제 와요?\n\n내일 갈게요. 정말 기대돼요!\n\n> 몇 명이에요?\n셋이에요.\n"
    text = f"2026-03-02 오후 9:05에 {text}"
    found = passages(write(tmp_path / "a.eml", text))
    assert [each.text for each in found] == ["내일 갈게요. 정말 기대돼요!", "셋이에요."]


@pytest.mark.parametrize(
    "line",
    [
        "나의 iPhone에서 보냄",
        "나의 Galaxy에서 보냄",
        "내 아이폰에서 보냈습니다.",
        "Galaxy에서 전송함",
        "삼성 휴대폰에서 보냈습니다",
        "Outlook for iOS 다운로드",
        "iOS용 Outlook 다운로드",
        "Android용 Outlook 가져오기",
        "Get Outlook for iOS<https://aka.ms/o0ukef>",
        "Windows용 메일에서 보냄",
        "iOS용 Outlook에서 보냄",
        "네이버 메일앱에서 보냈습니다.",
        "Sent from my iPhone",
        "Sent from Outlook for Android",
        "Yahoo 메일 앱에서 보냄",
        "나의 Apple Watch에서 보냄",
        "나의 휴대폰에서 보냄",
        "Daum 메일앱에서 발송된 메일입니다.",
        "Sent from my Pixel 9",
        "seoul@example.com의 이메일을 자주 받지 않습니다. 이 사항이 중요한 이유를 알아보세요",
        "[외부 메일] 이 메일은 회사 외부에서 왔습니다.",
        "본 메일은 지정된 수신인만을 위한 것입니다.",
        "This message is intended only for its addressee.",
    ],
)
def test_a_line_that_a_program_adds_is_a_signature(tmp_path: Path, line: str) -> None:
    path = write(tmp_path / "a.eml", f"{OWN}\n\n{line}\n")
    assert [each.text for each in passages(path)] == OWN.split("\n")
    everything = list(read_document(path, "a.eml", has_quotes=True))
    assert [each.text for each in everything if each.part == "signature"] == [line]


@pytest.mark.parametrize(
    "text",
    [
        "내 아이폰에서 보냈는데 왜 답이 없어요?",
        ">_< 너무 좋아요!",
        ">ㅁ< 신난다",
        "날짜: 3월 2일",
        "제목: 안내 말씀\n수신: 전 직원\n발신: 총무팀",
        "-----\n이름: 김서연\n연락처: 없음\n문의: 배송이 늦어서 답답해요.",
        "2026. 3. 2. 오후 9:05에 다시 전화하겠습니다.",
        "From: 서울",
        "전달된 메시지를 잘 읽었습니다.",
        "우리 선생님이 작성한 글이에요.",
        "________________________________\n다음 이야기를 시작하겠습니다.",
        "보낸 사람: 저도 모르겠어요.",
        "--- 원본 메시지 --- 라는 줄이 우스웠어요.",
        "Sent from my heart",
        "이 메일은 수신인이 당신뿐이에요.",
        "주의! 이 메일을 외부에 보이면 속상해요.",
        "This message is confidential, and I was happy.",
        "발신: 총무팀\n수신: 전 직원\n일시: 2026. 4. 30.\n제목: 회식 안내",
        "어제 당신이 쓴 글:",
        "이 메일은 비밀이에요. 좋아해요.",
        "문의는 02-123-4567로 받는다니 답답했어요.",
    ],
)
def test_words_that_look_like_a_quote_are_not_lost(tmp_path: Path, text: str) -> None:
    found = passages(write(tmp_path / "a.eml", f"{OWN}\n\n{text}\n\n정말 고맙습니다.\n"))
    assert [each.text for each in found] == [*OWN.split("\n"), *text.split("\n"), "정말 고맙습니다."]


@pytest.mark.parametrize(
    "block",
    [
        "김서연 과장\n봄날상사 총무팀\nTel: 02-123-4567\nE-mail: kim@example.com",
        "=====================\n김서연 | 과장\n전화 02) 123-4567\n=====================",
        "ㅡㅡㅡㅡㅡㅡ\n김서연\nkim@example.com",
    ],
)
def test_the_contacts_that_end_a_mail_are_a_signature(tmp_path: Path, block: str) -> None:
    path = write(tmp_path / "a.eml", f"{OWN}\n\n{block}\n\n{REPLIES['outlook_ko']} 지루했습니다.\n")
    assert [each.text for each in passages(path)] == OWN.split("\n")
    signature = [
        each.text for each in read_document(path, "a.eml", has_quotes=True) if each.part == "signature"
    ]
    assert signature == block.split("\n")


def test_a_mail_of_nothing_but_contacts_is_read(tmp_path: Path) -> None:
    block = ["연락처: 010-1234-5678", "이메일: kim@example.com"]
    assert [each.text for each in passages(write(tmp_path / "a.eml", "\n".join(block)))] == block


@pytest.mark.parametrize("program", HTML_REPLIES)
def test_of_a_reply_in_html_only_the_writers_own_words_are_read(tmp_path: Path, program: str) -> None:
    own, old = OWN.replace("\n", "<br>"), OLD.replace("\n", "<br>")
    path = write(tmp_path / "a.eml", HTML_REPLIES[program].format(own=own, old=old), subtype="html")
    assert [each.text for each in passages(path)] == OWN.split("\n")


def test_a_mail_of_ciphertext_is_encrypted(tmp_path: Path) -> None:
    path = write(tmp_path / "a.eml", "-----BEGIN PGP MESSAGE-----\n\nhQEMA1\n-----END PGP MESSAGE-----\n")
    with pytest.raises(InputError, match="is encrypted"):
        passages(path)

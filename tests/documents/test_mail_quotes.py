"""Replies and forwards as the programs of Korea write them."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from etl.documents.passage import Passage
from etl.documents.read import read_document
from etl.errors import InputError

OWN = "네, 기쁜 마음으로 참석하겠습니다.\n벌써 설레네요."
OLD = "지난 회의는 무척 지루했습니다.\n다음에는 짧게 해요."
WHO = "박지훈 <jihun@example.com>"

REPLIES = {
    "gmail_ko": f"2026년 3월 2일 (월) 오후 9:05, {WHO}님이 작성:\n\n> 지난 회의는",
    "gmail_ko_wrapped": "2026년 3월 2일 (월) 오후 9:05, 박지훈 대리\n<jihun@example.com>님이 작성:\n\n> 지난 회의는",
    "gmail_mailto": "2026년 3월 2일 (월) 오후 9:05, 박지훈 <a@b.kr <mailto:a@b.kr>>님이 작성:\n> 지난 회의는",
    "gmail_en": f"On Mon, Mar 2, 2026 at 9:05 PM {WHO} wrote:\n\n> 지난 회의는",
    "apple_ko": f"2026. 3. 2. 오후 9:05, {WHO} 작성:\n\n> 지난 회의는",
    "apple_ko_long": f"2026년 3월 2일 오후 9:05, {WHO} 작성:\n> 지난 회의는",
    "apple_wrapped": "2026. 3. 2. 오후 9:05, 박지훈\n<jihun@example.com> 작성:\n\n> 지난 회의는",
    "apple_en": f"On Mar 2, 2026, at 9:05 PM, {WHO} wrote:\n\n> 지난 회의는",
    "thunderbird_ko": "2026-03-02 오후 9:05에 박지훈 이(가) 쓴 글:\n> 지난 회의는",
    "thunderbird_dots": "2026. 3. 2. 오후 9:05에 박지훈 이(가) 쓴 글:\n> 지난 회의는",
    "thunderbird_short": "26. 3. 2. 21:05에 박지훈 이(가) 쓴 글:\n> 지난 회의는",
    "thunderbird_en": "On 2026-03-02 9:05 PM, 박지훈 wrote:\n> 지난 회의는",
    "unquoted": f"2026. 3. 2. 오후 9:05, {WHO} 작성:\n\n지난 회의는",
    "any_language": "Il giorno lun 2 mar 2026 Jihun <jihun@example.com> ha scritto:\n\n> 지난 회의는",
    "outlook_ko": "-----Original Message-----\nFrom: 박지훈 <jihun@example.com> \nSent: Monday, March 2, 2026 9:05 PM\n"
    "To: 김서연 <kim@example.com>\nSubject: 회의\n\n지난 회의는",
    "outlook_ko_block": "보낸 사람: 박지훈 <jihun@example.com>\n보낸 날짜: 2026년 3월 2일 월요일 오후 9:05\n"
    "받는 사람: 김서연 <kim@example.com>\n참조: 이하람 <lee@example.com>\n제목: 회의\n\n지난 회의는",
    "outlook_bold": f"*보낸 사람:* {WHO}\n*보낸 날짜:* 2026년 3월 2일 월요일 오후 9:05\n*받는 사람:* 김\n*제목:* 회의\n\n지난 회의는",
    "outlook_spaced": f"보낸 사람: {WHO}\n\n보낸 날짜: 2026년 3월 2일\n\n받는 사람: 김\n\n제목: 회의\n\n지난 회의는",
    "outlook_ios": "iOS용 Outlook 다운로드\n________________________________\n보낸 사람: 박지훈 <jihun@example.com>\n"
    "전송: 2026년 3월 2일 월요일 오후 9:05\n받는 사람: 김\n제목: 회의\n\n지난 회의는",
    "outlook_ios_link": "Outlook for iOS<https://aka.ms/o0ukef> 다운로드\n________________________________\nFrom: Jihun "
    "<jihun@example.com>\nSent: Monday\nTo: Kim\nSubject: x\n\n지난 회의는",
    "outlook_android": "Android용 Outlook<https://aka.ms/AAb9ysg> 가져오기\n________________________________\n"
    "보낸 사람: 박지훈 <jihun@example.com>\n보낸 날짜: 2026년 3월 2일\n받는 사람: 김\n제목: 회의\n\n지난 회의는",
    "outlook_other_language": "________________________________\nDa: Jihun <jihun@example.com>\nInviato: lunedi\nA: Kim\n"
    "Oggetto: x\n\n지난 회의는",
    "samsung": "나의 Galaxy에서 보냄\n\n-------- 원본 이메일 --------\n발신: 박지훈 <jihun@example.com>\n"
    "날짜: 26/3/2 오후 9:05 (GMT+09:00)\n받은 사람: 김\n제목: 회의\n\n지난 회의는",
    "samsung_message": "삼성 갤럭시 스마트폰에서 보냈습니다.\n-------- 원본 메시지 --------\n발신: 박지훈\n지난 회의는",
    "naver": '-----Original Message-----\nFrom: "박지훈"<jihun@example.com> \nTo: "김서연"<kim@example.com>; \nCc:\n'
    "Sent: 2026-03-02 (월) 21:05:11 (GMT+09:00)\nSubject: 회의\n\n지난 회의는",
    "daum": "--------- 원본 메일 ---------\n보낸사람 : 박지훈 <jihun@example.com>\n받는사람 : 김\n날짜: 2026년 3월 2일\n"
    "제목 : 회의\n\n지난 회의는",
    "yahoo": "2026년 3월 2일 월요일 오후 9:05:11 GMT+9에 박지훈 <jihun@example.com>님이 작성:\n\n지난 회의는",
    "proton": "------- Original Message -------\nJihun <jihun@example.com> wrote:\n\n지난 회의는",
    "thunderbird_forward_in_an_answer": "-------- 전달된 메시지 --------\n제목: 회의\n날짜: Mon, 2 Mar 2026\n"
    "보낸 사람: 박지훈 <jihun@example.com>\n받는 사람: 김\n\n지난 회의는",
}

FORWARDS = {
    "gmail_en": "---------- Forwarded message ---------\n보낸사람: 박지훈 <jihun@example.com>\nDate: 2026년 3월 2일 (월) 오후 9:05\n"
    "Subject: 회의\nTo: 김서연 <kim@example.com>\n\n\n",
    "gmail_no_blank": "---------- Forwarded message ---------\nFrom: 박지훈 <jihun@example.com>\nDate: 2026년 3월 2일 (월) 오후 9:05\n"
    "Subject: 회의\nTo: <kim@example.com>\n",
    "thunderbird": "-------- 전달된 메시지 --------\n제목: \t회의\n날짜: \t2026년 3월 2일 (월) 오후 9:05\n보낸 사람: \t박지훈 "
    "<jihun@example.com>\n받는 사람: \t김서연 <kim@example.com>\n\n",
    "apple": "나의 iPhone에서 보냄\n\n전달된 메시지:\n\n> 보낸 사람: 박지훈 <jihun@example.com>\n> 날짜: 2026년 3월 2일 (월) 오후 9:05\n"
    "> 받는 사람: kim@example.com\n> 제목: 회의\n> \n> ",
    "outlook": "________________________________\n보낸 사람: 박지훈 <jihun@example.com>\n보낸 날짜: 2026년 3월 2일 (월) 오후 9:05\n"
    "받는 사람: 김서연 <kim@example.com>; 이하람\n <lee@example.com>\n제목: 회의\n\n",
    "naver": '-----Original Message-----\nFrom: "박지훈"<jihun@example.com> \nTo: "김서연"<kim@example.com>; \nCc: \n'
    "Sent: 2026년 3월 2일 (월) 오후 9:05\nSubject: 회의\n\n",
}


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
        "네이버 메일앱에서 보냈습니다.",
        "Sent from my iPhone",
        "Sent from Outlook for Android",
        "Yahoo 메일 앱에서 보냄",
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
        "________________________________\n다음 이야기를 시작하겠습니다.",
        "보낸 사람: 저도 모르겠어요.",
    ],
)
def test_words_that_look_like_a_quote_are_not_lost(tmp_path: Path, text: str) -> None:
    found = passages(write(tmp_path / "a.eml", f"{OWN}\n\n{text}\n\n정말 고맙습니다.\n"))
    assert [each.text for each in found] == [*OWN.split("\n"), *text.split("\n"), "정말 고맙습니다."]


HTML_REPLIES = {
    "outlook_web": '<div>{own}</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg" dir="ltr"><font>'
    "<b>보낸 사람:</b> 박지훈 &lt;jihun@example.com&gt;<br><b>보낸 날짜:</b> 2026년 3월 2일<br><b>받는 사람:</b> 김<br>"
    "<b>제목:</b> 회의</font><div>&nbsp;</div></div><div>{old}</div>",
    "outlook_desktop": '<p class="MsoNormal">{own}</p><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm">'
    '<p class="MsoNormal"><b><span lang="EN-US">From:</span></b> 박지훈 &lt;jihun@example.com&gt; <br><b>Sent:</b> Monday'
    "<br><b>To:</b> 김<br><b>Subject:</b> 회의<o:p></o:p></p></div><p>{old}</p>",
    "outlook_unknown_language": '<div>{own}</div><div id="divRplyFwdMsg"><b>Lähettäjä:</b> Jihun<br><b>Lähetetty:</b> x</div>'
    "<div>{old}</div>",
    "outlook_mobile": '<div>{own}</div><div id="ms-outlook-mobile-signature"><div><a href="https://aka.ms/o0ukef">iOS용 Outlook</a>'
    ' 다운로드</div></div><hr><div id="divRplyFwdMsg"><b>보낸 사람:</b> 박</div><div>{old}</div>',
    "gmail": '<div dir="ltr">{own}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">2026년 3월 2일 (월) 오후 9:05, '
    '박지훈 &lt;<a href="mailto:jihun@example.com">jihun@example.com</a>&gt;님이 작성:<br></div><blockquote class="gmail_quote">'
    "{old}</blockquote></div>",
    "gmail_signature": '<div>{own}</div><div class="gmail_signature">김서연 과장</div><div class="gmail_quote"><div class="gmail_attr">'
    "2026년 3월 2일 (월) 오후 9:05, 박지훈 &lt;jihun@example.com&gt;님이 작성:<br></div><blockquote>{old}</blockquote></div>",
    "thunderbird": '<p>{own}</p><div class="moz-cite-prefix">2.3.2026 klo 21.05, Jihun kirjoitti:<br></div>'
    '<blockquote type="cite"><p>{old}</p></blockquote>',
    "apple": '{own}<br><div dir="ltr">나의 iPhone에서 보냄</div><div dir="ltr"><br><blockquote type="cite">2026. 3. 2. 오후 9:05, '
    "박지훈 &lt;jihun@example.com&gt; 작성:<br><br></blockquote></div><blockquote type='cite'>{old}</blockquote>",
    "naver": '<div>{own}</div><p>&nbsp;</p><p>-----Original Message-----<br><b>From:</b> "박지훈"&lt;jihun@example.com&gt;<br>'
    "<b>To:</b> 김<br><b>Cc:</b> <br><b>Sent:</b> 2026-03-02<br><b>Subject:</b> 회의</p><div>{old}</div>",
    "yahoo": '<div>{own}</div><div class="yahoo_quoted"><div>Le lundi, Jihun a ecrit</div><div>{old}</div></div>',
}


@pytest.mark.parametrize("program", HTML_REPLIES)
def test_of_a_reply_in_html_only_the_writers_own_words_are_read(tmp_path: Path, program: str) -> None:
    own, old = OWN.replace("\n", "<br>"), OLD.replace("\n", "<br>")
    path = write(tmp_path / "a.eml", HTML_REPLIES[program].format(own=own, old=old), subtype="html")
    assert [each.text for each in passages(path)] == OWN.split("\n")


def test_a_mail_of_ciphertext_is_encrypted(tmp_path: Path) -> None:
    path = write(tmp_path / "a.eml", "-----BEGIN PGP MESSAGE-----\n\nhQEMA1\n-----END PGP MESSAGE-----\n")
    with pytest.raises(InputError, match="is encrypted"):
        passages(path)

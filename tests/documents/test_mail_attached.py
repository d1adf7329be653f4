"""What is attached to mails: mails and chats are read, everything else is named."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from etl.documents.passage import Passage
from etl.documents.read import read_document
from etl.errors import InputError

CHAT = """하람 님과 카카오톡 대화
저장한 날짜 : 2026년 5월 1일 오후 9:10


2026년 5월 1일 오후 7:12
2026년 5월 1일 오후 7:12, 지우 : 시험을 잘 봐서 날아갈 것 같아
2026년 5월 1일 오후 7:15, 하람 : 축하해 정말 자랑스럽다
"""


def letter(text: str, sender: str = "김서연 <kim@example.com>") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["Subject"], mail["Date"] = sender, "x", "Fri, 01 May 2026 21:12:03 +0900"
    mail.set_content(text)
    return mail


def write(path: Path, mail: EmailMessage) -> Path:
    path.write_bytes(bytes(mail))
    return path


def passages(path: Path) -> list[Passage]:
    return list(read_document(path, path.name))


def said(path: Path) -> list[tuple[int, str | None, str]]:
    return [(each.document, each.speaker, each.text) for each in passages(path)]


@pytest.mark.parametrize("file_name", ["KakaoTalkChats.txt", "대화.txt", "KakaoTalk_Chat.log"])
@pytest.mark.parametrize("subtype", ["plain", "octet-stream"])
def test_an_attached_chat_is_a_document_of_its_own(tmp_path: Path, file_name: str, subtype: str) -> None:
    mail = letter("대화 보내요. 너무 좋네요!")
    if subtype == "plain":
        mail.add_attachment(CHAT, filename=file_name)
    else:
        mail.add_attachment(CHAT.encode(), maintype="application", subtype=subtype, filename=file_name)
    found = passages(write(tmp_path / "a.eml", mail))
    assert [(each.document, each.kind, each.speaker, each.text) for each in found] == [
        (1, "mail", "김서연", "대화 보내요. 너무 좋네요!"),
        (2, "chat", "지우", "시험을 잘 봐서 날아갈 것 같아"),
        (2, "chat", "하람", "축하해 정말 자랑스럽다"),
    ]


def test_attached_mails_are_documents_of_their_own(tmp_path: Path) -> None:
    inner = letter("물건이 부서져서 속상해요.", "이하람 <lee@example.com>")
    mail = letter("전달합니다.")
    mail.add_attachment(inner)
    mail.add_attachment(bytes(inner), maintype="application", subtype="octet-stream", filename="편지.eml")
    assert said(write(tmp_path / "a.eml", mail)) == [
        (1, "김서연", "전달합니다."),
        (2, "이하람", "물건이 부서져서 속상해요."),
        (3, "이하람", "물건이 부서져서 속상해요."),
    ]


def test_an_attached_mail_that_was_sent_in_base64_is_read(tmp_path: Path) -> None:
    mail = letter("전달합니다.")
    inner = bytes(letter("속상해요.", "이하람 <lee@example.com>"))
    mail.add_attachment(inner, maintype="application", subtype="octet-stream")
    content = bytes(mail).replace(b"application/octet-stream", b"message/rfc822")
    path = tmp_path / "a.eml"
    path.write_bytes(content)
    assert said(path)[-1] == (2, "이하람", "속상해요.")


def test_other_attachments_are_named_and_not_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    mail = letter("서류 보냅니다.")
    mail.add_attachment("그냥 메모입니다.\n", filename="메모.txt")
    mail.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="사진.png")
    mail.add_attachment(b"not a mail", maintype="application", subtype="octet-stream", filename="망가진.eml")
    assert said(write(tmp_path / "a.eml", mail)) == [(1, "김서연", "서류 보냅니다.")]
    assert "a.eml: what is attached was not read: 메모.txt, 사진.png, 망가진.eml" in caplog.text


@pytest.mark.parametrize(
    ("media_type", "file_name", "cause"),
    [("ms-tnef", "winmail.dat", "TNEF"), ("octet-stream", "winmail.dat", "TNEF"), ("pdf", "a.pdf", "")],
)
def test_a_mail_with_its_words_in_an_attachment_only_is_refused_with_the_truth(
    tmp_path: Path, media_type: str, file_name: str, cause: str
) -> None:
    mail = letter("\n")
    mail.add_attachment(b"\x78\x9f\x3e\x22", maintype="application", subtype=media_type, filename=file_name)
    with pytest.raises(InputError, match="no words but in attachments") as error:
        passages(write(tmp_path / "a.eml", mail))
    assert file_name in error.value.text()
    assert cause in error.value.cause


def test_the_plain_part_beside_winmail_is_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    mail = letter("정말 감사드려요.")
    mail.add_attachment(
        b"\x78\x9f\x3e\x22", maintype="application", subtype="ms-tnef", filename="winmail.dat"
    )
    assert said(write(tmp_path / "a.eml", mail)) == [(1, "김서연", "정말 감사드려요.")]
    assert "winmail.dat" in caplog.text


def test_text_that_a_program_has_put_around_pictures_is_read_whole(tmp_path: Path) -> None:
    parts = ["여행 사진이에요.", "다시 가고 싶어요!"]
    middle = "Content-Type: image/png\nContent-Disposition: inline; filename=a.png\n\nx"
    texts = [f"Content-Type: text/plain; charset=utf-8\n\n{part}" for part in parts]
    body = "\n--B\n".join(["", texts[0], middle, texts[1]]) + "\n--B--\n"
    path = tmp_path / "a.eml"
    path.write_text(f"From: a@b.kr\nContent-Type: multipart/mixed; boundary=B\n{body}", encoding="utf-8")
    assert [each.text for each in passages(path)] == parts


@pytest.mark.parametrize("subtype", ["plain", "html"])
def test_only_lines_of_plain_text_go_on_in_the_next_one(tmp_path: Path, subtype: str) -> None:
    lines = ["지난번에 말씀드린 물건이 아직도 도착하지 않아서 정말 답답하고", "화가 납니다"]
    mail = letter("x")
    mail.set_content(
        "".join(f"<div>{line}</div>" for line in lines) if subtype == "html" else "\n".join(lines)
    )
    if subtype == "html":
        mail.replace_header("Content-Type", "text/html; charset=utf-8")
    found = [text for _, _, text in said(write(tmp_path / "a.eml", mail))]
    assert found == ([" ".join(lines)] if subtype == "plain" else lines)


def test_a_name_does_not_make_an_attachment_of_the_whole_mail(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    head = 'From: a@b.kr\nContent-Type: text/plain; charset=utf-8; name="body.txt"\n'
    path.write_text(f"{head}\n정말 기뻐요.\n", encoding="utf-8")
    assert [each.text for each in passages(path)] == ["정말 기뻐요."]


def test_a_file_of_apple_mail_holds_more_than_the_mail(tmp_path: Path) -> None:
    content = bytes(letter("정말 기뻐요."))
    path = tmp_path / "1.emlx"
    path.write_bytes(
        f"{len(content):<11}\n".encode() + content + b'<?xml version="1.0"?>\n<plist>\n</plist>\n'
    )
    assert said(path) == [(1, "김서연", "정말 기뻐요.")]


@pytest.mark.parametrize(
    ("file_name", "content", "form"),
    [("winmail.dat", b"\x78\x9f\x3e\x22\x01\x00", "TNEF"), ("a.pst", b"!BDN\x00\x01", "PST")],
)
def test_other_files_of_outlook_are_named(tmp_path: Path, file_name: str, content: bytes, form: str) -> None:
    path = tmp_path / file_name
    path.write_bytes(content)
    with pytest.raises(InputError, match=form):
        passages(path)


def test_the_html_is_read_where_the_plain_part_is_damaged(tmp_path: Path) -> None:
    body = (
        b"--B\nContent-Type: text/plain; charset=utf-8\n\n\xff\xfe\xff\x80 \x81\n"
        b"--B\nContent-Type: text/html; charset=utf-8\n\n<p>" + "다행이에요.".encode() + b"</p>\n--B--\n"
    )
    path = tmp_path / "a.eml"
    path.write_bytes(b"From: a@b.kr\nContent-Type: multipart/alternative; boundary=B\n\n" + body)
    assert [each.text for each in passages(path)] == ["다행이에요."]


def test_parts_without_a_boundary_are_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    path.write_text(
        "From: a@b.kr\nSubject: x\nContent-Type: multipart/mixed\n\n--B\n\n글\n", encoding="utf-8"
    )
    with pytest.raises(InputError, match="cannot be told apart"):
        passages(path)


@pytest.mark.parametrize("depth", [3, 40, 2000])
def test_mails_in_mails_are_read_as_deep_as_people_go(tmp_path: Path, depth: int) -> None:
    head = b"From: a@b.kr\nContent-Type: message/rfc822\n\n"
    path = tmp_path / "a.eml"
    path.write_bytes(head * depth + b"From: c@d.kr\nSubject: x\n\n" + "깊은 글이에요.".encode())
    if depth == 3:
        assert [(each.document, each.speaker) for each in passages(path)] == [(4, "c@d.kr")]
    else:
        with pytest.raises(InputError):
            passages(path)


@pytest.mark.parametrize("depth", [5, 200, 400, 3000])
def test_parts_in_parts_are_read_or_refused(tmp_path: Path, depth: int) -> None:
    opened = "".join(f"Content-Type: multipart/mixed; boundary=B{n}\n\n--B{n}\n" for n in range(depth))
    path = tmp_path / "a.eml"
    path.write_text(
        f"From: a@b.kr\n{opened}Content-Type: text/plain; charset=utf-8\n\n좋아요.\n", encoding="utf-8"
    )
    try:
        assert [each.text for each in passages(path)] == ["좋아요."]
    except InputError as error:
        assert depth > 100
        assert "a.eml is not a mail that can be read" in error.what


def test_in_a_mailbox_what_is_attached_stands_after_its_mail(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = letter("첫째 글이에요."), letter("둘째 글이에요.")
    first.add_attachment(letter("안에 든 글이에요.", "이하람 <lee@example.com>"))
    second.add_attachment(b"x", maintype="application", subtype="zip", filename="b.zip")
    path = tmp_path / "a.mbox"
    separator = b"From a@b.kr Fri May  1 21:12:03 2026\n"
    path.write_bytes(b"".join(separator + bytes(each) + b"\n" for each in (first, second)))
    assert said(path) == [
        (1, "김서연", "첫째 글이에요."),
        (2, "이하람", "안에 든 글이에요."),
        (3, "김서연", "둘째 글이에요."),
    ]
    assert "b.zip" in caplog.text


def test_lines_that_a_mailbox_has_escaped_are_the_writers(tmp_path: Path) -> None:
    path = tmp_path / "a.mbox"
    head = "From a@b.kr Fri May  1 21:12:03 2026\nFrom: a@b.kr\nSubject: x\n\n"
    path.write_text(f"{head}>From 서울 with love.\n", encoding="utf-8")
    assert [each.text for each in passages(path)] == ["From 서울 with love."]


def test_a_line_of_a_writer_that_a_mailbox_has_not_escaped_begins_no_mail(tmp_path: Path) -> None:
    path = tmp_path / "a.mbox"
    mail = b"From a@b.kr Fri May  1 21:12:03 2026\n" + bytes(letter("고마워요.\n\nFrom 서울 with love."))
    path.write_bytes(mail + b"\n" + mail)
    assert [each.text for each in passages(path)] == ["고마워요.", "From 서울 with love."] * 2


def test_the_html_is_read_where_the_plain_part_says_no_more_than_that(tmp_path: Path) -> None:
    mail = letter("이 메일은 HTML 형식입니다.")
    mail.add_alternative("<p>정말&nbsp;기뻤어요.</p>", subtype="html")
    assert [each.text for each in passages(write(tmp_path / "a.eml", mail))] == ["정말 기뻤어요."]


def test_html_that_is_sent_as_plain_text_is_read_as_html(tmp_path: Path) -> None:
    path = write(tmp_path / "a.eml", letter("<div>고마워요.</div><div>1 &lt; 2</div>"))
    assert [each.text for each in passages(path)] == ["고마워요.", "1 < 2"]

"""Mails in every charset that Korea has used, under every name that it was given."""

from __future__ import annotations

import base64
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.documents.mails.charsets import decode_charset, decode_header
from etl.documents.mails.mime import sender_of
from etl.documents.passage import Passage
from etl.documents.read import read_document
from etl.errors import InputError

# 똠 and 펲 are in cp949 and not in EUC-KR.
WIDE, TEXT = "똠방각하 펲시 넷째 줄", "정말 고맙고 기쁩니다"
CP949_NAMES = [
    "ks_c_5601-1987",
    "KS_C_5601-1989",
    "ksc_5601",
    "KSC5601",
    "iso-ir-149",
    "csKSC56011987",
    "cseuckr",
    "x-euc-kr",
    "euc-kr",
    "windows-949",
    "x-windows-949",
    "ms949",
    "cp949",
    "5601",
    "uhc",
    "korean",
]
OTHERS = {
    "johab": "johab",
    "x-johab": "johab",
    "iso-2022-kr": "iso2022_kr",
    "csISO2022KR": "iso2022_kr",
    "utf-7": "utf-7",
    "unicode-1-1-utf-7": "utf-7",
    "utf8": "utf-8",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
}


def write(
    path: Path, content: bytes, charset: str, encoding: str = "8bit", sender: bytes = b"a@b.kr"
) -> Path:
    head = f"Subject: x\nContent-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {encoding}\n"
    path.write_bytes(b"From: " + sender + b"\n" + head.encode() + b"\n" + content)
    return path


def passages(path: Path) -> list[Passage]:
    return list(read_document(path, path.name))


def encoded_word(text: str, charset: str, codec: str) -> bytes:
    return f"=?{charset}?B?{base64.b64encode(text.encode(codec)).decode()}?=".encode()


@pytest.mark.parametrize(
    ("charset", "codec", "text"),
    [(name, "cp949", WIDE) for name in CP949_NAMES] + [(name, codec, TEXT) for name, codec in OTHERS.items()],
)
def test_every_name_of_a_charset_is_known_in_body_and_sender(
    tmp_path: Path, charset: str, codec: str, text: str
) -> None:
    sender = encoded_word(text, charset, codec) + b" <a@b.kr>"
    content = base64.b64encode((text + ".").encode(codec))
    (found,) = passages(write(tmp_path / "a.eml", content, charset, "base64", sender))
    assert (found.speaker, found.text) == (text, text + ".")


def test_the_bytes_are_believed_more_than_a_charset_in_which_they_make_no_sense() -> None:
    assert decode_charset(TEXT.encode(), "ks_c_5601-1987") == TEXT
    assert decode_charset(TEXT.encode("cp949"), "utf-8") == TEXT
    assert decode_charset(TEXT.encode("cp949"), "iso-8859-1") == TEXT
    assert decode_charset(TEXT.encode("cp949"), "no-such-charset") == TEXT


def test_a_syllable_that_euc_kr_spells_in_eight_bytes_is_one() -> None:
    assert decode_charset("똠".encode("euc_kr"), "euc-kr") == "똠"


@pytest.mark.parametrize(
    "charset", ["unicode_escape", "punycode", "idna", "rot13", "base64", "undefined", "\0", ""]
)
def test_codecs_that_are_no_charsets_are_not_used(charset: str) -> None:
    assert decode_charset(rb"\uac00 xn--", charset) == r"\uac00 xn--"


def test_half_of_a_character_in_utf_7_is_no_text() -> None:
    assert decode_charset(b"\xff+2AA-\xff", "utf-7") is None
    found = decode_charset(b"+2AA-", "utf-7")
    assert found is None or found.encode()


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ('"=?utf-8?B?6rmA7ISc7Jew?=" <a@b.kr>', "김서연"),
        ("=?utf-8?Q?=EA=B9=80_=EC=84=9C=EC=97=B0?= <a@b.kr>", "김 서연"),
        ("=?utf-8?Q?=EA=B9=80,_=EC=84=9C=EC=97=B0?= <a@b.kr>", "김, 서연"),
        ("=?UTF-8?B?6rmA?=\r\n =?utf-8?b?7ISc7Jew?= <a@b.kr>", "김서연"),
        ("=?utf-8*ko?B?6rmA7ISc7Jew?= <a@b.kr>", "김서연"),
        ("=?utf-8?B?6rmA7ISc7Jew?=<a@b.kr>", "김서연"),
        ('"Kim \\"K\\" Seo" <a@b.kr>', 'Kim "K" Seo'),
        ("a@b.kr (Seo Kim)", "Seo Kim"),
        ("<a@b.kr>", "a@b.kr"),
        ("=?euc-kr?B?/////?= <a@b.kr>", "a@b.kr"),
        ("", None),
    ],
)
def test_the_name_of_a_sender(raw: str, name: str | None) -> None:
    assert sender_of(raw) == name


@given(
    st.text("가힣똠펲김, a", min_size=1, max_size=12), st.integers(1, 5), st.sampled_from(["utf-8", "cp949"])
)
def test_words_that_are_cut_inside_a_character_are_put_together(text: str, at: int, codec: str) -> None:
    content = text.encode(codec)
    pieces = [content[start : start + at] for start in range(0, len(content), at)]
    raw = "\r\n ".join(f"=?{codec}?B?{base64.b64encode(piece).decode()}?=" for piece in pieces)
    assert decode_header(raw) == text


@pytest.mark.parametrize("codec", ["utf-8", "cp949"])
def test_a_header_in_raw_bytes_is_read(tmp_path: Path, codec: str) -> None:
    sender = "김서연 <a@b.kr>".encode(codec)
    (found,) = passages(write(tmp_path / "a.eml", "좋아요.".encode(codec), "euc-kr", sender=sender))
    assert found.speaker == "김서연"


def test_base64_that_is_none_is_damage(tmp_path: Path) -> None:
    path = write(tmp_path / "a.eml", b"7ZWY656M7", "utf-8", "base64")
    with pytest.raises(InputError, match=r"a\.eml is damaged|encoding of a\.eml is not known"):
        passages(path)


def test_damaged_quoted_printable_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    (found,) = passages(
        write(tmp_path / "a.eml", b"=EC=A2=8B=EC=95=84=EC=9A=94 50=ZZ%.", "utf-8", "quoted-printable")
    )
    assert found.text == "좋아요 50=ZZ%."


def test_flowed_lines_are_put_together(tmp_path: Path) -> None:
    body = "어제는 정말 행 \n복했고 또 \n기뻤어요.\n다음 문단이에요.\n"
    head = "text/plain; charset=utf-8; format=flowed; delsp=yes"
    path = tmp_path / "a.eml"
    path.write_bytes(f"From: a@b.kr\nSubject: x\nContent-Type: {head}\n\n{body}".encode())
    assert [each.text for each in passages(path)] == ["어제는 정말 행복했고 또기뻤어요.", "다음 문단이에요."]


def test_a_type_without_a_semicolon_after_it_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    head = b"From: a@b.kr\nSubject: x\nContent-Type: text/plain charset=euc-kr\n\n"
    path.write_bytes(head + "고마워요.".encode("cp949"))
    assert [each.text for each in passages(path)] == ["고마워요."]


def test_a_flowed_line_that_was_stuffed_is_no_quote(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    head = "From: a@b.kr\nSubject: x\nContent-Type: text/plain; charset=utf-8; format=flowed"
    path.write_bytes(f"{head}\n\n > 이 화살표는 제 것이에요.\n> 이것은 인용.\n".encode())
    assert [each.text for each in passages(path)] == ["> 이 화살표는 제 것이에요."]


@pytest.mark.parametrize(
    "header",
    [
        "attachment; filename*=utf-8''%EB%B3%B4%EA%B3%A0.pdf",
        "attachment; filename*0*=euc-kr''%BA%B8%B0; filename*1*=%ED.pdf",
        'attachment; filename="=?windows-949?B?uriw7S5wZGY=?="',
        'attachment; filename="보고.pdf"',
    ],
)
def test_the_names_of_attachments_are_told(
    tmp_path: Path, header: str, caplog: pytest.LogCaptureFixture
) -> None:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "a@b.kr", "x"
    mail.set_content("고마워요.")
    mail.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="NAME")
    path = tmp_path / "a.eml"
    path.write_bytes(bytes(mail).replace(b'attachment; filename="NAME"', header.encode("cp949")))
    assert [each.text for each in passages(path)] == ["고마워요."]
    assert "보고.pdf" in caplog.text

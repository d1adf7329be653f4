"""HWP 5: each sentence of the body once, whole and in order, and nothing that is not body."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import pytest
from support import hwp_files as hwp
from support.hwp_files import Control, Deleted, Piece, section, write_hwp

from etl.documents.passage import Passage
from etl.documents.read import read_document
from etl.errors import InputError

SIGN = Control(9, is_inline=True)


def passages(path: Path) -> list[Passage]:
    return list(read_document(path, path.name))


def texts(path: Path, *paragraphs: str | Sequence[Piece], flags: int = hwp.COMPRESSED) -> list[str]:
    return [each.text for each in passages(write_hwp(path / "self.hwp", section(*paragraphs), flags=flags))]


@pytest.mark.parametrize("flags", [0, hwp.COMPRESSED])
def test_paragraphs_in_their_order_with_their_places(tmp_path: Path, flags: int) -> None:
    long = "저는 끝까지 참았습니다. " * 300
    path = write_hwp(
        tmp_path / "self.hwp", section("지원 동기", "", "너무 슬펐습니다. 😀", long), flags=flags
    )
    assert [(each.kind, each.unit, each.position, each.text) for each in passages(path)] == [
        ("formal", "paragraph", 1, "지원 동기"),
        ("formal", "paragraph", 3, "너무 슬펐습니다. 😀"),
        ("formal", "paragraph", 4, long.strip()),
    ]


def test_blanks_tabs_and_line_breaks(tmp_path: Path) -> None:
    spaced = [
        "늘",
        Control(30),
        "설레는",
        Control(31),
        "마음",
        SIGN,
        "으로 삽니다.",
        Control(10),
        "e",
        Control(24),
        "mail",
    ]
    assert texts(tmp_path, spaced) == ["늘 설레는 마음 으로 삽니다.", "e-mail"]


def test_a_note_in_the_middle_of_a_word_comes_after_its_paragraph(tmp_path: Path) -> None:
    end = hwp.control(17, "en  ", "미주입니다.")
    noted = ["동료들과 행", hwp.note("각주도 읽습니다."), "복했습니다.", end]
    assert texts(tmp_path, noted) == ["동료들과 행복했습니다.", "각주도 읽습니다.", "미주입니다."]


def test_tables_boxes_captions_and_what_stands_in_them(tmp_path: Path) -> None:
    inner = hwp.table("아이들이 웃을 때 행복했습니다.", caption="안쪽 표")
    boxed = hwp.box("상자에 쓴 글입니다.", "두 번째 문단입니다.", caption="상자")
    outer = hwp.table("기간", ["활동", inner], [boxed], "2024", caption="봉사 활동")
    grouped = [hwp.group("묶은 상자 하나", "묶은 상자 둘"), hwp.equation("x over y", "식의 캡션")]
    assert texts(tmp_path, ["앞 문장입니다.", outer, "뒤 문장입니다."], grouped, "끝입니다.") == [
        "앞 문장입니다. 뒤 문장입니다.",
        "봉사 활동",
        "기간",
        "활동",
        "안쪽 표",
        "아이들이 웃을 때 행복했습니다.",
        "상자",
        "상자에 쓴 글입니다.",
        "두 번째 문단입니다.",
        "2024",
        "묶은 상자 하나",
        "묶은 상자 둘",
        "식의 캡션",
        "끝입니다.",
    ]


def test_headers_footers_memos_comments_and_master_pages_are_not_body(tmp_path: Path) -> None:
    body = [
        hwp.control(16, "head", "머리말입니다."),
        hwp.control(16, "foot", "꼬리말입니다."),
        "저는 ",
        hwp.control(15, "tcmt", "숨은 설명입니다."),
        *hwp.field("%%me", "끝까지"),
        " 참았습니다.",
        Control(22, "bokm"),
        Control(22, "idxm", hwp.counted("찾아보기")),
    ]
    memo = hwp.record(hwp.MEMO_LIST, 1, bytes(4)) + hwp.paragraphs(1, ["메모입니다."])
    last_page = hwp.paragraphs(1, ["마지막 바탕쪽입니다."], 34)
    path = write_hwp(tmp_path / "self.hwp", section(body, "다시 웃었습니다.") + last_page + memo)
    assert [each.text for each in passages(path)] == ["저는 끝까지 참았습니다.", "다시 웃었습니다."]


def test_form_fields_give_what_was_filled_in_and_not_their_direction(tmp_path: Path) -> None:
    edit = "CommonSet:set:9:Name:wstring:1:E EditSet:set:40:Text:wstring:7:적어 넣은 글 MultiLine:bool:0 "
    assert texts(
        tmp_path,
        ["이름: ", *hwp.click_here("이름을 쓰세요", "이름을 쓰세요")],
        ["기분: ", *hwp.click_here("무척 설렙니다.", "기분을 쓰세요")],
        ["글은 ", *hwp.field("%hlk", "여기", command="http\\://example.com;1;0;0;"), "에 있습니다."],
        [hwp.form("tde+", edit), hwp.form("tbc+", "Caption:wstring:6:동의합니다. ")],
        [hwp.form("tbp+", "Caption:wstring:2:명령 ")],
    ) == ["이름:", "기분: 무척 설렙니다.", "글은 여기에 있습니다.", "적어 넣은 글", "동의합니다."]


def test_numbers_glosses_and_overlapped_letters(tmp_path: Path) -> None:
    number = Control(18, "atno", struct.pack("<IHHHH", 4, 3, 0, 0, 0))
    gloss = Control(23, "tdut", hwp.counted("희망") + hwp.counted("hope") + bytes(20))
    overlapped = Control(23, "tcps", hwp.counted("갑") + bytes(40))
    assert texts(tmp_path, ["표 ", number, " 성적"], [gloss, "을 ", overlapped, "에게"]) == [
        "표 3 성적",
        "희망을 갑에게",
    ]


def test_a_control_without_its_record_takes_nothing_from_the_others(tmp_path: Path) -> None:
    lost = Control(11, "gso ", is_inline=True)
    glossed = ["앞", lost, Control(23, "tdut", hwp.counted("희망") + bytes(20)), "뒤", hwp.note("각주")]
    assert texts(tmp_path, glossed) == ["앞희망뒤", "각주"]


def test_tracked_deletions_are_left_out_with_their_objects_and_the_ends_of_paragraphs(tmp_path: Path) -> None:
    assert texts(
        tmp_path,
        [
            "저는 실패가 ",
            Deleted(("두렵습니다.", hwp.table("지운 표"))),
            "두렵지 않습니다.",
            hwp.note("각주"),
        ],
        ["다시 ", Deleted(("한 번",), takes_end=True)],
        ["일어섰습니다."],
    ) == ["저는 실패가 두렵지 않습니다.", "각주", "다시 일어섰습니다."]


def test_the_final_text_of_tracked_changes_is_believed_where_the_file_keeps_both(tmp_path: Path) -> None:
    flags = hwp.TRACKED | hwp.COMPRESSED
    path = write_hwp(
        tmp_path / "a.hwp",
        section([Deleted(("마지막 글입니다.",))]),
        flags=flags,
        others={"ViewText": {"Section0": b"x"}},
    )
    assert [each.text for each in passages(path)] == ["마지막 글입니다."]


def test_section_10_comes_after_section_2(tmp_path: Path) -> None:
    sections = [section(f"{number}번째 장입니다.") for number in range(12)]
    path = write_hwp(tmp_path / "self.hwp", *sections)
    assert [each.text for each in passages(path)] == [f"{number}번째 장입니다." for number in range(12)]


@pytest.mark.parametrize("seed", [0, 5, 0x7FFFFFFF, 0xFFFFFFF0])
@pytest.mark.parametrize("flags", [hwp.DISTRIBUTION, hwp.DISTRIBUTION | hwp.COMPRESSED])
def test_a_document_for_distribution_is_deciphered_and_its_notice_is_never_read(
    tmp_path: Path, seed: int, flags: int
) -> None:
    sections = [section("저는 늘 설렙니다."), section(["동료와 행", hwp.note("각주"), "복했습니다."])]
    path = write_hwp(tmp_path / "self.hwp", *sections, flags=flags, seed=seed)
    assert [each.text for each in passages(path)] == ["저는 늘 설렙니다.", "동료와 행복했습니다.", "각주"]


def nested(depth: int) -> Control:
    inner: Control | str = "가장 안쪽 글"
    for _ in range(depth):
        inner = hwp.table([inner] if isinstance(inner, Control) else inner)
    assert isinstance(inner, Control)
    return inner


def test_tables_in_each_other_are_read_as_deep_as_anybody_goes(tmp_path: Path) -> None:
    assert texts(tmp_path, [nested(50)]) == ["가장 안쪽 글"]
    with pytest.raises(InputError, match="cannot be read as HWP"):
        texts(tmp_path, [nested(110)])


@pytest.mark.parametrize(
    ("content", "flags", "said"),
    [
        (section("글"), hwp.COMPRESSED | hwp.PASSWORD, "is encrypted"),
        (section("글"), hwp.COMPRESSED | 1 << 4, "is encrypted"),
        (section("글")[:-3], 0, "expected a record of"),
        (hwp.record(hwp.PARA_HEADER, 0) * 1_000_001, hwp.COMPRESSED, "would be far too large once unpacked"),
    ],
)
def test_what_cannot_be_read_is_explained(tmp_path: Path, content: bytes, flags: int, said: str) -> None:
    with pytest.raises(InputError) as refused:
        passages(write_hwp(tmp_path / "a.hwp", content, flags=flags))
    assert said in str(refused.value)
    assert "\n  Next: " in str(refused.value)


def test_a_document_for_distribution_without_its_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read as HWP"):
        passages(write_hwp(tmp_path / "a.hwp", flags=hwp.DISTRIBUTION))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("old.hwp", b"HWP Document File V3.00 \x1a\1\2\3\4\5", "is a document of Hangul 3 or older"),
        ("a.hml", b'<?xml version="1.0"?><HWPML Version="2.1"></HWPML>', "HWPML"),
    ],
)
def test_older_forms_of_hangul_are_named_and_not_read(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as refused:
        passages(path)
    assert said in str(refused.value)
    assert "which is not read" in str(refused.value)

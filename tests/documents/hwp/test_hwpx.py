"""HWPX: each sentence of the body once, whole and in order, and nothing that is not body."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.hwpx_files import box, control, field, paragraph, run, section, sub_list, table, write_hwpx

from etl.documents.passage import Passage
from etl.documents.read import read_document
from etl.errors import InputError


def passages(path: Path) -> list[Passage]:
    return list(read_document(path, path.name))


def texts(path: Path, *sections: str) -> list[str]:
    return [each.text for each in passages(write_hwpx(path / "self.hwpx", *sections))]


def test_paragraphs_in_their_order_with_their_places(tmp_path: Path) -> None:
    path = write_hwpx(tmp_path / "self.hwpx", section("지원 동기", "", "실패했을 때는 너무 슬펐습니다."))
    assert [(each.kind, each.unit, each.position, each.text) for each in passages(path)] == [
        ("formal", "paragraph", 1, "지원 동기"),
        ("formal", "paragraph", 3, "실패했을 때는 너무 슬펐습니다."),
    ]


def test_a_word_that_is_cut_into_runs_and_pieces_is_whole(tmp_path: Path) -> None:
    torn = paragraph(
        run("저는 행"), run("복"), "<hp:run><hp:t>했습<hp:markpenBegin/>니<hp:markpenEnd/>다.</hp:t></hp:run>"
    )
    assert texts(tmp_path, section(torn)) == ["저는 행복했습니다."]


def test_blanks_tabs_and_line_breaks(tmp_path: Path) -> None:
    spaced = paragraph(
        "<hp:t>늘<hp:nbSpace/>설레는<hp:fwSpace/>마음<hp:tab/>으로\u00ad 삽니다."
        "<hp:lineBreak/>e<hp:hyphen/>mail</hp:t>"
    )
    assert texts(tmp_path, section(spaced)) == ["늘 설레는 마음 으로 삽니다.", "e-mail"]


def test_a_note_in_the_middle_of_a_word_comes_after_its_paragraph(tmp_path: Path) -> None:
    noted = paragraph(
        "동료들과 행",
        control("footNote", "각주도 읽습니다."),
        "복했습니다.",
        control("endNote", "미주입니다."),
    )
    assert texts(tmp_path, section(noted)) == ["동료들과 행복했습니다.", "각주도 읽습니다.", "미주입니다."]


def test_tables_boxes_captions_and_what_stands_in_them(tmp_path: Path) -> None:
    inner = table(["아이들이 웃을 때 행복했습니다."], caption="안쪽 표")
    boxed = paragraph(box("상자에 쓴 글입니다.", "두 번째 문단입니다."))
    outer = table(["기간", paragraph("활동", inner)], [boxed, "2024"], caption="봉사 활동")
    group = "<hp:container>{}</hp:container>".format
    grouped = group(box("묶은 상자 하나") + group(box("묶은 상자 둘")))
    assert texts(
        tmp_path, section(paragraph("앞 문장입니다.", outer, "뒤 문장입니다."), paragraph(grouped))
    ) == [
        "앞 문장입니다. 뒤 문장입니다.",
        "봉사 활동",
        "기간",
        "활동",
        "안쪽 표",
        "아이들이 웃을 때 행복했습니다.",
        "상자에 쓴 글입니다.",
        "두 번째 문단입니다.",
        "2024",
        "묶은 상자 하나",
        "묶은 상자 둘",
    ]


def test_tables_between_paragraphs_come_where_they_stand(tmp_path: Path) -> None:
    body = section("앞 문장입니다.", "표", "뒤 문장입니다.").replace(paragraph("표"), table(["표의 칸"]))
    assert texts(tmp_path, body) == ["앞 문장입니다.", "표의 칸", "뒤 문장입니다."]


def test_headers_footers_memos_comments_master_pages_and_equations_are_not_body(tmp_path: Path) -> None:
    page = f"<hp:secPr><hp:masterPage>{sub_list('바탕쪽입니다.')}</hp:masterPage></hp:secPr>"
    equation = "<hp:equation><hp:script>x over y</hp:script></hp:equation>"
    body = paragraph(
        page,
        control("header", "머리말입니다."),
        control("footer", "꼬리말입니다."),
        "저는 ",
        control("hiddenComment", "숨은 설명입니다."),
        field("MEMO", "끝까지", memo="메모입니다."),
        " 참았습니다.",
        equation,
    )
    assert texts(tmp_path, section(body)) == ["저는 끝까지 참았습니다."]


def test_form_fields_give_what_was_filled_in_and_not_their_direction(tmp_path: Path) -> None:
    fields = [
        paragraph("이름: ", field("CLICK_HERE", "이름을 쓰세요", direction="이름을 쓰세요")),
        paragraph("기분: ", field("CLICK_HERE", "무척 설렙니다.", direction="기분을 쓰세요")),
        paragraph("글은 ", field("HYPERLINK", "여기"), "에 있습니다."),
        paragraph('<hp:edit name="e"><hp:text>적어 넣은 글</hp:text></hp:edit>'),
        paragraph(
            '<hp:comboBox selectedValue="고른 값"/>',
            '<hp:checkBtn caption="동의합니다."/>',
            '<hp:btn caption="명령"/>',
        ),
    ]
    assert texts(tmp_path, section(*fields)) == [
        "이름:",
        "기분: 무척 설렙니다.",
        "글은 여기에 있습니다.",
        "적어 넣은 글",
        "고른 값",
        "동의합니다.",
    ]


def test_numbers_glosses_and_overlapped_letters(tmp_path: Path) -> None:
    number = "<hp:ctrl><hp:autoNum num='3' numType='{}'/></hp:ctrl>".format
    note = control("footNote", paragraph(number("FOOTNOTE"), " 주석"))
    numbered = paragraph("표 ", number("TABLE"), " 성적", note)
    glossed = paragraph(
        "<hp:dutmal><hp:mainText>희망</hp:mainText><hp:subText>hope</hp:subText></hp:dutmal>",
        "을 ",
        '<hp:compose composeText="갑"/>',
        "에게",
    )
    assert texts(tmp_path, section(numbered, glossed)) == ["표 3 성적", "주석", "희망을 갑에게"]


def test_tracked_deletions_are_left_out_also_over_the_ends_of_paragraphs(tmp_path: Path) -> None:
    def begin(number: int) -> str:
        return f'<hp:deleteBegin Id="{number}" TcId="{number}"/>'

    def end(number: int, paraend: int = 0) -> str:
        return f'<hp:deleteEnd Id="{number}" TcId="{number}" paraend="{paraend}"/>'

    body = section(
        paragraph(
            f"<hp:t>저는 실패가 {begin(1)}두렵습니다.{end(1)}<hp:insertBegin Id='2'/>두렵지 않습니다.</hp:t>"
        ),
        paragraph(f"<hp:t>기쁜 {begin(3)}하루</hp:t>"),
        paragraph("지운 문단", table(["지운 표"])),
        paragraph(f"<hp:t>지운 끝{end(3)}날이었습니다.</hp:t>"),
        paragraph(f"<hp:t>다시 {begin(4)}한 번{end(4, 1)}</hp:t>"),
        paragraph("일어섰습니다."),
    )
    assert texts(tmp_path, body) == [
        "저는 실패가 두렵지 않습니다.",
        "기쁜 날이었습니다.",
        "다시 일어섰습니다.",
    ]


def test_sections_come_in_the_order_of_the_package_or_of_their_numbers(tmp_path: Path) -> None:
    sections = [section(f"{number}번째 장입니다.") for number in range(12)]
    assert texts(tmp_path, *sections) == [f"{number}번째 장입니다." for number in range(12)]
    package = (
        '<opf:package xmlns:opf="http://www.idpf.org/2007/opf/"><opf:manifest>'
        '<opf:item id="a" href="Contents/section1.xml"/><opf:item id="b" href="Contents/section0.xml"/>'
        '</opf:manifest><opf:spine><opf:itemref idref="a"/><opf:itemref idref="b"/></opf:spine></opf:package>'
    )
    path = write_hwpx(tmp_path / "b.hwpx", *sections[:2], others={"Contents/content.hpf": package})
    assert [each.text for each in passages(path)] == ["1번째 장입니다.", "0번째 장입니다."]


@pytest.mark.parametrize(
    ("content", "others", "said"),
    [
        ("<hs:sec", {}, "cannot be read as HWPX"),
        ('<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>', {}, "expected no document type"),
        (section("글"), {"META-INF/manifest.xml": "<m><encryption-data/></m>"}, "is encrypted"),
        ("<a>" * 300 + "</a>" * 300, {}, "cannot be read as HWPX"),
    ],
)
def test_what_cannot_be_read_is_explained(
    tmp_path: Path, content: str, others: dict[str, str], said: str
) -> None:
    path = write_hwpx(tmp_path / "a.hwpx", content, others=others)
    with pytest.raises(InputError) as refused:
        passages(path)
    assert said in str(refused.value)
    assert "\n  Next: " in str(refused.value)


def test_a_document_of_pictures_alone_is_empty(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is empty"):
        texts(tmp_path, section(paragraph("<hp:pic><hp:img/></hp:pic>")))

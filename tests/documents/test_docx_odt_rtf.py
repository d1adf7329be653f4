"""Self-introductions from word processors: every sentence once and whole, and nothing but the text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.document_files import write_docx_body, write_odt

from etl.documents.formal.rtf import rtf_text
from etl.documents.read import read_document
from etl.errors import InputError

FOOTNOTES = (
    '<w:footnotes xmlns:w="urn:w"><w:footnote w:id="2"><w:p><w:r><w:t>각주가 반갑습니다.</w:t></w:r></w:p>'
    "</w:footnote></w:footnotes>"
)
BOX = "<w:txbxContent><w:p><w:r><w:t>글상자라 답답합니다.</w:t></w:r></w:p></w:txbxContent>"
DIRECTION = "<w:r><w:t>여기를 눌러 쓰세요.</w:t></w:r>"


def texts(path: Path) -> list[str]:
    return [each.text for each in read_document(path, path.name)]


def run(text: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>"


def style(name: str) -> str:
    return f'<w:rStyle w:val="{name}"/>'


def field(kind: str) -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            f"<w:p>{run('저는 ')}<w:del><w:r><w:delText>슬픕니다.</w:delText></w:r></w:del>"
            f"<w:ins>{run('기쁩니다.')}</w:ins></w:p>",
            ["저는 기쁩니다."],
        ),
        (f"<w:p>{run('앞')}<w:moveFrom>{run('옮김')}</w:moveFrom>{run('뒤')}</w:p>", ["앞뒤"]),
        (
            f"<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr>{run('저는 어릴 때 ')}</w:p>"
            f"<w:p>{run('외로웠습니다.')}</w:p>",
            ["저는 어릴 때 외로웠습니다."],
        ),
        (
            f"<w:p>{run('설레')}<w:r><mc:AlternateContent><mc:Choice><wps:txbx>{BOX}</wps:txbx></mc:Choice>"
            f"<mc:Fallback><v:textbox>{BOX}</v:textbox></mc:Fallback></mc:AlternateContent></w:r>"
            f"{run('는 마음')}</w:p>",
            ["설레는 마음", "글상자라 답답합니다."],
        ),
        (
            f'<w:p>{run("무척 행복")}<w:r><w:footnoteReference w:id="2"/></w:r>{run("했습니다.")}</w:p>',
            ["무척 행복했습니다.", "각주가 반갑습니다."],
        ),
        (f"<w:p>{run('보입니다.')}{run('안 보입니다.', '<w:vanish/>')}</w:p>", ["보입니다."]),
        (
            f"<w:p>{run('보입니다.', '<w:vanish w:val=' + chr(34) + '0' + chr(34) + '/>')}</w:p>",
            ["보입니다."],
        ),
        (
            f"<w:sdt><w:sdtPr/><w:sdtContent><w:p>{run('양식에 쓴 글입니다.')}</w:p></w:sdtContent></w:sdt>"
            f"<w:p><w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{DIRECTION}</w:sdtContent></w:sdt></w:p>",
            ["양식에 쓴 글입니다."],
        ),
        (
            f"<w:tbl><w:tr><w:tc><w:p>{run('장점')}</w:p></w:tc><w:tc><w:p>{run('끈기')}</w:p></w:tc></w:tr>"
            f"<w:tr><w:trPr><w:del/></w:trPr><w:tc><w:p>{run('지운 줄')}</w:p></w:tc></w:tr></w:tbl>",
            ["장점", "끈기"],
        ),
        (
            "<w:p><w:r><w:fldChar/></w:r><w:r><w:instrText>HYPERLINK x</w:instrText></w:r>"
            f"<w:hyperlink>{run('제 블로그')}</w:hyperlink>"
            f"<w:r><w:tab/><w:t>입니다</w:t><w:br/></w:r>{run('끝')}</w:p>",
            ["제 블로그 입니다", "끝"],
        ),
        (
            f"<w:p><w:r><w:ruby><w:rt>{run('동')}</w:rt><w:rubyBase>{run('童話')}</w:rubyBase></w:ruby></w:r></w:p>",
            ["童話"],
        ),
        (
            f"<w:tbl><w:tr><w:tc><w:p>{run('남은 칸')}</w:p></w:tc>"
            f"<w:tc><w:tcPr><w:cellDel/></w:tcPr><w:p>{run('지운 칸')}</w:p></w:tc></w:tr></w:tbl>",
            ["남은 칸"],
        ),
        (
            f"<w:p>{run('앞 ')}{field('begin')}{field('begin')}{field('separate')}{run('조건')}{field('end')}"
            f"{field('separate')}{run('결과')}{field('end')}{run(' 뒤')}</w:p>",
            ["앞 결과 뒤"],
        ),
        (f"<w:p>{run('앞 ')}{field('begin')}{run('끝없는 필드')}</w:p>", ["앞 끝없는 필드"]),
        (
            f"<w:p>{run('저는 바닷가에서')}<w:r><w:br/></w:r>{run('자라 외로웠습니다.')}<w:r><w:br/></w:r>"
            f"{run('성장 과정')}<w:r><w:br/></w:r>{run('기뻤습니다.')}</w:p>",
            ["저는 바닷가에서 자라 외로웠습니다.", "성장 과정", "기뻤습니다."],
        ),
        (
            f"<w:sdt><w:sdtContent><w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr>{run('저는 ')}</w:p>"
            f"</w:sdtContent></w:sdt><w:bookmarkEnd/><w:p>{run('기쁩니다.')}</w:p>",
            ["저는 기쁩니다."],
        ),
        (
            f"<w:p><w:pPr><w:framePr w:dropCap='drop'/></w:pPr>{run('오')}</w:p>"
            f"<w:p>{run('늘은 맑습니다.')}</w:p>",
            ["오늘은 맑습니다."],
        ),
        (
            f"<w:p><w:r><mc:AlternateContent><mc:Choice/><mc:Fallback>{BOX}</mc:Fallback></mc:AlternateContent>"
            f"</w:r></w:p>",
            ["글상자라 답답합니다."],
        ),
        (f"<w:p>{run('저는' + chr(0xA0) + '기' + chr(0xAD) + '쁩니다.')}</w:p>", ["저는 기쁩니다."]),
    ],
)
def test_docx(tmp_path: Path, body: str, expected: list[str]) -> None:
    path = write_docx_body(tmp_path / "a.docx", body, {"word/footnotes.xml": FOOTNOTES})
    assert texts(path) == expected


def test_the_body_of_a_docx_may_have_any_name_and_styles_may_hide(tmp_path: Path) -> None:
    path = write_docx_body(
        tmp_path / "a.docx",
        "",
        {
            "_rels/.rels": '<R><R Type="x/officeDocument" Target="/word/document2.xml"/></R>',
            "word/document2.xml": '<w:d xmlns:w="u"><w:body><w:p><w:r><w:rPr><w:rStyle w:val="S"/></w:rPr>'
            "<w:t>숨은 말</w:t></w:r><w:r><w:t>보이는 말</w:t></w:r></w:p></w:body></w:d>",
            "word/styles.xml": '<w:s xmlns:w="u"><w:style w:styleId="S"><w:rPr><w:vanish/></w:rPr></w:style>'
            "</w:s>",
        },
    )
    assert texts(path) == ["보이는 말"]


def test_a_style_hides_what_is_based_on_it_and_a_run_can_show_it_again(tmp_path: Path) -> None:
    styles = (
        '<w:s xmlns:w="u"><w:style w:styleId="A"><w:rPr><w:vanish/></w:rPr></w:style>'
        '<w:style w:styleId="B"><w:basedOn w:val="A"/></w:style>'
        '<w:style w:styleId="C"><w:basedOn w:val="C"/></w:style></w:s>'
    )
    body = (
        f"<w:p>{run('숨은 말', style('B'))}{run('보이는', style('C'))}"
        f"{run(' 말', style('B') + '<w:vanish w:val=' + chr(34) + '0' + chr(34) + '/>')}</w:p>"
    )
    assert texts(write_docx_body(tmp_path / "a.docx", body, {"word/styles.xml": styles})) == ["보이는 말"]


def test_odt(tmp_path: Path) -> None:
    body = (
        "<text:tracked-changes><text:deletion><text:p>지운 말</text:p></text:deletion></text:tracked-changes>"
        "<text:h>자기소개서</text:h>"
        "<text:p>저는 <text:span>바닷</text:span>가에서<text:s text:c='2'/>자라<text:note>"
        "<text:note-citation>1</text:note-citation><text:note-body><text:p>각주입니다.</text:p></text:note-body></text:note>"
        "<office:annotation><text:p>메모</text:p></office:annotation>외로웠습니다.</text:p>"
        "<text:p>그림<draw:frame><draw:text-box><text:p>글상자입니다.</text:p></draw:text-box>"
        "<svg:title>그림 설명</svg:title></draw:frame>도 있습니다.</text:p>"
        "<table:table><table:table-row><table:table-cell><text:p>장점</text:p></table:table-cell>"
        "<table:covered-table-cell><text:p>가린 칸</text:p></table:covered-table-cell>"
        "</table:table-row></table:table>"
        "<text:section text:display='none'><text:p>숨은 말</text:p></text:section>"
        "<text:list><text:list-item><text:p>첫째<text:line-break/>둘째</text:p></text:list-item></text:list>"
    )
    assert texts(write_odt(tmp_path / "a.odt", body)) == [
        "자기소개서",
        "저는 바닷가에서 자라외로웠습니다.",
        "각주입니다.",
        "그림도 있습니다.",
        "글상자입니다.",
        "장점",
        "첫째",
        "둘째",
    ]


def test_an_encrypted_odt_is_told(tmp_path: Path) -> None:
    path = write_odt(tmp_path / "a.odt", "", "<m:m xmlns:m='u'><m:encryption-data/></m:m>")
    with pytest.raises(InputError, match="is encrypted"):
        texts(path)


def code_page(text: str) -> str:
    return "".join(f"\\'{byte:02x}" for byte in text.encode("cp949"))


def unicode_words(text: str) -> str:
    return "".join(f"\\u{ord(each) - 65536 if ord(each) > 32767 else ord(each)}?" for each in text)


def test_rtf(tmp_path: Path) -> None:
    path = tmp_path / "a.rtf"
    path.write_bytes(
        (
            r"{\rtf1\ansi\ansicpg949\deff0{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset129 "
            + code_page("바탕")
            + r";}}{\*\generator x;}{\header "
            + code_page("머리말")
            + r"}\pard\f0 "
            + code_page("저는 똠방각하처럼 ")
            + r"\f1\'c7\'e0"
            + "\n"
            + r"\'ba\'b9"
            + code_page("합니다")
            + r"{\footnote "
            + code_page("각주입니다.")
            + r"}.\par {\v "
            + code_page("숨은 말")
            + r"}{\deleted "
            + code_page("지운 말")
            + r"}"
            + unicode_words("유니코드도 좋습니다.")
            + r"\par{\field{\*\fldinst HYPERLINK}{\fldrslt "
            + code_page("제 블로그")
            + r"}}\par{\shp{\*\shpinst{\sp{\sn x}{\sv 1}}{\shptxt "
            + code_page("글상자입니다.")
            + r"\par}}{\shprslt "
            + code_page("글상자입니다.")
            + r"}}\trowd "
            + code_page("장점")
            + r"\cell "
            + code_page("끈기")
            + r"\cell\row \{"
            + code_page("끝")
            + r"\}\bin4 "
            + "}{\\x"
            + r"\u-10179?\u-8704?}"
        ).encode("ascii")
    )
    assert texts(path) == [
        "저는 똠방각하처럼 행복합니다.",
        "각주입니다.",
        "유니코드도 좋습니다.",
        "제 블로그",
        "장점",
        "글상자입니다.",
        "끈기",
        "{끝}😀",
    ]


FIRST, SECOND = code_page("저는 바닷가에서"), code_page("자라 외로웠습니다.")


@pytest.mark.parametrize(
    ("rtf", "is_whole"),
    [
        (rf"{{\rtf1\ansicpg949 {FIRST}\line {SECOND}\par}}", True),
        (rf"{{\rtf1\ansicpg949 {FIRST}\page {SECOND}\par}}", True),
        (rf"{{\rtf1\ansi {FIRST} {SECOND}\par}}", True),
        (rf"{{\rtf1\ansicpg949 {FIRST} {SECOND}\par}}" + "\r\n\0", True),
        (rf"{{\rtf1\ansicpg949 {FIRST} {SECOND}"[:-5], False),
    ],
)
def test_a_sentence_of_rtf_is_whole_and_a_file_that_was_cut_off_is_told(
    tmp_path: Path, rtf: str, is_whole: bool
) -> None:
    path = tmp_path / "a.rtf"
    path.write_bytes(rtf.encode("latin-1"))
    if is_whole:
        assert texts(path) == ["저는 바닷가에서 자라 외로웠습니다."]
    else:
        passages = read_document(path, path.name)
        assert next(passages).text.startswith("저는 바닷가에서 자라 외로웠습니")
        with pytest.raises(InputError, match=r"a\.rtf cannot be read as RTF"):
            next(passages)


@given(
    st.text(
        st.characters(codec="cp949", categories=["L", "N", "P", "Zs"], exclude_characters="\\{}"), max_size=40
    )
)
def test_any_text_comes_back_from_rtf_in_either_way_of_writing_it(text: str) -> None:
    for written in (code_page(text), unicode_words(text)):
        found = rtf_text(f"{{\\rtf1\\ansicpg949 {written}\\par}}".encode("ascii"))
        assert found.strip("\n") == text


@given(st.binary(max_size=400))
def test_rtf_is_read_or_not_but_never_fails(content: bytes) -> None:
    assert isinstance(rtf_text(b"{\\rtf1" + content), str)

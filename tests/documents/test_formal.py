"""Self-introductions as text, Markdown, DOCX and PDF, and files that are not what they seem."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.document_files import DATA, write_docx, write_encrypted_pdf, write_pdf

from etl.documents.passage import Kind, Passage
from etl.documents.read import read_document
from etl.errors import InputError


def passages(path: Path, kind: Kind | None = None) -> list[Passage]:
    return list(read_document(path, path.name, kind=kind))


def texts(path: Path) -> list[str]:
    return [each.text for each in passages(path)]


def test_the_lines_of_a_text_are_joined_to_paragraphs() -> None:
    found = passages(DATA / "self-introduction.txt")
    assert [(each.kind, each.unit, each.position) for each in found] == [
        ("formal", "line", number) for number in (1, 3, 5, 8, 10)
    ]
    assert found[2].text == (
        "저는 어려서부터 바닷가 마을에서 자랐습니다. 아버지의 배가 늦게 돌아오는 날이면 온 가족이 걱정하며 "
        "기다리던 기억이 아직도 생생합니다. 그때 배운 인내심이 지금의 저를 만들었다고 생각합니다."
    )
    assert found[3].text == "2. 지원 동기"


def test_markdown_without_its_marks_code_and_front_matter() -> None:
    found = passages(DATA / "self-introduction.md")
    assert [(each.position, each.text) for each in found] == [
        (5, "자기소개서"),
        (7, "성장 과정"),
        (9, "저는 바닷가 마을에서 자랐습니다. 고향은 언제나 그립습니다."),
        (11, "장점: 끝까지 포기하지 않습니다."),
        (12, "단점: 걱정이 많은 편입니다."),
        (14, "기간"),
        (14, "활동"),
        (16, "2024"),
        (16, "봉사 활동에서 큰 보람을 느꼈습니다."),
    ]


def test_docx_in_its_order_with_tables_and_merged_cells_once(tmp_path: Path) -> None:
    found = passages(write_docx(tmp_path / "a.docx"))
    assert [(each.unit, each.position, each.text) for each in found] == [
        ("paragraph", 1, "자기소개서"),
        ("paragraph", 2, "저는 도전을 즐기는 사람입니다. 실패가 두렵지 않습니다."),
        ("paragraph", 3, "봉사 활동"),
        ("paragraph", 4, "2024"),
        ("paragraph", 5, "아이들이 웃을 때 가장 행복했습니다."),
        ("paragraph", 6, "끝까지 읽어 주셔서 감사합니다."),
    ]


def test_the_docx_of_the_examples_is_read() -> None:
    assert "떨어졌을 때는 무척 속상했지만 포기하지 않았습니다." in " ".join(
        texts(DATA / "self-introduction.docx")
    )


def test_pdf_by_page(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", [["자기소개서", "저는 늘 설렙니다."], ["감사합니다."]])
    assert [(each.unit, each.position, each.text) for each in passages(path)] == [
        ("page", 1, "자기소개서"),
        ("page", 1, "저는 늘 설렙니다."),
        ("page", 2, "감사합니다."),
    ]


def test_a_pdf_with_a_password_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"secret\.pdf is encrypted"):
        passages(write_encrypted_pdf(tmp_path / "secret.pdf", "1234"))
    assert texts(write_encrypted_pdf(tmp_path / "open.pdf", "")) == ["비밀이다."]


@pytest.mark.parametrize(("name", "write"), [("a.docx", write_docx), ("a.pdf", None)])
@pytest.mark.parametrize("kept", [0.3, 0.7, 0.95])
def test_a_file_that_was_cut_off_is_told(
    tmp_path: Path, name: str, write: Callable[[Path], Path] | None, kept: float
) -> None:
    path = write(tmp_path / name) if write else write_pdf(tmp_path / name, [["저는 늘 설렙니다."]])
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    try:
        found = texts(path)
    except InputError as error:
        assert "Next: " in str(error)
    else:  # the table at the end of a PDF can be made again
        assert found == ["저는 늘 설렙니다."]


@pytest.mark.parametrize(("kind", "said"), [("mail", "--kind mail"), ("chat", "is not a chat")])
def test_a_kind_that_a_file_is_not_is_refused(tmp_path: Path, kind: Kind, said: str) -> None:
    with pytest.raises(InputError, match=said):
        passages(DATA / "posts.txt", kind)


def test_the_kind_can_be_told(tmp_path: Path) -> None:
    assert {each.kind for each in passages(DATA / "posts.txt", "formal")} == {"formal"}
    assert {each.document for each in passages(DATA / "posts.txt", "formal")} == {1}
    assert [each.document for each in passages(DATA / "self-introduction.txt", "post")] == [*range(1, 8)]

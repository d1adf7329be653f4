"""Paragraphs of PDF: columns apart, lines and pages joined, and letters without a meaning refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.document_files import write_korean_code_page_pdf, write_pdf, write_placed_pdf

from etl.documents.passage import Passage
from etl.documents.read import read_document
from etl.errors import InputError

LEFT = [
    "저는 어려서부터 바닷가 마을에서",
    "자랐습니다. 늦게 들어오시던 아버",
    "지를 기다리며 온 가족이 걱정하던",
    "밤들이 아직도 생생합니다.",
]
RIGHT = ["할머니가 돌아가셨을 때에는 너무나", "슬펐습니다. 그래도 동생과 웃으며", "이겨 냈습니다."]
LEFT_TEXT = (
    "저는 어려서부터 바닷가 마을에서 자랐습니다. 늦게 들어오시던 아버지를 기다리며 온 가족이 걱정하던 밤들이 "
    "아직도 생생합니다."
)
RIGHT_TEXT = "할머니가 돌아가셨을 때에는 너무나 슬펐습니다. 그래도 동생과 웃으며 이겨 냈습니다."


def passages(path: Path) -> list[Passage]:
    return list(read_document(path, path.name))


def texts(path: Path) -> list[str]:
    return [each.text for each in passages(path)]


def column(lines: list[str], x: int, top: int = 700) -> list[tuple[int, int, str]]:
    return [(x, top - 18 * index, line) for index, line in enumerate(lines)]


def test_lines_are_joined_and_a_word_that_the_end_of_a_line_breaks_is_whole(tmp_path: Path) -> None:
    assert texts(write_placed_pdf(tmp_path / "a.pdf", [column(LEFT, 72)])) == [LEFT_TEXT]


def test_columns_are_read_one_after_the_other_below_a_title_over_both(tmp_path: Path) -> None:
    title = (72, 760, "자기소개서와 함께 드리는 긴 제목이 두 단 위에 놓여 있습니다")
    rows = [cell for pair in zip(column(LEFT, 72), column(RIGHT, 330), strict=False) for cell in pair]
    page = [title, *rows, column(LEFT, 72)[3]]
    assert texts(write_placed_pdf(tmp_path / "a.pdf", [page])) == [title[2], LEFT_TEXT, RIGHT_TEXT]


def test_a_paragraph_goes_on_in_the_next_column_and_on_the_next_page(tmp_path: Path) -> None:
    columns = [*column(LEFT[:2], 72), *column(LEFT[2:], 330)]
    assert texts(write_placed_pdf(tmp_path / "a.pdf", [columns])) == [LEFT_TEXT]
    pages = [column(LEFT[:2], 72), column(LEFT[2:], 72)]
    assert [(each.position, each.text) for each in passages(write_placed_pdf(tmp_path / "b.pdf", pages))] == [
        (1, LEFT_TEXT)
    ]


@pytest.mark.parametrize("width_share", [1.0, 0.5])  # set to the right, centred
def test_lines_that_do_not_begin_below_each_other_are_joined(tmp_path: Path, width_share: float) -> None:
    widest = max(map(len, LEFT))
    lines = [
        (72 + round(12 * (widest - len(line)) * width_share), 700 - 18 * index, line)
        for index, line in enumerate(LEFT)
    ]
    assert texts(write_placed_pdf(tmp_path / "a.pdf", [lines])) == [LEFT_TEXT]


def test_a_narrow_column_whose_lines_end_between_words_is_joined(tmp_path: Path) -> None:
    lines = ["바다를 보면", "마음이 놓여", "그립습니다."]
    path = write_placed_pdf(tmp_path / "a.pdf", [column(lines, 72)])
    assert texts(path) == ["바다를 보면 마음이 놓여 그립습니다."]


def test_endings_and_particles_at_the_begin_of_a_line_belong_to_the_word_before(tmp_path: Path) -> None:
    lines = ["오랫동안 함께 지내던 할머니가 돌아가", "셨을 때에는 슬펐고 지금까지도 할머니", "가 그립습니다."]
    path = write_placed_pdf(tmp_path / "a.pdf", [column(lines, 72)])
    assert texts(path) == [
        "오랫동안 함께 지내던 할머니가 돌아가셨을 때에는 슬펐고 지금까지도 할머니가 그립습니다."
    ]


@pytest.mark.parametrize("matrix", ["0 1 -1 0", "0 -1 1 0", "-1 0 0 -1"])
def test_turned_text_is_read_along_its_lines(tmp_path: Path, matrix: str) -> None:
    path = write_placed_pdf(tmp_path / "a.pdf", [[(300, 400, "옆으로 누워도 기쁩니다.")]], matrix=matrix)
    assert texts(path) == ["옆으로 누워도 기쁩니다."]


def test_rows_of_a_table_are_read_row_by_row_and_cells_stay_apart(tmp_path: Path) -> None:
    page = [(72, 700, "장점"), (200, 700, "끈기"), (72, 640, "단점"), (200, 640, "걱정")]
    assert texts(write_placed_pdf(tmp_path / "a.pdf", [page])) == ["장점", "끈기", "단점", "걱정"]


def test_headers_and_page_numbers_are_left_out(tmp_path: Path) -> None:
    pages = [
        [(72, 810, "홍길동 자기소개서"), (72, 600, text), (290, 30, f"- {number} -")]
        for number, text in enumerate(["기쁩니다.", "슬픕니다.", "설렙니다."], start=1)
    ]
    assert texts(write_placed_pdf(tmp_path / "a.pdf", pages)) == ["기쁩니다.", "슬픕니다.", "설렙니다."]


def test_what_a_tagged_file_marks_as_a_header_and_a_number_at_the_edge_are_left_out(tmp_path: Path) -> None:
    page = [(72, 810, "홍길동 지원서"), (72, 600, "비가 와서 우울합니다."), (290, 30, "- 1 / 2 -")]
    path = write_placed_pdf(tmp_path / "a.pdf", [page], artifact="홍길동 지원서")
    assert texts(path) == ["비가 와서 우울합니다."]


def test_lines_that_are_set_wide_are_joined(tmp_path: Path) -> None:
    lines = [(72, 700 - 32 * index, line) for index, line in enumerate(LEFT)]
    assert texts(write_placed_pdf(tmp_path / "a.pdf", [lines])) == [LEFT_TEXT]


def test_a_code_page_of_korean_is_read_without_a_table_of_letters(tmp_path: Path) -> None:
    path = write_korean_code_page_pdf(tmp_path / "a.pdf", ["무척 설렙니다.", "똠방각하가 웃습니다."])
    assert texts(path) == ["무척 설렙니다.", "똠방각하가 웃습니다."]


@pytest.mark.parametrize("shift", [0xE000 - 0xAC00, 3])  # for private use; or syllables that nobody writes
def test_letters_without_a_meaning_are_refused(tmp_path: Path, shift: int) -> None:
    path = write_placed_pdf(tmp_path / "a.pdf", [column(["자기소개서입니다", "기쁘고설렙니다"], 72)], shift)
    with pytest.raises(InputError, match=r"the letters of a\.pdf cannot be told"):
        texts(path)


def test_a_scanned_pdf_has_no_text(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no text") as refused:
        texts(write_pdf(tmp_path / "scan.pdf", [[], []]))
    assert "OCR" in str(refused.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_damaged_pdf_is_read_or_explained(tmp_path: Path, data: st.DataObject) -> None:
    path = write_placed_pdf(tmp_path / "a.pdf", [column(LEFT, 72)])
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(8, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(8, len(content)))])
    try:
        texts(path)
    except InputError as error:
        assert "Next: " in str(error)

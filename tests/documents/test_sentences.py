"""Passages are cut into sentences, and none is lost."""

from __future__ import annotations

import io

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from etl.documents import cli_inputs
from etl.documents.passage import Passage
from etl.documents.sentences import Splitter, splitter


def passage(text: str, reason: str | None = None) -> Passage:
    return Passage(text, "post", "line", 1, reason=reason)


@pytest.fixture(scope="module")
def cut() -> Splitter:
    return splitter("sentence", 1)


def test_two_sentences_without_a_full_stop_are_two(cut: Splitter) -> None:
    found = cut(
        [passage("오늘은 정말 기분이 좋았어요 그런데 저녁에는 조금 슬펐어요"), passage("네"), passage("")]
    )
    assert [(each.number, each.text) for each in found] == [
        (1, "오늘은 정말 기분이 좋았어요"),
        (2, "그런데 저녁에는 조금 슬펐어요"),
        (1, "네"),
        (1, ""),
    ]


def test_lines_stay_as_they_are() -> None:
    text = "오늘은 정말 기분이 좋았어요 그런데 저녁에는 조금 슬펐어요"
    assert [each.text for each in splitter("line", 1)([passage(text)])] == [text]


def test_what_cannot_be_read_is_not_cut(cut: Splitter) -> None:
    (found,) = cut([passage("가나다. 라마바. 사아자.", "bad_row")])
    assert found.text == "가나다. 라마바. 사아자."


@settings(max_examples=60)
@drawn(st.lists(st.text(st.characters(codec="utf-8"), max_size=60), max_size=5))
def test_no_letter_is_lost_and_no_passage(cut: Splitter, texts: list[str]) -> None:
    passages = [passage(text) for text in texts]
    found = cut(passages)
    for each in passages:
        own = "".join(sentence.text for sentence in found if sentence.passage is each)
        assert "".join(own.split()) == "".join(each.text.split())


def test_a_passage_beyond_all_measure_is_cut_too(cut: Splitter) -> None:
    text = "참 좋은 날이었다 " * 5000 + "".join(f"{number}번" for number in range(6000))
    found = cut([passage(text)])
    assert len(found) > 100
    assert "".join("".join(each.text.split()) for each in found) == "".join(text.split())


def test_lines_of_a_stream_in_utf_8_cp949_and_neither() -> None:
    content = "좋다\n\n".encode() + "나쁘다\r\n".encode("cp949") + b"\x80\xff\xff\n" + "끝".encode()
    found = [each for batch in cli_inputs.read_lines(io.BytesIO(content)) for each in batch]
    assert [(each.document, each.position, each.text, each.reason) for each in found] == [
        (1, 1, "좋다", None),
        (2, 3, "나쁘다", None),
        (3, 4, "\ufffd\ufffd\ufffd", "bad_row"),
        (4, 5, "끝", None),
    ]

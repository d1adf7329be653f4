"""Passages are cut into sentences, and none is lost."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from etl.documents import cli_inputs
from etl.documents.passage import Passage
from etl.documents.read import read_document
from etl.documents.sentences import Splitter, is_one_sentence, splitter
from etl.ingestion.sentence_files import read_sentences


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


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("오늘 정말 기뻤어요", True),
        ("오늘 정말 기뻤어요!!! ㅋㅋ", False),
        ("오늘 정말 기뻤어요...", True),
        ("기뻤어요. 슬펐어요", False),
        ("기뻤어요\n슬펐어요", False),
        ("오늘은 정말 기분이 좋았어요 그런데 저녁에는 조금 슬펐어요", False),
    ],
)
def test_a_text_is_one_sentence_if_it_is_short_and_ends_once(text: str, *, is_one: bool) -> None:
    assert is_one_sentence(text) is is_one


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


@pytest.mark.parametrize("ending", ["", "\n", "\n끝\n"])
def test_a_line_of_a_stream_beyond_all_measure_is_one_reject_with_its_beginning(ending: str) -> None:
    content = "앞\n" + "가" * 3_000_000 + ending
    found = [each for batch in cli_inputs.read_lines(io.BytesIO(content.encode())) for each in batch]
    assert [(each.position, each.text[:3], each.reason) for each in found[:2]] == [
        (1, "앞", None),
        (2, "가가가", "text_too_long"),
    ]
    assert len(found[1].text) < 10_000
    assert [each.text for each in found[2:]] == (["끝"] if "끝" in ending else [])


def test_a_passage_beyond_all_measure_is_one_reject_of_which_the_beginning_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("가 나 " * 300_000 + "\n끝\n", encoding="utf-8")
    long, last = read_document(path, path.name)
    assert (long.reason, len(long.text)) == ("text_too_long", 1000)
    assert (last.reason, last.text) == (None, "끝")


def test_of_a_file_of_one_endless_line_tokens_reads_the_beginning(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("가" * 6_000_000, encoding="utf-8")
    [sentence] = read_sentences(path, 20)
    assert len(sentence) == 1_000_001


def test_tokens_says_which_rows_of_a_table_are_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"text,label\n{'가' * 1_000_001},기쁨\n끝이다,슬픔\n", encoding="utf-8")
    assert read_sentences(path, 20) == ["끝이다"]
    assert "row 2 is left out: longer than 1,000,000 characters" in caplog.text

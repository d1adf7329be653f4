"""Komoran without its JVM answers exactly what KoNLPy's Komoran answers."""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.komoran_answers import KOMORAN, differing, library, tagged
from support.real_texts import real_texts

from etl.schema import resources
from etl.settings import Tag
from etl.tagging.komoran import tables
from etl.tagging.komoran.dump import dump
from etl.tagging.komoran.made_up import made_up_texts
from etl.tagging.pool import Pool

pytestmark = [pytest.mark.jvm, pytest.mark.usefixtures("brief_java")]

# Komoran fails at this: of what it may stand for, its dictionary has no foreign word A.
FAILS = "좥조선"
HAS_TIME = "ETL_TEST_ALL" in os.environ


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("komoran")
    dump(folder)
    return folder


@pytest.fixture(scope="module")
def konlpy() -> Iterator[Pool]:
    with library() as pool:
        yield pool


def pairs(text: str, made: Path, pool: Pool) -> list[tuple[str, str]]:
    frame, left = tagged([text], made, pool)
    assert not left
    return list(zip(frame["tokens"][0], frame["tags"][0], strict=True))


def test_any_jumble_of_its_words_and_signs_is_tagged_as_konlpy_does(made: Path, konlpy: Pool) -> None:
    texts = made_up_texts(made, 3000 if HAS_TIME else 800, seed=11)
    assert differing(texts, made, konlpy) == []


def test_so_are_lines_blanks_and_emoji(made: Path, konlpy: Pool) -> None:
    texts = [
        "",
        "   ",
        "\n",
        "\u3000",
        "첫 줄\n둘째 줄",
        "\n\n끝\n",
        "가 \u3000 나",
        "\t탭\t",
        "a\u00a0b",
        "😀",
        "좋아😀👍🏽\u200d나빠",
        "❤️\ufe0f",
        "\u200d가",
        "너무   많은    칸",
        "ㅋㅋㅋㅋ ㅏㅏ ㄱㅏㄴㅏ",
        "１２３ ٣٤ abc漢字かなカナ",
        "\ufeff처음",
    ]
    assert differing(texts, made, konlpy) == []


def test_what_the_library_fails_at_is_left_to_it(made: Path, konlpy: Pool) -> None:
    texts = [f"오늘 {FAILS} 신문", "앞 줄\n \n뒷줄", "가\ud7a4", "\x00", "보통 문장"]
    frame, left = tagged(texts, made, konlpy)
    assert left == texts[:4]
    assert frame["problem"].to_list() == [*["tagger_error"] * 4, None]
    assert differing(texts, made, konlpy) == []


def test_a_long_line_is_searched_to_its_end(made: Path, konlpy: Pool) -> None:
    text = "오늘 본 영화는 정말 재미있었고 배우들의 연기도 좋아서 다음에 또 보고 싶었다 " * 200
    assert differing([text, text.replace(" ", "")], made, konlpy) == []


def test_ordinary_sentences_need_no_java(made: Path, konlpy: Pool) -> None:
    before = {*multiprocessing.active_children()}
    assert pairs("정말 좋았어요 ㅋㅋ 😡", made, konlpy)[-1] == ("😡", "Emoji")
    assert {*multiprocessing.active_children()} == before


def test_words_of_the_users_own_come_first(made: Path, konlpy: Pool, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text(
        "갓생러\n현타\n킹받\tverb\n킹받\n꾸안꾸\tadverb\n영화관람객수\n이\tadjective\n #줄임\n",
        encoding="utf-8",
    )
    settings = Tag(tagger="komoran", seconds=KOMORAN.seconds, dictionary=str(words))
    texts = [
        "갓생러가 되고 싶었는데 현타 왔다",
        "너무 킹받는다",
        "꾸안꾸로 입었어요",
        "영화관람객수는 줄었다",
        "이이이",
        "#줄임",
    ]
    assert ("갓생러", "NNP") not in pairs(texts[0], made, konlpy)
    with library(settings) as with_words:
        assert ("갓생러", "NNP") in pairs(texts[0], made, with_words)
        made_up = made_up_texts(made, 500 if HAS_TIME else 150, seed=12)
        assert differing([*texts, *made_up], made, with_words) == []


def test_its_tags_are_those_of_the_policy(made: Path) -> None:
    known = set(resources.load("schemas", "pos", "komoran.yaml")["classes"])
    never_given = {"<start>", "<end>", "XsV"}  # the last is misspelt in the model, and never the best
    assert set(tables.load(made, []).tags) - never_given <= known


def test_real_sentences_are_tagged_as_konlpy_does(
    made: Path, konlpy: Pool, shared_data: Callable[[str], Path]
) -> None:
    """Some of comments, dialogues and 50,000 reviews; with ETL_TEST_ALL=1 all, and 250,000 more."""
    texts = real_texts(shared_data, 300_000 if HAS_TIME else 50_000)
    assert len(texts) > 60_000
    assert differing(texts if HAS_TIME else texts[::60], made, konlpy) == []

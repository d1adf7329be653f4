"""Okt without its JVM answers exactly what KoNLPy's Okt answers."""

import multiprocessing
import os
import random
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from support.okt_answers import OPTIONS, Answers, PlainOkt, differing, tagged
from support.real_texts import real_texts

from etl.schema import resources
from etl.settings import Tag
from etl.tagging.okt import tables
from etl.tagging.pool import Pool
from etl.tagging.tagger import open_tagger

pytestmark = [pytest.mark.jvm, pytest.mark.usefixtures("brief_java")]

PIECES = [
    *"가힣뷁각것데가지인는은ㅋㅠㅜㅎㅏ아.,!?~1aZ-'%·…’^:/@#$_",
    *[
        "오늘",
        "영화",
        "좋아요",
        "머구뮤ㅠㅠ",
        "그랰ㅋㅋ",
        "소린가",
        "친군데",
        "잇엇",
        "어케",
        "됏",
        "우혀니",
        "김영희",
    ],
    *["3시간", "10,000원", "1.5", "12:30", "5만원짜리", "네이버.com", "삼성.", ".한국", "훌쩍", "ㅋㅋㅋㅋ"],
    *[
        "하다",
        "해서",
        "었다",
        "는데",
        "으로",
        "로",
        "이",
        "을",
        "삼십만원",
        "😀",
        "❤️",
        "漢",
        "㈜",
        "\u00a0",
        "\u3000",
        "\ufeff",
    ],
]


def by_library(texts: list[str], settings: Tag) -> Answers:
    pool = Pool(settings, workers=1)
    try:
        outcomes = pool.tag(texts)
    finally:
        pool.stop()
    assert [outcome[2] for outcome in outcomes] == [None] * len(texts)
    return [list(zip(tokens, tags, strict=True)) for tokens, tags, _, _ in outcomes]


@pytest.mark.parametrize(("seed", "norm", "stem"), [(seed, *options) for seed, options in enumerate(OPTIONS)])
def test_so_is_any_jumble_of_what_the_rules_look_at(
    seed: int, norm: bool, stem: bool, plain_okt: PlainOkt
) -> None:
    chance = random.Random(seed)
    count = 1500 if "ETL_TEST_ALL" in os.environ else 400
    texts = ["".join(chance.choices([*PIECES, " "], k=chance.randint(1, 9))) for _ in range(count)]
    texts = [text for text in dict.fromkeys(texts) if text.strip()]
    assert differing(texts, Tag(norm=norm, stem=stem), plain_okt) == []


def test_a_long_run_without_a_space_is_parsed_to_its_end() -> None:
    (tokens,) = tagged(
        ["오늘본영화는정말재미있었고배우들의연기도좋아서다음에또보고싶었다"], Tag(norm=False, stem=False)
    )
    assert (
        "".join(token for token, _ in tokens)
        == "오늘본영화는정말재미있었고배우들의연기도좋아서다음에또보고싶었다"
    )


def test_ordinary_sentences_need_no_java() -> None:
    texts = ["오늘 본 영화는 정말 재미있었어요ㅋㅋ!!", "3시간 동안 10,000원을 썼는데... 별로 ^^;"]
    with open_tagger(Tag(), workers=1) as tagger:
        tagger(pl.Series("text", texts))
        assert not multiprocessing.active_children()


def test_words_of_the_users_own_are_nouns_to_both(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("갓생러\n꾸안꾸\n영화관람객수\n", encoding="utf-8")
    settings = Tag(dictionary=str(words))
    texts = ["영화관람객수는 줄었다", "갓생러가 되고싶다", "꾸안꾸로 입었어요", "갓생러@네이버.com"]
    ours = tagged(texts, settings)
    assert ("영화관람객수", "Noun") in ours[0]
    assert ("영화관람객수", "Noun") not in tagged(texts[:1], Tag())[0]
    assert ours == by_library(texts, settings)


def test_every_tag_it_gives_is_one_of_okts() -> None:
    known = set(resources.load("schemas", "pos", "okt.yaml")["classes"])
    assert set(tables.POS_NAMES) <= known


@pytest.fixture(scope="module")
def comments(shared_data: Callable[[str], Path]) -> list[str]:
    return real_texts(shared_data, 50_000)


@pytest.mark.parametrize(("part", "norm", "stem"), [(part, *options) for part, options in enumerate(OPTIONS)])
def test_kote_chatbot_and_50000_reviews_are_tagged_as_konlpy_does(
    part: int, norm: bool, stem: bool, comments: list[str], plain_okt: PlainOkt
) -> None:
    """With each of the options others of them, a hundredth; all with ETL_TEST_ALL=1, in five minutes more."""
    assert len(comments) > 60_000
    texts = comments if "ETL_TEST_ALL" in os.environ else comments[25 * part :: 100]
    assert differing(texts, Tag(norm=norm, stem=stem), plain_okt) == []

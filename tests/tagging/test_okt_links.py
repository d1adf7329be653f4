"""Okt without its JVM has KoNLPy's answers for URLs, e-mail addresses, mentions and tags, too."""

import gzip
import json
import multiprocessing
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from support.links import links
from support.okt_answers import OPTIONS, PlainOkt, differing, tagged
from support.warm_cache import with_compiled_code

from etl.schema import resources
from etl.settings import Tag
from etl.tagging.okt import cut, tables
from etl.tagging.okt.native import NATIVE
from etl.tagging.tagger import open_tagger

pytestmark = [pytest.mark.jvm, pytest.mark.usefixtures("brief_java")]
PARTS = [(part, *options) for part, options in enumerate(OPTIONS)]

REVIEWS = [
    "영화..KTX도 나오고 정말..bb 이뻐서...♡ 빅맨@_@연기력",
    "http://da0023.blog.me/122311666 참고하세요 문의는 nokeunsu@naver.com",
    "#천만영화 @무비팬 $TSLA $100 주고 봄 네이버.한국에서 예매",
]


@pytest.mark.parametrize(("seed", "norm", "stem"), PARTS)
def test_made_up_links_and_tags_are_tagged_as_konlpy_does(
    seed: int, norm: bool, stem: bool, plain_okt: PlainOkt
) -> None:
    count = 1000 if "ETL_TEST_ALL" in os.environ else 300
    assert differing(links(seed, count), Tag(norm=norm, stem=stem), plain_okt) == []


def test_what_is_found_has_the_names_of_okt() -> None:
    tags = {token: tag for answer in tagged(REVIEWS, Tag()) for token, tag in answer}
    assert tags["http://da0023.blog.me/122311666"] == "URL"
    assert tags["nokeunsu@naver.com"] == "Email"
    assert tags["#천만영화"] == "Hashtag"
    assert tags["맨@_"] == "ScreenName"
    assert tags["$TSLA"] == "CashTag"
    assert tags["$100"] == "Number"


@pytest.fixture(scope="module")
def odd_eojeols(shared_data: Callable[[str], Path]) -> list[str]:
    """Every distinct one that may have a link or a tag in it."""
    with gzip.open(shared_data("nsmc") / "reviews-300k.jsonl.gz", "rt", encoding="utf-8") as reviews:
        texts = [str(json.loads(review)["review"]) for review in reviews]
    texts += (shared_data("kote") / "val.tsv").read_text(encoding="utf-8").splitlines()
    texts += (shared_data("chatbot") / "ChatbotData.csv").read_text(encoding="utf-8").splitlines()
    eojeols = cut.eojeols(pl.Series(texts)).explode().drop_nulls().unique(maintain_order=True)
    return eojeols.filter(eojeols.str.contains(resources.load("schemas", "okt.yaml")["odd"])).to_list()


@pytest.mark.parametrize(("part", "norm", "stem"), PARTS)
def test_so_are_all_that_the_corpora_have(
    part: int, norm: bool, stem: bool, odd_eojeols: list[str], plain_okt: PlainOkt
) -> None:
    """Each with one of the options; with ETL_TEST_ALL=1 with all of them."""
    assert len(odd_eojeols) > 1000
    eojeols = odd_eojeols if "ETL_TEST_ALL" in os.environ else odd_eojeols[part :: len(PARTS)]
    assert differing(eojeols, Tag(norm=norm, stem=stem), plain_okt) == []


def test_none_of_them_needs_java(odd_eojeols: list[str]) -> None:
    with open_tagger(Tag(), workers=2, is_cached=False) as tagger:
        tagger(pl.Series("text", REVIEWS))
        tagger(pl.Series("text", odd_eojeols))
        assert not multiprocessing.active_children()


def check_library_answers(texts: list[str], plain_okt: PlainOkt) -> None:
    """Tags them, and sees that a process with a JVM did, and that its answer came through."""
    with open_tagger(Tag(), workers=1, is_cached=False) as tagger:
        frame = tagger.tag_whole(pl.Series("text", texts))
        assert multiprocessing.active_children()
    answers = [list(zip(*row, strict=True)) for row in frame.select("tokens", "tags").iter_rows()]
    assert answers == [[tuple(token) for token in answer] for answer in plain_okt(texts, Tag())]


def test_what_no_pattern_is_made_for_is_left_to_the_library(plain_okt: PlainOkt) -> None:
    too_long = "http://example.com/" + "/".join(f"page{number}" for number in range(150))
    check_library_answers([too_long, "좋아요\U0010ffff@a", "\U000f0000#가"], plain_okt)


def test_without_patterns_the_library_tags_all_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain_okt: PlainOkt
) -> None:
    def make(into: Path) -> None:
        NATIVE.make(into)
        tables.forget_patterns(into)

    monkeypatch.setenv("ETL_CACHE_DIR", str(with_compiled_code(tmp_path)))
    monkeypatch.setattr("etl.tagging.okt.native.NATIVE", replace(NATIVE, make=make))
    check_library_answers(REVIEWS, plain_okt)

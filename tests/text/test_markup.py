"""HTML in sentences: what goes, and what only looks like it."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.text.markup import has_markup, remove_markup, remove_markup_of

MARKUP = {
    "최고예요 &lt;3<br>또 볼게요": "최고예요 <3\n또 볼게요",
    "&quot;사기&quot; &#39;환불&#39; &#x27;x&#x27;": "\"사기\" '환불' 'x'",
    '<a href="https://a.kr/?v=x&amp;t=83">1:23</a> 울었어요': "1:23 울었어요",
    "<b>좋</b>아요": "좋아요",
    "<FONT COLOR=red>정말</FONT>": "정말",
    "한 줄<br />두 줄<BR/>세 줄": "한 줄\n두 줄\n세 줄",
    "<p>문단</p><p>또 문단": "\n문단\n\n또 문단",
    "두 번 &amp;lt;3 &amp;quot;": '두 번 <3 "',
    "&amp;amp;amp;": "&",
    "&lt;br&gt;줄": "\n줄",
    "글<!-- 안 보임 -->자": "글자",
    "<style>p {color: red}</style>글": "글",
    "<script>alert(1)</script>글": "글",
    "그림 <img src='a.png' alt='b'> 끝": "그림 \n 끝",
    "R&amp;D &nbsp;&copy;": "R&D \xa0©",
    "끝만 </span>": "끝만 ",
    "&#128512;": "😀",
}
WORDS = [
    "<3 좋아요 </3",
    "ㅋ<ㅋ",
    "a < b > c",
    "x<y이고 y>z",
    "<사진>",
    "<Her> 보고 울었다",
    "<Body>와 <Big>",
    "<A>급",
    "<b> 하나만",
    "R&D 부서 & 나",
    "Q&A;",
    "&lt 끝이 없음",
    "&#0; &#xD800;",
    "&없음;",
    "<br",
    "<<<>>>",
    "",
]
PIECES = [
    "<",
    ">",
    "<b>",
    "</b>",
    "<br>",
    "&",
    "amp;",
    "lt;",
    "gt;",
    "#38;",
    "가",
    " ",
    "<!--",
    "-->",
    "<p",
    "=",
    "/>",
]


@pytest.mark.parametrize(("text", "expected"), MARKUP.items())
def test_tags_and_entities_are_taken_out(text: str, expected: str) -> None:
    assert remove_markup(text) == expected


@pytest.mark.parametrize("text", WORDS)
def test_what_people_write_is_no_markup(text: str) -> None:
    assert remove_markup(text) == text


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_nothing_is_left_for_a_second_call_and_no_word_is_lost(text: str) -> None:
    once = remove_markup(text)
    assert remove_markup(once) == once
    if "<!--" not in text:
        assert once.count("가") == text.count("가") or "<p" in text or "<b" in text


def test_a_column_is_cleaned_and_counted_as_its_sentences_are() -> None:
    texts = pl.Series("text", [*MARKUP, *WORDS])
    assert remove_markup_of(texts).to_list() == [*MARKUP.values(), *WORDS]
    assert has_markup(texts).tolist() == [True] * len(MARKUP) + [False] * len(WORDS)
    assert has_markup(pl.Series("text", [None, "&lt;"], pl.String)).tolist() == [False, True]

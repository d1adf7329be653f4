"""Posts and comments as social networks hand them out, and the mojibake in some of them."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.documents.passage import Passage
from etl.documents.read import read_document
from etl.text.mojibake import repair_mojibake


def mojibake(text: str) -> str:
    return text.encode().decode("latin-1")


def read(path: Path, document: Any, prefix: str = "") -> list[Passage]:
    path.write_text(prefix + json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return list(read_document(path, path.name))


def said(passages: list[Passage]) -> list[tuple[str | None, str | None, str]]:
    return [(each.speaker, each.time, each.text) for each in passages]


def test_tweets_of_an_archive_without_those_of_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    when = "Sat Feb 07 12:00:00 +0000 2026"
    tweets = [
        {"tweet": {"full_text": "비가 와서 &lt;우울&gt;하다", "created_at": when}},
        {"tweet": {"full_text": "RT @friend: 신난다", "created_at": when}},
    ]
    with caplog.at_level(logging.WARNING, "etl"):
        found = read(tmp_path / "tweets.js", tweets, "window.YTD.tweets.part0 = ")
    assert said(found) == [(None, "2026-02-07T12:00:00+00:00", "비가 와서 <우울>하다")]
    assert "tweets.js: 1 row left out, posts of others that were shared" in caplog.text


def test_comments_of_youtube_with_their_replies(tmp_path: Path) -> None:
    def comment(text: str) -> dict[str, Any]:
        return {
            "snippet": {"textDisplay": text, "authorDisplayName": "@a", "publishedAt": "2026-03-02T12:00:00Z"}
        }

    threads = {
        "kind": "youtube#commentThreadListResponse",
        "items": [
            {
                "snippet": {"topLevelComment": comment("눈물이 났어요")},
                "replies": {"comments": [comment("저도요")]},
            }
        ],
    }
    assert [each.text for each in read(tmp_path / "a.json", threads)] == ["눈물이 났어요", "저도요"]
    video = {
        "id": "x",
        "title": "제목",
        "comments": [{"text": "최고다", "author": "@b", "timestamp": 1767225600}],
    }
    assert said(read(tmp_path / "a.info.json", video)) == [("@b", "2026-01-01T00:00:00+00:00", "최고다")]


def test_posts_and_comments_of_facebook_and_instagram_with_their_mojibake_repaired(tmp_path: Path) -> None:
    posts = [
        {"timestamp": 1767225600, "data": [{"post": mojibake("새해라 설렌다")}], "title": "x"},
        {"timestamp": 1767225600, "attachments": [], "data": []},
    ]
    assert [each.text for each in read(tmp_path / "your_posts_1.json", posts)] == ["새해라 설렌다"]
    comments = {
        "comments_v2": [
            {
                "timestamp": 1,
                "data": [{"comment": {"comment": mojibake("축하해"), "author": mojibake("하람")}}],
            }
        ]
    }
    assert said(read(tmp_path / "comments.json", comments)) == [
        ("하람", "1970-01-01T00:00:01+00:00", "축하해")
    ]
    pictures = [{"media": [{"uri": "a.jpg", "creation_timestamp": 1, "title": mojibake("바다가 좋다")}]}]
    assert [each.text for each in read(tmp_path / "posts_1.json", pictures)] == ["바다가 좋다"]


COMMENT = {"textDisplay": "눈물이 났어요", "authorDisplayName": "@a"}
CAPTION = {"uri": "a.jpg", "creation_timestamp": 1, "title": "눈물이 났어요"}
POST = {"timestamp": 1, "data": [{"post": "눈물이 났어요"}]}


@pytest.mark.parametrize(
    ("document", "prefix"),
    [
        (
            [{"noteTweet": {"createdAt": "x", "core": {"text": "눈물이 났어요"}}}],
            "window.YTD.note_tweet.part0 = ",
        ),
        (
            [{"text": "눈물이 났어요", "created_at": "x", "source": "web", "user": {"screen_name": "a"}}],
            "Grailbird.data.tweets_2012_05 = ",
        ),
        ([{"snippet": {"topLevelComment": {"snippet": COMMENT}}}], ""),
        ([{"items": [{"snippet": {"topLevelComment": {"snippet": COMMENT}}}]}], ""),
        ({"items": [{"snippet": COMMENT}]}, ""),
        ([COMMENT], ""),
        (
            {
                "comments": [
                    {"text": "", "author": "a", "replies": [{"text": "눈물이 났어요", "author": "b"}]}
                ]
            },
            "",
        ),
        ([{"timestamp": 1, "title": "사진을 올렸습니다"}, POST], ""),
        ({"group_posts_v2": [POST]}, ""),
        ({"ig_reels_media": [{"media": [CAPTION]}]}, ""),
        ({"ig_stories": [CAPTION]}, ""),
        ([{"string_map_data": {mojibake("댓글"): {"value": "눈물이 났어요"}}}], ""),
        (
            {
                "orderedItems": [
                    {"object": {"content": "<p>눈물이<br>났어요</p>", "published": "x"}},
                    {"object": "y"},
                ]
            },
            "",
        ),
        ({"Comment": {"Comments": {"CommentsList": [{"date": "x", "comment": "눈물이 났어요"}]}}}, ""),
    ],
)
def test_other_layouts_of_these_sites(tmp_path: Path, document: Any, prefix: str) -> None:
    assert [each.text for each in read(tmp_path / "a.json", document, prefix)] == ["눈물이 났어요"]


def test_threads_of_comments_one_a_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "a.jsonl"
    line = json.dumps({"snippet": {"topLevelComment": {"snippet": COMMENT}}})
    path.write_text(f"{line}\n{line}\n{line[:20]}\n", encoding="utf-8")
    with caplog.at_level(logging.WARNING, "etl"):
        assert [each.text for each in read_document(path, path.name)] == ["눈물이 났어요"] * 2
    assert "a.jsonl: 1 line left out, no JSON" in caplog.text


@given(st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3, codec="euc_kr"), min_size=2))
def test_korean_that_was_taken_for_latin_1_comes_back(text: str) -> None:
    content = f"{text} 12, 하하!".encode("cp949")  # no UTF-8, whatever the text is
    assert repair_mojibake(content.decode("latin-1")) == f"{text} 12, 하하!"


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "Zs"]), max_size=30))
def test_korean_is_no_mojibake_and_comes_back_from_it(text: str) -> None:
    korean = "오늘은 " + "".join(c for c in text if "가" <= c <= "힣" or c == " ")
    assert repair_mojibake(korean) == korean
    assert repair_mojibake(mojibake(korean)) == korean


@pytest.mark.parametrize("text", ["café ñandú", "5 € · ½", "ÀÉÎÕÜ", "naïve — “quoted”"])
def test_other_letters_with_accents_stay(text: str) -> None:
    assert repair_mojibake(text) == text

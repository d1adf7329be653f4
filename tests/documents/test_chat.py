"""Chats in each layout in which KakaoTalk exports them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.document_files import DATA

from etl.documents.passage import Passage
from etl.documents.read import read_document
from etl.errors import InputError


def messages(path: Path) -> list[Passage]:
    return list(read_document(path, path.name))


def said(path: Path) -> list[tuple[int, str | None, str | None, str]]:
    return [(each.position, each.speaker, each.time, each.text) for each in messages(path)]


def test_windows() -> None:
    assert said(DATA / "kakao-windows.txt") == [
        (1, "민지", "2026-03-02T21:05", "오늘 진짜 힘들었어 ㅠㅠ"),
        (3, "김도윤", "2026-03-02T21:06", "무슨 일 있었어?"),
        (
            4,
            "민지",
            "2026-03-02T21:10",
            "팀장님이 회의에서 나한테만 뭐라고 하는 거야\n내가 한 것도 아닌데\n\n너무 억울해서 눈물이 났어",
        ),
        (5, "김도윤", "2026-03-02T21:11", "헐 말도 안 돼;; 진짜 화난다"),
        (7, "민지", "2026-03-03T00:02", "그래도 네가 들어 줘서 고마워 ㅎㅎ"),
        (9, "김도윤", "2026-03-03T08:31", "내일 맛있는 거 먹자!! 내가 살게"),
    ]


def test_android() -> None:
    assert said(DATA / "kakao-android.txt") == [
        (1, "회장", "2026-03-02T21:05", "이번 주말 엠티 가는 사람?"),
        (2, "이서우", "2026-03-02T21:06", "저요!! 완전 기대돼요\n그런데 비가 온대서 조금 불안하긴 해요"),
        (3, "정우진", "2026-03-02T21:09", "안녕하세요 처음 뵙겠습니다"),
        (6, "이서우", "2026-03-03T00:01", "벌써 신난다 ㅋㅋㅋㅋㅋ"),
    ]


def test_ios() -> None:
    assert said(DATA / "kakao-ios.txt") == [
        (1, "엄마", "2026-03-02T19:31", "밥은 먹었니? 날이 추워서 걱정이다"),
        (2, "나", "2026-03-02T19:40", "네 먹었어요. 엄마 보고 싶어요"),
    ]


def test_csv() -> None:
    assert said(DATA / "kakao-mac.csv") == [
        (1, "유나", "2026-03-02T21:05:11", "오늘 면접 떨어졌어"),
        (2, "유나", "2026-03-02T21:05:40", "준비 진짜 많이 했는데\n너무 허무하다"),
        (4, "태오", "2026-03-02T21:07:13", "고생했어. 다음엔 꼭 될 거야, 나는 네가 자랑스러워"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "John with KakaoTalk Chats\n--------------- Monday, March 2, 2026 ---------------\n"
            "[John] [9:05 PM] I am so happy\n[John] [9:06 PM] Photo\n",
            (1, "John", "2026-03-02T21:05", "I am so happy"),
        ),
        (
            "KakaoTalk Chats with John\nDate Saved : Mar 3, 2026\n\n"
            "March 2, 2026 at 12:05 AM, John : I am so happy\n",
            (1, "John", "2026-03-02T00:05", "I am so happy"),
        ),
    ],
)
def test_exports_of_an_english_phone(tmp_path: Path, text: str, expected: tuple[int, str, str, str]) -> None:
    path = tmp_path / "chat.txt"
    path.write_text(text, encoding="utf-8")
    assert said(path) == [expected]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_the_same_chat_in_any_encoding(tmp_path: Path, encoding: str, line_end: str) -> None:
    text = (DATA / "kakao-windows.txt").read_text(encoding="utf-8-sig")
    path = tmp_path / "chat.txt"
    path.write_bytes(text.replace("\n", line_end).encode(encoding))
    assert said(path) == said(DATA / "kakao-windows.txt")


@pytest.mark.parametrize(
    "placeholder",
    [
        "사진",
        "사진 12장",
        "동영상",
        "이모티콘",
        "삭제된 메시지입니다.",
        "보이스톡 해요",
        "보이스톡 3:21",
        "파일: a.pdf",
        "Photo",
    ],
)
def test_what_nobody_has_written_is_left_out(tmp_path: Path, placeholder: str) -> None:
    path = tmp_path / "chat.txt"
    path.write_text(
        f"[가] [오전 9:00] {placeholder}\n[나] [오전 9:01] 사진 보니까 그립다\n", encoding="utf-8"
    )
    assert said(path) == [(2, "나", "09:01", "사진 보니까 그립다")]


@pytest.mark.parametrize("name", ["[대표] 김", "민지 : 개발", "오후 9:05", "Kim, Lee", "ㅋㅋ🙂"])
def test_names_may_look_like_anything(tmp_path: Path, name: str) -> None:
    path = tmp_path / "chat.txt"
    path.write_text(f"[{name}] [오전 9:00] 좋다\n[나] [오후 12:01] 그래\n", encoding="utf-8")
    assert said(path) == [(1, name, "09:00", "좋다"), (2, "나", "12:01", "그래")]


def test_a_text_that_speaks_of_chats_is_none(tmp_path: Path) -> None:
    path = tmp_path / "post.txt"
    path.write_text("엄마 님과 카카오톡 대화\n하다가 울었다\n", encoding="utf-8")
    assert [each.kind for each in messages(path)] == ["post", "post"]
    with pytest.raises(InputError, match="is not a chat in a layout that is known"):
        list(read_document(path, path.name, kind="chat"))


def test_a_chat_of_pictures_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "chat.txt"
    path.write_text("[가] [오전 9:00] 사진\n[나] [오전 9:01] 이모티콘\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"chat\.txt is empty"):
        messages(path)

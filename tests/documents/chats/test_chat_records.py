"""Chats that are JSON, and zips of chats as the apps hand them out."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.documents.chats.records import find_records, read_records
from etl.documents.chats.slack import is_slack_day, read_slack_day, user_names
from etl.documents.file import DocumentFile, ReadOptions
from etl.documents.passage import Passage
from etl.documents.read import read_document, read_file
from etl.errors import InputError

KAKAO = "[지우] [오후 7:12] 떨려\n[하람] [오후 7:13] 힘내\n"


def read(path: Path) -> list[Passage]:
    found = list(read_document(path, path.name))
    assert {each.kind for each in found} <= {"chat"}
    return found


def said(path: Path) -> list[tuple[int, str | None, str | None, str]]:
    return [(each.document, each.speaker, each.time, each.text) for each in read(path)]


def write_json(path: Path, value: Any, *, is_ascii: bool = False) -> Path:
    path.write_text(json.dumps(value, ensure_ascii=is_ascii), encoding="utf-8")
    return path


def write_zip(path: Path, members: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


TELEGRAM = {
    "name": "지우",
    "type": "personal_chat",
    "id": 4811,
    "messages": [
        {"type": "message", "date": "2026-05-01T19:12:03", "from": "지우", "text": "떨려"},
        {
            "type": "message",
            "date": "2026-05-01T19:15:11",
            "from": None,
            "text": ["힘내 ", {"type": "bold", "text": "꼭"}, "!"],
        },
        {
            "type": "service",
            "date": "2026-05-01T19:16:00",
            "actor": "하람",
            "action": "phone_call",
            "text": "",
        },
        {
            "type": "message",
            "date": "2026-05-01T19:16:00",
            "from": "하람",
            "text": "",
            "media_type": "sticker",
        },
    ],
}
TOLD = [("지우", "2026-05-01T19:12:03", "떨려"), (None, "2026-05-01T19:15:11", "힘내 꼭!")]


def test_telegram_of_one_chat(tmp_path: Path) -> None:
    assert said(write_json(tmp_path / "result.json", TELEGRAM)) == [(1, *each) for each in TOLD]


def test_a_message_that_was_forwarded_is_of_whoever_wrote_it(tmp_path: Path) -> None:
    message = TELEGRAM["messages"][0] | {"forwarded_from": "하람"}  # type: ignore[index]
    found = said(write_json(tmp_path / "result.json", TELEGRAM | {"messages": [message]}))
    assert [each[1] for each in found] == ["하람"]


def test_telegram_of_all_chats(tmp_path: Path) -> None:
    value = {"about": "", "chats": {"list": [TELEGRAM]}, "left_chats": {"list": [TELEGRAM | {"id": 1}]}}
    found = said(write_json(tmp_path / "result.json", value))
    assert found == [(document, *each) for document in (1, 2) for each in TOLD]


def test_discord_without_bots_and_notices(tmp_path: Path) -> None:
    author = {"name": "jiu", "nickname": "지우", "isBot": False}
    time = "2026-05-01T19:12:03.123+09:00"
    value = {
        "guild": {"name": "서버"},
        "channel": {"name": "일상"},
        "messages": [
            {"type": "Default", "timestamp": time, "content": "떨려", "author": author},
            {"type": "GuildMemberJoin", "timestamp": time, "content": "Joined the server.", "author": author},
            {
                "type": "Reply",
                "timestamp": time,
                "content": "힘내",
                "author": {"name": "하람", "isBot": False},
            },
            {
                "type": "Default",
                "timestamp": time,
                "content": "!도움",
                "author": {"name": "b", "isBot": True},
            },
        ],
    }
    at = "2026-05-01T19:12:03+09:00"
    assert said(write_json(tmp_path / "chat.json", value)) == [
        (1, "지우", at, "떨려"),
        (1, "하람", at, "힘내"),
    ]


def broken(text: str) -> str:
    """What Facebook writes: each byte of UTF-8 as a character."""
    return text.encode().decode("latin-1")


def test_facebook_and_instagram_with_their_encoding_repaired(tmp_path: Path) -> None:
    def message(content: str, **more: Any) -> dict[str, Any]:
        sender = broken("하람")
        return {"sender_name": sender, "timestamp_ms": 1777630511000, "content": broken(content), **more}

    left_out = [
        message("하람님이 첨부파일을 보냈습니다.", share={"link": "https://example.org"}),
        message("Haram sent an attachment."),
        message("Reacted ❤ to your message "),
        message("메시지에 ❤️ 공감했습니다"),
        message("하람님이 회원님에게 전화했습니다.", call_duration=3),
        message("Haram wanted to talk.", call_duration=0),
        message("You missed a video call from Haram."),
        message("You are now connected on Messenger"),
        message("Replied to your story"),
        message("Haram waved at you!"),
        message("회원님의 스토리에 답장했습니다"),
        message("회원님이 보낸 메시지에 ❤️ 공감했습니다"),
        message("지웠다", is_unsent=True),
        {"sender_name": broken("하람"), "timestamp_ms": 1777630511000, "photos": [{"uri": "a.jpg"}]},
    ]
    kept = [
        "네",
        "ㅠㅠ 😊",
        "사진을 보냈습니다만 못 봤나요",
        "I missed you",
        "I loved your story",
        "네 메시지에 정말 공감했습니다",
    ]
    value = {"participants": [], "messages": [*left_out, *map(message, kept)], "thread_path": "inbox/x"}
    found = said(write_json(tmp_path / "message_1.json", value, is_ascii=True))
    assert found == [(1, "하람", "2026-05-01T10:15:11+00:00", words) for words in kept]


def test_facebook_since_its_chats_are_encrypted(tmp_path: Path) -> None:
    value = {
        "participants": ["지우"],
        "threadName": "지우",
        "messages": [{"senderName": "지우", "text": "떨려", "timestamp": 1777630323000, "isUnsent": False}],
    }
    found = said(write_json(tmp_path / "지우_1.json", value))
    assert found == [(1, "지우", "2026-05-01T10:12:03+00:00", "떨려")]


USERS = [
    {"id": "U1", "name": "jiu", "profile": {"display_name": "지우"}},
    {"id": "U2", "profile": {"real_name": "하람"}},
]
DAY = [
    {
        "type": "message",
        "user": "U1",
        "ts": "1777630323.000200",
        "text": "<@U2> 떨려 &amp; <https://a.kr|무섭다>",
    },
    {
        "type": "message",
        "subtype": "channel_join",
        "user": "U2",
        "ts": "1777630324.0",
        "text": "<@U2> has joined",
    },
    {"type": "message", "subtype": "bot_message", "bot_id": "B1", "ts": "1777630324.0", "text": "알림"},
    {"type": "message", "user": "U2", "ts": "1777630511.0", "text": "힘내", "subtype": "thread_broadcast"},
]


def test_slack_by_channel_with_names_for_ids(tmp_path: Path) -> None:
    members = {
        "users.json": json.dumps(USERS),
        "channels.json": "[]",
        "일상/2026-05-01.json": json.dumps(DAY),
        "일상/2026-05-02.json": json.dumps(DAY[3:]),
        "회의/2026-05-01.json": json.dumps([*DAY[3:], DAY[3] | {"user": "USLACKBOT"}]),
    }
    found = read(write_zip(tmp_path / "slack.zip", members))
    assert [(each.document, each.position, each.speaker, each.text) for each in found] == [
        (1, 1, "지우", "@하람 떨려 & 무섭다"),
        (1, 4, "하람", "힘내"),
        (1, 5, "하람", "힘내"),
        (2, 1, "하람", "힘내"),
    ]
    assert found[0].time == "2026-05-01T10:12:03+00:00"


def test_a_day_of_slack_finds_the_users_beside_its_folder(tmp_path: Path) -> None:
    (tmp_path / "일상").mkdir()
    write_json(tmp_path / "users.json", USERS)
    found = said(write_json(tmp_path / "일상" / "2026-05-01.json", DAY))
    assert [speaker for _, speaker, _, _ in found] == ["지우", "하람"]


def test_a_zip_of_chats_is_read_and_the_rest_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    members = {
        "KakaoTalk_Chats/KakaoTalkChats.txt": KAKAO,
        "ChatExport/result.json": json.dumps(TELEGRAM),
        "사진.jpg": "x",
        "읽어 주세요.txt": "그냥 글이다.",
        "__MACOSX/._a": "x",
    }
    found = read(write_zip(tmp_path / "chats.zip", members))
    assert [(each.document, each.text) for each in found] == [
        (1, "떨려"),
        (1, "힘내"),
        (2, "떨려"),
        (2, "힘내 꼭!"),
    ]
    assert (
        "chats.zip: 2 members left aside, only chats are read: '사진.jpg', '읽어 주세요.txt'" in caplog.text
    )


@pytest.mark.parametrize(
    ("page", "app"),
    [
        ('<div class="message default clearfix" id="m1"><div class="text">떨려</div></div>', "Telegram"),
        ('<div class="chatlog__message-group"><span>떨려</span></div>', "Discord"),
        ('<div class="pam _3-95 _2ph- _a6-g uiBoxWhite noborder">떨려</div>', "Facebook or Instagram"),
    ],
)
def test_a_page_of_a_chat_is_named_and_no_prose(tmp_path: Path, page: str, app: str) -> None:
    path = tmp_path / "messages.html"
    path.write_text(f"<!DOCTYPE html><html><body>{page}</body></html>", encoding="utf-8")
    with pytest.raises(InputError, match=app):
        read(path)
    assert [each.text for each in read_document(path, path.name, kind="formal")] == ["떨려"]


def test_a_zip_without_a_chat_is_not_read(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.txt": "그냥 글이다."})
    with pytest.raises(InputError, match=r"a\.zip is a zip archive, which is not read"):
        read(path)


def test_a_message_that_is_none_is_a_bad_row(tmp_path: Path) -> None:
    messages = [*TELEGRAM["messages"], 5, {"type": "message", "from": "지우", "text": 7}]  # type: ignore[misc]
    found = read(write_json(tmp_path / "result.json", TELEGRAM | {"messages": messages}))
    assert [(each.text, each.reason) for each in found[2:]] == [
        ("5", "bad_row"),
        ('{"type":"message","from":"지우","text":7}', "bad_row"),
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["messages", "type", "text", "from", "date", "ts", "user", "author", "name", "id"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(JSON, st.sampled_from(["personal_chat", "message", "Default"]))
def test_any_value_in_any_place_is_a_message_or_a_bad_row(value: Any, kind: str) -> None:
    messages = [value, {"type": kind, "from": value, "text": value, "date": value, "author": value}]
    chats = (
        {"type": "personal_chat", "id": value, "messages": messages},
        {"guild": value, "channel": value, "messages": messages},
        {"participants": value, "messages": messages},
        value,
    )
    for chat in chats:
        if find_records(chat) is not None:
            assert all(each.text for each in read_records(chat, "chat.json"))
    day = [{"type": "message", "ts": value, "user": value, "text": value}, value]
    assert not is_slack_day(value) or isinstance(value, list)
    assert all(
        each.text for each in read_slack_day(day, user_names([value, {"id": value, "profile": value}]))
    )


def _samples() -> dict[str, bytes]:
    """A chat of each kind, by the name of its file."""
    csv = 'Date,User,Message\n2026-05-01 19:12:03,"지우","떨려"\n2026-05-01 19:12:05,"하람","힘\n내"\n'
    packed = {}
    for name, members in {
        "kakao.zip": {"KakaoTalkChats.txt": KAKAO * 3, "a.jpg": "x"},
        "slack.zip": {"users.json": json.dumps(USERS), "일상/2026-05-01.json": json.dumps(DAY)},
    }.items():
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, text in members.items():
                archive.writestr(member, text)
        packed[name] = content.getvalue()
    texts = {
        "kakao.txt": KAKAO,
        "kakao.csv": csv,
        "result.json": json.dumps(TELEGRAM),
        "day.json": json.dumps(DAY),
    }
    return packed | {name: text.encode() for name, text in texts.items()}


SAMPLES = _samples()


@given(st.data())
def test_a_damaged_chat_is_read_or_refused(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(SAMPLES)))
    content = bytearray(SAMPLES[name])
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    end = data.draw(st.integers(1, len(content)))
    try:
        found = list(read_file(DocumentFile(name, Path(name), bytes(content[:end])), ReadOptions()))
    except InputError as error:
        assert name in str(error)
    else:
        assert found


def test_json_that_is_nested_without_end_is_refused() -> None:
    content = b'{"messages": ' + b"[" * 1_200
    with pytest.raises(InputError):
        list(read_file(DocumentFile("result.json", Path("result.json"), content), ReadOptions()))

"""Chats in each layout in which KakaoTalk exports them, and what in them nobody has written."""

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
        "보이스톡 취소",
        "라이브톡 종료 12:03",
        "지도: 서울시청",
        "샵검색: #날씨",
        "(이모티콘)",
        "톡게시판 '공지': 내일 모임",
        "Photo",
        "2 photos",
        "Emoticons",
        "videos",
        "File: report 2.pdf",
        "Voice Call",
        "Voice Call 1:02:03",
        "Live Talk ended 12:03",
        "This message was deleted.",
        "Sent 3 photos.",
        "라이브톡을 시작했습니다.",
        "투표가 등록되었습니다.",
        "선물을 보냈습니다.",
        "사진을 보냈습니다.",
        "송금 1,000원",
        "0b1c2d3e4f.jpg",
        "이슬님을 내보냈습니다.",
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


TIMES = ["2026-05-01T19:12", "2026-05-01T19:15", "2026-05-02T09:01"]
ANDROID = """KakaoTalk Chats with 지우
Date Saved : {0}


{0}
{0}, 지우 : 떨려
{0}, 지우 invited 하람.
{1}, 하람 : 힘내
{1}, 하람 : Emoticons

{2}
{2}, 지우 : 고마워
"""
IOS = """Talk_2026.5.2 21:10-1.txt
Date Saved : {0}

{3}
{0}: 지우 invited iPad .
{0}, 지우 : 떨려
{1}, 하람 : 힘내
{1}, 하람 : Photo

{4}
{2}, 지우 : 고마워
{2}: 하람 left this chatroom.
"""


@pytest.mark.parametrize("layout", [ANDROID, IOS])
@pytest.mark.parametrize(
    "stamps",
    [
        ["2026년 5월 1일 오후 7:12", "2026년 5월 1일 오후 7:15", "2026년 5월 2일 오전 9:01"],
        ["2026년 5월 1일 19:12", "2026년 5월 1일 19:15", "2026년 5월 2일 09:01"],
        ["2026. 5. 1. 오후 7:12", "2026. 5. 1. 오후 7:15", "2026. 5. 2. 오전 9:01"],
        ["2026-05-01 오후 7:12", "2026-05-01 19:15", "2026-05-02 9:01 AM"],
        ["May 1, 2026, 7:12 PM", "May 1, 2026, 7:15 PM", "May 2, 2026, 9:01 AM"],
        ["May 1, 2026 at 7:12\u202fPM", "May 1, 2026 at 7:15\u202fPM", "May 2, 2026 at 9:01\u202fAM"],
        ["May 1, 2026, 7:12 p.m.", "May 1, 2026, 7:15 p.m.", "May 2, 2026, 9:01 a.m."],
        ["May 1, 2026 at 19:12", "May 1, 2026 at 19:15", "May 2, 2026 at 09:01"],
        ["1 May 2026 at 7:12 pm", "1 May 2026 at 7:15 pm", "2 May 2026 at 9:01 am"],
        ["7:12pm, May 1, 2026", "7:15pm, May 1, 2026", "9:01am, May 2, 2026"],
        ["19:12, 1 May 2026", "19:15, 1 May 2026", "09:01, 2 May 2026"],
        ["2026年5月1日 午後7:12", "2026年5月1日 19:15", "2026年5月2日 午前9:01"],
    ],
)
def test_every_way_in_which_a_phone_spells_time(tmp_path: Path, layout: str, stamps: list[str]) -> None:
    path = tmp_path / "chat.txt"
    path.write_text(layout.format(*stamps, "Friday, May 1, 2026", "Saturday, May 2, 2026"), encoding="utf-8")
    found = [(each.speaker, each.time, each.text) for each in messages(path)]
    assert found == [
        (speaker, time, text)
        for speaker, time, text in zip(
            ["지우", "하람", "지우"], TIMES, ["떨려", "힘내", "고마워"], strict=True
        )
    ]


@pytest.mark.parametrize(
    ("day", "stamps", "next_day"),
    [
        ("2026년 5월 1일 금요일", ["오후 7:12", "오후 7:15", "오전 9:01"], "2026년 5월 2일 토요일"),
        ("2026년 5월 1일 금요일", ["19:12", "19:15", "09:01"], "2026년 5월 2일 토요일"),
        ("Friday, May 1, 2026", ["7:12\u202fPM", "7:15 PM", "9:01 AM"], "Saturday, May 2, 2026"),
    ],
)
def test_lines_with_a_time_alone_take_their_day_from_above(
    tmp_path: Path, day: str, stamps: list[str], next_day: str
) -> None:
    path = tmp_path / "chat.txt"
    first, second, third = stamps
    path.write_text(
        f"모임 카카오톡 대화\n\n{day}\n{first}, 지우 : 떨려\n{second}, 하람 : 힘내\n"
        f"{second}, 하람님이 나갔습니다.\n\n{next_day}\n{third}, 지우 : 고마워\n",
        encoding="utf-8",
    )
    assert [(each.time, each.text) for each in messages(path)] == list(
        zip(TIMES, ["떨려", "힘내", "고마워"], strict=True)
    )


def test_midnight_passes_where_no_line_tells_the_day(tmp_path: Path) -> None:
    path = tmp_path / "chat.txt"
    path.write_text("2026년 5월 1일 금요일\n23:58, 가 : 자?\n0:02, 나 : 아니\n", encoding="utf-8")
    assert [each.time for each in messages(path)] == ["2026-05-01T23:58", "2026-05-02T00:02"]


@pytest.mark.parametrize("name", ["부서:영업팀", "팀장: 박", "(알 수 없음)", "Kim, Lee", "지우/97/서울"])
def test_senders_on_phones_may_have_colons(tmp_path: Path, name: str) -> None:
    path = tmp_path / "chat.txt"
    path.write_text(
        f"2026. 5. 1. 오후 7:12, {name} : 그래 : 좋아\n2026. 5. 1. 오후 7:13, 나 : 응 :)\n", encoding="utf-8"
    )
    assert [(each.speaker, each.text) for each in messages(path)] == [(name, "그래 : 좋아"), ("나", "응 :)")]


def test_words_without_a_sender_are_read_unless_the_app_has_written_them(tmp_path: Path) -> None:
    path = tmp_path / "chat.txt"
    path.write_text(
        "--------------- 2026년 5월 1일 금요일 ---------------\n[] [19:10] 지우님과 대화를 시작합니다\n"
        "[] [19:11] 나 너무 외로워\n[지우] [19:12] 왜\n",
        encoding="utf-8",
    )
    assert [(each.speaker, each.text) for each in messages(path)] == [
        (None, "나 너무 외로워"),
        ("지우", "왜"),
    ]


EVENTS = [
    "하람님이 나갔습니다.",
    "지우님이 하람님과 새싹님을 초대하였습니다.",
    "하람님을 내보냈습니다.",
    "새싹/99/부산님이 들어왔습니다.운영정책을 위반한 메시지로 신고 접수 시 이용에 제한이 있을 수 있습니다.\n"
    "불법촬영물등 식별 및 게재제한 조치 안내",
    "새싹님이 방장이 되었습니다.",
    "방장이 지우님에서 새싹님으로 변경되었습니다.\n이전 방장은 채팅방 참여자로 남게됩니다.",
    "채팅방 관리자가 메시지를 가렸습니다.",
    "Jiu invited Haram and Sprout.",
    "Haram left.",
    "Haram joined this chatroom.",
    "Tom joined",
    "지우님이 이슬님 외 3명을 초대했습니다.",
    "새싹님이 방장이 되어 채팅방 관리 기능을 사용할 수 있습니다.",
    "하람님이 3개의 메시지를 가렸습니다.",
    "지우님이 채팅방 이름을 '우리'(으)로 변경했습니다.",
    "지우님이 공지를 등록했습니다.",
    "관리자만 말하기 기능이 활성화되었습니다.",
    "라이브톡이 시작되었습니다.",
    "Admin hid a message.",
    "Live Talk has started.",
    "[오픈채팅봇] [오후 7:13] 환영합니다!\n공지를 읽어 주세요",
]


@pytest.mark.parametrize("event", EVENTS)
def test_events_on_windows_are_nobodys_words_and_are_no_reason_to_warn(
    tmp_path: Path, event: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "chat.txt"
    path.write_text(f"[지우] [오후 7:12] 떨려\n{event}\n[하람] [오후 7:15] 힘내\n", encoding="utf-8")
    assert [each.text for each in messages(path)] == ["떨려", "힘내"]
    assert not caplog.records


@pytest.mark.parametrize(
    "words",
    [
        "공지: 모임 취소돼서 너무 속상해요",
        "일정 : 이별 여행이라 슬프다",
        "사진 보냈어요",
        "파일: 보내드렸는데 확인하셨어요",
        "연락처: 잃어버려서 속상해",
        "회의 중에 김대리님이 나갔습니다",
        "Photo looks great",
        "이모티콘 너무 귀엽다",
        "투표가 종료되었습니다 아쉽네요",
        "선물 보냈습니다 좋아해 줘서 기뻐요",
        "https://example.org/a.jpg",
        "첫 줄\n김대리님이 회의를 시작했습니다.",
        "첫 줄\n회의 중에 김대리님이 나갔습니다.",
        "첫 줄\nI left.",
        "첫 줄\n2026년 5월 3일",
    ],
)
def test_sentences_that_look_like_what_nobody_wrote_are_read(tmp_path: Path, words: str) -> None:
    path = tmp_path / "chat.txt"
    path.write_text(f"[지우] [오후 7:12] {words}\n[하람] [오후 7:15] 힘내\n", encoding="utf-8")
    assert [each.text for each in messages(path)] == [words, "힘내"]


def test_a_line_inside_a_message_that_begins_with_a_time_stays_and_is_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "chat.txt"
    path.write_text(
        "2026. 5. 1. 오후 7:12, 지우 : 약속은\n2026. 5. 3. 오후 1:00, 강남역\n늦지 마\n"
        "2026. 5. 1. 오후 7:13, 하람 : 응\n",
        encoding="utf-8",
    )
    assert messages(path)[0].text == "약속은\n2026. 5. 3. 오후 1:00, 강남역\n늦지 마"
    assert "chat.txt: 1 line inside messages begin with a time, the first is line 2" in caplog.text


def test_a_chat_that_was_pasted_into_a_message_is_words_of_it(tmp_path: Path) -> None:
    path = tmp_path / "chat.txt"
    pasted = "[하람] [오후 3:00] 미안\n" * 4
    path.write_text(
        f"2026. 5. 1. 오후 7:12, 지우 : 이거 봐\n{pasted}2026. 5. 1. 오후 7:13, 하람 : 응\n", encoding="utf-8"
    )
    assert [(each.speaker, each.text) for each in messages(path)] == [
        ("지우", f"이거 봐\n{pasted}".strip()),
        ("하람", "응"),
    ]


def test_lines_of_no_message_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "chat.txt"
    path.write_text(
        "우리 님과 카카오톡 대화\n저장한 날짜 : 2026-05-02 21:10:33\n\n누가 덧붙인 글\n"
        "[지우] [오후 7:12] 떨려\n하람님이 나갔습니다.\n모르는 줄\n[하람] [오후 7:15] 힘내\n",
        encoding="utf-8",
    )
    assert [each.text for each in messages(path)] == ["떨려", "힘내"]
    assert "2 lines left aside that belong to no message, the first is line 4" in caplog.text


def test_a_chat_quoted_in_an_essay_is_no_chat(tmp_path: Path) -> None:
    path = tmp_path / "essay.txt"
    quoted = "[민지] [오후 9:05] 미안해\n[나] [오후 9:06] 괜찮아\n"
    path.write_text("그날의 대화를 아직도 기억한다.\n\n" * 12 + quoted, encoding="utf-8")
    assert {each.kind for each in messages(path)} == {"formal"}


def test_an_essay_that_begins_as_one_is_no_chat_though_much_of_it_is_quoted(tmp_path: Path) -> None:
    path = tmp_path / "essay.txt"
    quoted = "[민지] [오후 9:05] 미안해\n[나] [오후 9:06] 괜찮아\n"
    path.write_text(f"그날의 대화다.\n\n{quoted}\n그리고 헤어졌다.\n아직도 운다.\n", encoding="utf-8")
    assert {each.kind for each in messages(path)} == {"formal"}


@pytest.mark.parametrize("line", ["[지우] [오후 7:12] 떨려", "2026. 5. 1. 오후 7:12, 지우 : 떨려"])
def test_one_message_is_a_chat_where_nothing_else_is_written(tmp_path: Path, line: str) -> None:
    path = tmp_path / "chat.txt"
    path.write_text(f"{line}\n", encoding="utf-8")
    assert [(each.speaker, each.text) for each in messages(path)] == [("지우", "떨려")]


def test_a_time_and_a_colon_are_a_chat_only_if_they_are_said_to_be_one(tmp_path: Path) -> None:
    path = tmp_path / "plan.txt"
    path.write_text("오후 7:12, 지우 : 떨려\n", encoding="utf-8")
    assert [each.kind for each in messages(path)] == ["post"]
    assert [each.speaker for each in read_document(path, path.name, kind="chat")] == ["지우"]


def test_a_plan_of_the_day_with_colons_is_no_chat(tmp_path: Path) -> None:
    path = tmp_path / "plan.txt"
    path.write_text(
        "오후 2:00, 병원 : 무섭다\n오후 3:00, 카페 : 좋다\n오후 5:00, 집 : 편하다\n", encoding="utf-8"
    )
    with pytest.raises(InputError, match="looks like a chat or a log"):
        messages(path)


def test_pages_of_who_came_may_stand_above_the_first_message(tmp_path: Path) -> None:
    path = tmp_path / "chat.txt"
    came = "2026년 5월 1일 오후 7:12, 새싹님이 들어왔습니다.\n" * 400
    path.write_text(f"모임 카카오톡 대화\n{came}2026년 5월 1일 오후 7:12, 지우 : 떨려\n", encoding="utf-8")
    assert [(each.speaker, each.text) for each in messages(path)] == [("지우", "떨려")]


def test_two_exports_in_one_file_are_read_without_the_second_title(tmp_path: Path) -> None:
    path = tmp_path / "chat.txt"
    export = "하람 님과 카카오톡 대화\n저장한 날짜 : 2026-05-02 21:10:33\n\n[지우] [오후 7:12] 떨려\n"
    path.write_text(export * 2, encoding="utf-8")
    assert [each.text for each in messages(path)] == ["떨려", "떨려"]


def test_a_notice_with_a_stamp_is_no_word_of_the_message_above_it(tmp_path: Path) -> None:
    path = tmp_path / "chat.txt"
    path.write_text(
        "2026년 5월 1일 오후 7:12, 지우 : 떨려\n2026년 5월 1일 오후 7:13, 삭제된 메시지입니다.\n",
        encoding="utf-8",
    )
    assert [each.text for each in messages(path)] == ["떨려"]


def test_a_csv_of_the_mac_with_events_pictures_and_a_record_of_another_length(tmp_path: Path) -> None:
    path = tmp_path / "chat.csv"
    path.write_text(
        'Date,User,Message\n2026-05-01 19:12:03,"지우","(사진)"\n2026-05-01 19:12:04,"지우","(Photo)"\n'
        '2026-05-01 19:12:05,"하람","하람님이 들어왔습니다."\n2026-05-01 19:12:06,"하람"\n'
        '2026-05-01 19:12:07,"하람","김대리님이 들어왔습니다."\n',
        encoding="utf-8",
    )
    found = [(each.position, each.speaker, each.text, each.reason) for each in messages(path)]
    assert found == [
        (4, None, "2026-05-01 19:12:06,하람", "bad_row"),
        (5, "하람", "김대리님이 들어왔습니다.", None),
    ]


def test_a_text_that_speaks_of_chats_is_none(tmp_path: Path) -> None:
    path = tmp_path / "post.txt"
    path.write_text("엄마 님과 카카오톡 대화\n하다가 울었다\n", encoding="utf-8")
    assert [each.kind for each in messages(path)] == ["post", "post"]
    with pytest.raises(InputError, match="is not a chat in a layout that is known"):
        list(read_document(path, path.name, kind="chat"))


@pytest.mark.parametrize(
    "rest", ["", "지우님이 하람님을 초대했습니다.\n", "지우 / 아홉 시 / 떨려\n하람 / 힘내\n"]
)
def test_a_chat_whose_messages_are_not_known_is_no_prose(tmp_path: Path, rest: str) -> None:
    path = tmp_path / "chat.txt"
    path.write_text(f"하람 님과 카카오톡 대화\n저장한 날짜 : 2026-05-02 21:10:33\n\n{rest}", encoding="utf-8")
    with pytest.raises(InputError, match="begins like a chat of KakaoTalk"):
        messages(path)


@pytest.mark.parametrize(("delimiter", "encoding"), [(";", "cp949"), ("\t", "utf-16")])
def test_a_csv_that_was_saved_again_by_excel(tmp_path: Path, delimiter: str, encoding: str) -> None:
    path = tmp_path / "chat.csv"
    rows = [["Date", "User", "Message"], ["2026-05-01 19:12", "지우", "떨려"]]
    path.write_bytes("".join(f"{delimiter.join(row)}\r\n" for row in rows).encode(encoding))
    assert said(path) == [(1, "지우", "2026-05-01T19:12:00", "떨려")]


def test_a_chat_of_pictures_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "chat.txt"
    path.write_text("[가] [오전 9:00] 사진\n[나] [오전 9:01] 이모티콘\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"chat\.txt is empty"):
        messages(path)

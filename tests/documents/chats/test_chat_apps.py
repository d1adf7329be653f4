"""Chats of LINE, WhatsApp and Discord in text, and the order of a date's numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.documents.chats.stamps import find_order
from etl.documents.passage import Passage
from etl.documents.read import read_document
from etl.errors import InputError


def said(tmp_path: Path, text: str, name: str = "chat.txt") -> list[tuple[str | None, str | None, str]]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    found: list[Passage] = list(read_document(path, name))
    assert {each.kind for each in found} == {"chat"}
    return [(each.speaker, each.time, each.text) for each in found]


EXPECTED = [
    ("지우", "2026-05-01T19:12", "떨려"),
    ("하람", "2026-05-01T19:15", "괜찮아\n힘내"),
    ("지우", "2026-05-02T09:01", "고마워"),
]


@pytest.mark.parametrize(
    ("head", "days", "times", "sticker"),
    [
        (
            "[LINE] 하람님과의 대화\n저장 시간 : 2026/05/02 21:10",
            ["2026.05.01 금요일", "2026.05.02 토요일"],
            ["19:12", "19:15", "09:01"],
            "[스티커]",
        ),
        (
            "[LINE] 하람님과의 대화\n저장 일시: 2026. 5. 2. 오후 9:10",
            ["2026. 5. 1. 금요일", "2026/05/02(토)"],
            ["오후 07:12", "오후 7:15", "오전 9:01"],
            "☎ 통화 시간 0:32",
        ),
        (
            "[LINE] Chat history with Haram\nSaved on: 5/2/2026, 21:10",
            ["Fri, 5/1/2026", "Sat, 5/2/2026"],
            ["07:12 PM", "07:15PM", "09:01 AM"],
            "[Sticker]",
        ),
        (
            "[LINE] ハラムとのトーク履歴\n保存日時：2026/05/02 21:10",
            ["2026/05/01(金)", "2026.05.02 土曜日"],
            ["19:12", "午後7:15", "9:01"],
            "[スタンプ]",
        ),
    ],
)
def test_line_on_phones(tmp_path: Path, head: str, days: list[str], times: list[str], sticker: str) -> None:
    text = (
        f"{head}\n\n{days[0]}\n{times[0]}\t지우\t떨려\n{times[1]}\t하람\t{sticker}\n"
        f'{times[1]}\t하람\t"괜찮아\n힘내"\n{times[1]}\t하람님이 그룹에 참여했습니다.\n\n'
        f"{days[1]}\n{times[2]}\t지우\t고마워\n"
    )
    assert said(tmp_path, text) == EXPECTED


def test_line_on_a_pc(tmp_path: Path) -> None:
    text = "2026.05.01 금요일\n19:12 지우 떨려\n19:13 하람 사진\n19:15 하람 괜찮아\n힘내\n"
    assert said(tmp_path, text + "2026.05.02 토요일\n09:01 지우 고마워\n") == EXPECTED


@pytest.mark.parametrize(
    "event", ["메시지 전송을 취소했습니다.", "하람님이 그룹 이름을 우리로 변경했습니다."]
)
def test_events_of_line_on_a_pc_have_no_sender(tmp_path: Path, event: str) -> None:
    text = f"2026.05.01 금요일\n19:12 지우 떨려\n19:13 {event}\n19:15 하람 괜찮아\n"
    assert [each[0] for each in said(tmp_path, text)] == ["지우", "하람"]


def test_names_with_blanks_of_line_on_a_pc_are_what_all_messages_begin_with(tmp_path: Path) -> None:
    words = ["떨려", "그래 고마워", "응", "그래 안녕", "오늘 좋아"]
    text = "2026.05.01 금요일\n" + "".join(f"19:1{n} 김 지우 {each}\n" for n, each in enumerate(words))
    assert [each[::2] for each in said(tmp_path, text)] == [("김 지우", each) for each in words]


def test_a_diary_is_no_chat_of_line(tmp_path: Path) -> None:
    path = tmp_path / "diary.txt"
    path.write_text(
        "2026.05.01 금요일\n09:05 일어나 밥을 먹었다\n10:00 학교 가는 길에 넘어졌다\n"
        "21:00 집에 와서 울었다\n",
        encoding="utf-8",
    )
    with pytest.raises(InputError, match="looks like a chat or a log"):
        list(read_document(path, path.name))


@pytest.mark.parametrize(
    "event",
    ["[투표] 점심", "[위치정보]", "☎ 통화 시간 1:02", "☎ Call time 1:02:03", "새싹님을 그룹에 초대했습니다."],
)
def test_what_nobody_has_written_in_line(tmp_path: Path, event: str) -> None:
    text = f"2026.05.01 금요일\n19:12\t지우\t{event}\n19:13\t지우\t☎ 통화가 너무 길어서 지쳤어\n"
    assert [each[2] for each in said(tmp_path, text)] == ["☎ 통화가 너무 길어서 지쳤어"]


def test_a_plan_of_the_day_is_no_chat_of_line(tmp_path: Path) -> None:
    path = tmp_path / "plan.txt"
    path.write_text(
        "내일 할 일\n\n09:00 회의 준비하기\n10:00 병원 다녀오기\n\n그리고 쉰다.\n", encoding="utf-8"
    )
    assert {each.kind for each in read_document(path, path.name)} == {"formal"}


@pytest.mark.parametrize(
    "stamps",
    [
        ["2026. 5. 1. 오후 7:12", "2026. 5. 1. 오후 7:15", "2026. 5. 2. 오전 9:01"],
        ["2026-05-01, 19:12", "2026-05-01, 19:15", "2026-05-02, 9:01\u202fAM"],
        ["26/5/1 PM 7:12", "26/5/1 PM 7:15", "26/5/2 AM 9:01"],
        ["2026년 5월 1일 오후 7:12", "2026년 5월 1일 19:15", "2026년 5월 2일 오전 9:01"],
        ["1 May 2026, 7:12 pm", "1 May 2026, 7:15 pm", "2 May 2026, 9:01 am"],
        ["2026/5/1, 7:12 오후", "2026/5/1, 7:15 오후", "2026/5/2, 9:01 오전"],
    ],
)
@pytest.mark.parametrize("form", ["{0} - {1}", "[{0}] {1}", "\u200e[{0}] {1}"])
def test_whatsapp(tmp_path: Path, stamps: list[str], form: str) -> None:
    lines = [
        (0, "메시지와 통화는 종단간 암호화됩니다. 이 채팅의 참가자만 읽고, 듣고, 공유할 수 있습니다."),
        (0, "우리 방: \u200e메시지와 통화는 종단간 암호화됩니다."),
        (0, "지우: 떨려"),
        (0, "지우: <미디어 파일 제외됨>"),
        (1, "지우: \u200e이미지 생략됨"),
        (1, "하람: 괜찮아\n힘내 \u200e<This message was edited>"),
        (1, "하람: \u200e<첨부: 00000012-PHOTO-2026-05-01-19-15-00.jpg>"),
        (1, "하람: 이 메시지는 삭제되었습니다"),
        (1, "하람: 부재중 음성 통화"),
        (1, "하람님이 그룹에 추가되었습니다"),
        (2, "지우: IMG-20260502-WA0001.jpg (파일 첨부됨)\n고마워"),
        (2, "지우: null"),
    ]
    text = "\n".join(form.format(stamps[day], line) for day, line in lines)
    assert said(tmp_path, text) == EXPECTED


def test_a_first_message_of_many_lines_does_not_hide_a_chat(tmp_path: Path) -> None:
    long = "떨려\n" * 40
    text = f"2026. 5. 1. 오후 7:12 - 지우: {long}2026. 5. 1. 오후 7:13 - 하람: 힘내\n"
    assert [each[0] for each in said(tmp_path, text)] == ["지우", "하람"]


def test_one_line_in_a_text_that_looks_like_whatsapp_makes_no_chat_of_it(tmp_path: Path) -> None:
    path = tmp_path / "news.txt"
    path.write_text("2026. 5. 1. 오후 7:12 - 속보: 비가 온다\n우산을 썼다.\n슬펐다.\n", encoding="utf-8")
    assert {each.kind for each in read_document(path, path.name)} == {"post"}


def test_whatsapp_before_2015(tmp_path: Path) -> None:
    text = "30/04/14, 19:12:03: 지우: 떨려\n01/05/14, 19:15:03: 하람: 힘내\n"
    assert [each[::2] for each in said(tmp_path, text)] == [("지우", "떨려"), ("하람", "힘내")]


@pytest.mark.parametrize(
    "notice",
    [
        "Diese Nachricht wurde gelöscht.",
        "IMG-20260502-WA0001.jpg (Datei angehängt)",
        "\u200eBild weggelassen",
        "Audio weggelassen",
        "Se eliminó este mensaje.",
        "live location shared",
        "이력서 • 2 pages \u200edocument omitted",
    ],
)
def test_notices_of_whatsapp_in_other_languages(tmp_path: Path, notice: str) -> None:
    text = f"30.04.26, 19:12 - 지우: {notice}\n01.05.26, 19:15 - 하람: 힘내\n"
    assert [each[2] for each in said(tmp_path, text)] == ["힘내"]


@pytest.mark.parametrize(
    "words",
    [
        "영상 통화 하고 싶다 보고 싶어",
        "Video call me please",
        "종단간 암호화라서 안심돼요",
        "제가 그룹을 만들었습니다 뿌듯해요",
        "파일 생략했어?",
        "동영상 제외하고 다 좋았어",
    ],
)
def test_words_that_look_like_those_of_whatsapp_are_read(tmp_path: Path, words: str) -> None:
    text = f"2026. 5. 1. 오후 7:12 - 지우: {words}\n2026. 5. 1. 오후 7:13 - 하람: 응\n"
    assert [each[2] for each in said(tmp_path, text)] == [words, "응"]


def test_senders_of_whatsapp_are_numbers_and_departments(tmp_path: Path) -> None:
    text = (
        "[2026. 5. 1. 오후 7:12:03] \u202a+82 10‑1234‑5678\u202c: 떨려\n"
        "[2026. 5. 1. 오후 7:13:03] 부서:영업팀: 힘내: 꼭\n[2026. 5. 1. 오후 7:14:03] ~\u202f하람: 응\n"
    )
    found = [(speaker, words) for speaker, _, words in said(tmp_path, text)]
    assert found == [("+82 10‑1234‑5678", "떨려"), ("부서:영업팀", "힘내: 꼭"), ("하람", "응")]


@pytest.mark.parametrize("stamp", ["2026-05-01 오후 7:12", "2026. 5. 1. 19:12", "01-May-26 07:12 PM"])
def test_discord(tmp_path: Path, stamp: str) -> None:
    rule = "=" * 62
    text = (
        f"{rule}\nGuild: 서버\nChannel: 일상\n{rule}\n\n[{stamp}] 지우\n떨려\n\n무섭다\n\n"
        f"[{stamp}] 하람 (pinned)\n힘내\n\n"
        f"{{Attachments}}\nhttps://example.org/a.png\n\n{{Reactions}}\n👍 (2)\n\n"
        f"[{stamp}] 하람\nJoined the server.\n\n{rule}\nExported 3 message(s)\n{rule}\n"
    )
    at = "2026-05-01T19:12"
    assert said(tmp_path, text) == [("지우", at, "떨려\n\n무섭다"), ("하람", at, "힘내")]


def test_discord_as_csv(tmp_path: Path) -> None:
    text = (
        "AuthorID,Author,Date,Content,Attachments,Reactions\n"
        '"1","지우","2026-05-01T19:12:03.0000000+09:00","떨려\n무섭다","",""\n'
        '"2","하람","2026-05-01T19:13:03.0000000+09:00","","https://example.org/a.png","👍 (2)"\n'
    )
    assert said(tmp_path, text, "chat.csv") == [("지우", "2026-05-01T19:12:03+09:00", "떨려\n무섭다")]


@pytest.mark.parametrize(
    ("dates", "order"),
    [
        (["5/1/26", "5/13/26"], "mdy"),
        (["01/05/2026", "31/05/2026"], "dmy"),
        (["30/04/26", "01/05/26"], "dmy"),
        (["01.05.26", "31.05.26"], "dmy"),  # there were no such chats in 2001
        (["26/5/1", "26/5/2"], "ymd"),
        (["01.05.26", "01.06.26"], None),
        (["2/1/26", "1/2/26"], "dmy"),  # as month, day, year the second would be before the first
    ],
)
def test_the_order_of_numbers_is_the_only_one_in_which_time_passes(dates: list[str], order: str) -> None:
    assert find_order("".join(f"{date}, 19:12 - 지우: 응\n" for date in dates)) == order


def test_a_date_that_may_be_two_days_is_left_as_it_stands(tmp_path: Path) -> None:
    found = said(tmp_path, "5/1/26, 19:12 - 지우: 떨려\n5/1/26, 19:15 - 하람: 힘내\n")
    assert [time for _, time, _ in found] == ["5/1/26, 19:12", "5/1/26, 19:15"]


WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=40)
STAMPED = st.sampled_from(
    [
        "[가] [오후 9:05] {}",
        "2026. 3. 2. 오후 9:05, 가 : {}",
        "2026. 3. 2. 오후 9:05 - 가: {}",
        "21:05\t가\t{}",
        "오후 9:05, 가 : {}",
        "{}",
        "[3/2/26, 9:05 PM] 가: {}",
        "2026.03.02 월요일{}",
        "가님이 나갔습니다.{}",
    ]
)


@given(st.lists(st.builds(str.format, STAMPED, WORDS), max_size=12))
def test_every_line_is_read_as_words_or_left_out_and_never_twice(lines: list[str]) -> None:
    from etl.documents.chats.lines import is_chat, read_chat

    text = "\n".join(["[나] [오후 9:05] 하나", "[나] [오후 9:06] 둘", *lines])
    if is_chat(text):
        found = list(read_chat(text, "chat"))
        assert [each.position for each in found] == sorted({each.position for each in found})
        assert sum(len(each.text) for each in found) <= len(text)
        assert all(each.text.strip() for each in found)

"""Posts: one a line, in JSON lines, in CSV; each is a document, and a bad one spoils no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.document_files import DATA

from etl.documents.passage import Passage
from etl.documents.read import read_document
from etl.errors import InputError


def posts(path: Path, text_column: str | None = None) -> list[Passage]:
    return list(read_document(path, path.name, text_column=text_column))


def test_json_lines_with_a_line_that_is_cut_off() -> None:
    found = posts(DATA / "posts.jsonl")
    assert [(each.document, each.unit, each.position, each.speaker, each.reason) for each in found] == [
        (1, "line", 1, "spring_girl", None),
        (2, "line", 2, "night_owl", None),
        (3, "line", 3, "night_owl", None),
        (4, "line", 4, None, "bad_row"),
        (5, "line", 5, "bus", None),
    ]
    assert found[2].text == ""
    assert found[0].text == "드디어 종강!! 너무 행복하다 ㅋㅋㅋ"
    assert found[0].time == "2026-06-19T18:00:00"


def test_a_csv_in_cp949_with_korean_columns_and_a_short_record() -> None:
    found = posts(DATA / "posts.csv")
    assert [(each.unit, each.position, each.speaker, each.text, each.reason) for each in found] == [
        ("row", 2, "봄봄", "오늘 길에서 강아지를 봤는데, 정말 귀여웠다!", None),
        ("row", 3, "무명", "옆집이 밤마다 시끄럽다.\n경찰을 불러도 소용이 없다.", None),
        ("row", 4, None, "무명,칸이 모자란 줄", "bad_row"),
    ]


def test_html_is_taken_out_of_posts_unless_it_is_to_be_kept(tmp_path: Path) -> None:
    path = tmp_path / "comments.csv"
    raw = "진짜 &quot;최고&quot; &lt;3<br>또 볼게요"
    path.write_text(f"author,text\na,{raw}\nb,<3 <사진>\nc,<br>\n", encoding="utf-8")
    assert [each.text for each in posts(path)] == ['진짜 "최고" <3\n또 볼게요', "<3 <사진>", "<br>"]
    kept = read_document(path, path.name, keep_markup=True)
    assert [each.text for each in kept] == [raw, "<3 <사진>", "<br>"]


def test_a_text_with_one_post_a_line() -> None:
    found = posts(DATA / "posts.txt")
    assert [each.document for each in found] == [1, 2, 3]
    assert found[1].text == "퇴근하고 싶다 퇴근하고 싶다 퇴근하고 싶다"


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "posts.csv"
    path.write_text(f"번호{delimiter}내용\n1{delimiter}슬프다\n", encoding="utf-8")
    assert [each.text for each in posts(path)] == ["슬프다"]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_column_that_is_not_known_can_be_named(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"posts{suffix}"
    rows = "속마음,제목\n외롭다,일기\n" if suffix == ".csv" else '{"속마음": "외롭다", "제목": "일기"}\n'
    path.write_text(rows, encoding="utf-8")
    with pytest.raises(InputError, match="does not say which column holds the posts") as refused:
        posts(path)
    assert "속마음, 제목" in str(refused.value)
    assert "--text-column" in str(refused.value)
    assert [each.text for each in posts(path, "속마음")] == ["외롭다"]
    with pytest.raises(InputError, match="has no column '속맘'"):
        posts(path, "속맘")


def test_a_table_in_a_text_file_is_read_as_one_if_its_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "reviews.txt"
    path.write_text("id\tdocument\tlabel\n1\t재미있다, 정말\t1\n", encoding="utf-8")
    assert [each.text for each in posts(path, "document")] == ["재미있다, 정말"]


def test_a_number_is_a_post_as_in_ingest_and_a_list_is_none(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_text('{"text": 3}\n{"text": "셋"}\n{"text": ["셋"]}\n{}\n', encoding="utf-8")
    found = [(each.text, each.reason) for each in posts(path)]
    assert found == [("3", None), ("셋", None), ('{"text": ["셋"]}', "bad_row"), ("", None)]


def test_a_record_without_an_end_is_one_post_and_one_beyond_all_measure_too_long(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    for n_times, reason in ((20_000, None), (200_000, "text_too_long")):
        path.write_text("text\n좋다\n" + '"' + "끝이 없는 글 " * n_times, encoding="utf-8")
        posts = [*read_document(path, path.name)]
        assert [post.reason for post in posts] == [None, reason]
        assert posts[0].text == "좋다"


def test_comments_of_google_takeout_are_pieces_in_cells(tmp_path: Path) -> None:
    path = tmp_path / "comments.csv"
    path.write_text(
        'Comment ID,Comment Text\n1,"{""text"":""눈물이 ""},{""text"":""났어요""}"\n2,"{""text"":"\n',
        encoding="utf-8",
    )
    assert [each.text for each in posts(path)] == ["눈물이 났어요", '{"text":']


def test_posts_that_were_taken_back_are_left_out_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_text('{"body": "[deleted]"}\n{"body": "눈물이 났어요"}\n', encoding="utf-8")
    assert [(each.position, each.text) for each in posts(path)] == [(2, "눈물이 났어요")]
    assert "posts.jsonl: 1 row left out, of posts that were taken back" in caplog.text

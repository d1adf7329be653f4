"""The same rows in several files: which copy is read, and that the others are reported."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.raw_files import xlsx
from support.reading import kote, read_all, texts

from etl.sample.files import zip_bytes

COLUMNS = ["연령", "성별", "상황키워드", "신체질환", "감정_대분류", "감정_소분류", "사람문장1"]
V1_FINAL, V1_RAW, V2 = (
    ["번호", *COLUMNS, "시스템응답1"],
    ["번호", "value", *COLUMNS, "시스템응답1"],
    ["", *COLUMNS, "시스템문장1"],
)


def dialogues(sentence: str) -> bytes:
    dialogue = {
        "profile": {"emotion": {"emotion-id": "S01_D02_E18", "type": "E18", "situation": ["S01", "D02"]}},
        "talk": {
            "id": {"profile-id": "Pro_1", "talk-id": "Pro_1_1"},
            "content": {"HS01": sentence, "SS01": "네."},
        },
    }
    return json.dumps([dialogue], ensure_ascii=False).encode()


def record(header: list[str], sentence: str) -> list[str]:
    cells = dict.fromkeys(header, "1") | {"감정_대분류": "분노", "감정_소분류": "분노", "사람문장1": sentence}
    return [cells[name] for name in header]


def workbook(header: list[str], sentence: str) -> bytes:
    return xlsx([[name or None for name in header], record(header, sentence)])


def delimited(header: list[str], sentence: str, separator: str) -> bytes:
    return "".join(separator.join(cells) + "\n" for cells in (header, record(header, sentence))).encode(
        "cp949"
    )


def left_aside(folder: Path, **sections: Any) -> dict[str, str]:
    return {
        entry["member"] or entry["file"]: entry["why"] for entry in read_all(folder, **sections)[1].left_aside
    }


ENDINGS = ["json", "xlsx", "csv", "tsv", "txt"]


@pytest.mark.parametrize("best", range(len(ENDINGS)), ids=ENDINGS)
def test_of_all_copies_of_a_part_the_best_kind_is_read(best: int, tmp_path: Path) -> None:
    copies = {
        "json": dialogues("json"),
        "xlsx": workbook(V1_FINAL, "xlsx"),
        "csv": delimited(V1_FINAL, "csv", ","),
        "tsv": delimited(V1_FINAL, "tsv", "\t"),
        "txt": delimited(V1_FINAL, "txt", "\t"),
    }
    # The better a copy, the later it comes: it is not chosen for being first.
    for index, ending in enumerate(reversed(ENDINGS[best:])):
        (tmp_path / f"{index} Training.{ending}").write_bytes(copies[ending])
    assert texts(tmp_path) == [ENDINGS[best]]
    why = left_aside(tmp_path)
    assert len(why) == len(ENDINGS) - best - 1
    assert all(f"Training.{ENDINGS[best]}" in reason for reason in why.values())


@pytest.mark.parametrize("final", ["json", "xlsx", "txt"])
@pytest.mark.parametrize("raw", ["json", "xlsx", "csv"])
def test_the_raw_collection_gives_way_to_the_final_one(final: str, raw: str, tmp_path: Path) -> None:
    made = {"json": dialogues, "xlsx": lambda text: workbook(V1_FINAL, text)}
    made["txt"] = lambda text: delimited(V1_FINAL, text, "\t")
    raw_made = {"json": dialogues, "xlsx": lambda text: workbook(V1_RAW, text)}
    raw_made["csv"] = lambda text: delimited(V1_RAW, text, ",")
    raw_name = f"감성대화말뭉치(원시데이터)_Training.{raw}"
    (tmp_path / raw_name).write_bytes(raw_made[raw]("원시"))
    assert texts(tmp_path) == ["원시"]
    (tmp_path / f"감성대화말뭉치(최종데이터)_Training.{final}").write_bytes(made[final]("최종"))
    assert texts(tmp_path) == ["최종"]
    assert list(left_aside(tmp_path)) == [raw_name]


def test_the_raw_collection_of_train_does_not_give_way_to_the_final_one_of_validation(tmp_path: Path) -> None:
    (tmp_path / "원시_Training.xlsx").write_bytes(workbook(V1_RAW, "원시 훈련"))
    (tmp_path / "최종_Validation.json").write_bytes(dialogues("최종 검증"))
    assert texts(tmp_path) == ["원시 훈련", "최종 검증"]
    assert left_aside(tmp_path) == {}


def test_the_releases_are_no_copies_of_each_other(tmp_path: Path) -> None:
    (tmp_path / "Training.json").write_bytes(dialogues("첫 배포"))
    (tmp_path / "Training_221115_add").mkdir()
    (tmp_path / "Training_221115_add" / "Training.json").write_bytes(dialogues("둘째 배포"))
    (tmp_path / "Training.xlsx").write_bytes(workbook(V2, "둘째 배포의 표"))
    rows, log = read_all(tmp_path)
    assert [(row["release"], row["raw_text"]) for row in rows] == [("v1", "첫 배포"), ("v2", "둘째 배포")]
    assert [entry["file"] for entry in log.left_aside] == ["Training.xlsx"]


def test_the_zip_name_that_occurs_twice_is_told_apart_by_its_folder(tmp_path: Path) -> None:
    name = "감성대화말뭉치(최종데이터)_Training.zip"
    for folder, member, content in (
        ("라벨링데이터", "a.json", dialogues("json")),
        ("원천데이터", "a.xlsx", workbook(V2, "xlsx")),
    ):
        (tmp_path / "Training_221115_add" / folder).mkdir(parents=True)
        (tmp_path / "Training_221115_add" / folder / name).write_bytes(zip_bytes([(member, content)]))
    rows, log = read_all(tmp_path)
    assert [row["raw_text"] for row in rows] == ["json"]
    assert rows[0]["file"] == f"Training_221115_add/라벨링데이터/{name}"
    assert log.left_aside[0]["file"] == f"Training_221115_add/원천데이터/{name}"
    assert f"Training_221115_add/라벨링데이터/{name}" in log.left_aside[0]["why"]


def test_the_same_bytes_are_read_once_wherever_they_lie(tmp_path: Path) -> None:
    content = kote("하나", "둘")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "train.tsv").write_bytes(content)
    (tmp_path / "b.zip").write_bytes(zip_bytes([("안/train.tsv", content)]))
    (tmp_path / "other.tsv").write_bytes(kote("셋", "넷", first=3))
    assert texts(tmp_path) == ["하나", "둘", "셋", "넷"]
    (aside,) = read_all(tmp_path)[1].left_aside
    assert (aside["file"], aside["member"]) == ("b.zip", "안/train.tsv")
    assert "a/train.tsv" in aside["why"]


def test_other_bytes_of_the_same_number_are_no_copy(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(kote("하나"))
    (tmp_path / "b.tsv").write_bytes(kote("둘둘", first=2))
    assert texts(tmp_path) == ["하나", "둘둘"]


def test_a_path_that_is_given_twice_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(kote("하나"))
    rows, log = read_all(tmp_path / "a.tsv", tmp_path)
    assert [row["raw_text"] for row in rows] == ["하나"]
    assert len(log.inputs) == len(log.left_aside) == 1


def test_several_folders_are_told_apart_by_their_names(tmp_path: Path) -> None:
    for name in ("가", "나"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.tsv").write_bytes(kote(name, first=ord(name)))
    rows, _ = read_all(tmp_path / "나", tmp_path / "가")
    assert [row["file"] for row in rows] == ["가/a.tsv", "나/a.tsv"]


def test_a_clip_that_lies_in_two_places_is_read_once(tmp_path: Path) -> None:
    emotion = {"text": {"emotion": "happy", "valence": 8, "arousal": 6}}
    spoken = {"script": "첫눈이 온다!", "script_start": 1, "script_end": 1}
    frames = {"1": {"1": {"person_id": "3", "emotion": emotion, "text": spoken}}}
    clip = json.dumps({"clip_id": "7", "data": frames}, ensure_ascii=False).encode()
    batch = tmp_path / "0001-0400" / "clip_7"
    batch.mkdir(parents=True)
    (batch / "clip_7.json").write_bytes(clip)
    shutil.copytree(tmp_path / "0001-0400", tmp_path / "copy" / "0001-0400" / "0001-0400")
    assert texts(tmp_path) == ["첫눈이 온다!"]
    assert (
        "0001-0400/clip_7/clip_7.json" in left_aside(tmp_path)["copy/0001-0400/0001-0400/clip_7/clip_7.json"]
    )


def test_files_of_no_corpus_are_left_aside_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(kote("하나"))
    (tmp_path / "README.txt").write_text("읽어 보세요", encoding="utf-8")
    (tmp_path / "truth.json").write_text('{"sources": {}}', encoding="utf-8")
    (tmp_path / "other.xlsx").write_bytes(xlsx([["날짜", "금액"], [1, 2]]))
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8")
    (tmp_path / "LICENSE").write_text("…", encoding="utf-8")
    rows, log = read_all(tmp_path)
    assert len(rows) == 1
    assert {entry["file"] for entry in log.left_aside} == {"README.txt", "truth.json", "other.xlsx"}
    assert all(entry["why"] for entry in log.left_aside)
    assert log.ignored == {".jpg": 1, "(no extension)": 1}

"""What the readers of corpora that are given on application promise beyond their test data."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.raw_files import parquet, tar
from support.reading import assert_stops_and_skips, kote, read_all

from etl.errors import InputError
from etl.ingestion.sources.aihub_json import official_split

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
UTTERANCES = st.lists(
    JSON | st.fixed_dictionaries({"Text": JSON, "SpeakerEmotionTarget": JSON, "SpeakerNo": JSON}), max_size=6
)
KEMDY = "Numb,Wav, ,Segment ID,Total Evaluation, , \n ,start,end, ,Emotion,Valence,Arousal\n"


FREE_TALK = {"Conversation": [{"Text": "처음이야", "SpeakerEmotionTarget": "기쁨"}] * 3}
NIKL = {
    "id": "nikluge-2023-ea-dev-000001",
    "input": {"form": "문장"},
    "output": {"joy": "True", "sadness": "False"},
}
ASPECT = {"RawText": "색이 곱다", "GeneralPolarity": "1", "Aspects": [{"Aspect": "색상"}]}


def empathy(said: str, name: str = "BE1") -> dict[str, Any]:
    utterance = {"role": "speaker", "text": said}
    return {"info": {"id": name, "speaker_emotion": "기쁨"}, "utterances": [utterance]}


WHOLE = {
    "a/Empathy_1.json": json.dumps(empathy("하나"), ensure_ascii=False),
    "b/talk.json": json.dumps([FREE_TALK, FREE_TALK], ensure_ascii=False),
    "c/nikl.jsonl": "\n".join([json.dumps(NIKL, ensure_ascii=False)] * 3),
    "d/reviews.json": json.dumps([ASPECT] * 3, ensure_ascii=False),
    "e/Sess01_eval.csv": f"{KEMDY}1,0,1,Sess01_script01_User001F_001,happy,4,4\n",
    "e/Sess01_script01_User001F_001.txt": "네.",
    "f/topics.csv": "구분,유저,챗봇\n감정/화,문을 세게 닫았어요.,\n",
}


def write_json(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("046.공감형 대화/01-1.정식개방데이터/Training/02.라벨링데이터/x.json", "train"),
        ("046.공감형 대화/01-1.정식개방데이터/Validation/01.원천데이터/x.json", "validation"),
        ("받은 파일/TL_기쁨_연인.zip/Empathy_기쁨_연인_1.json", "train"),
        ("받은 파일/VL_기쁨_연인/Empathy_기쁨_연인_1.json", "validation"),
        ("2.validation/TL.zip/x.json", "validation"),
        ("Sample/라벨링데이터/x.json", None),
        ("HTL_1/x.json", None),
    ],
)
def test_the_official_split_is_that_of_the_folder_or_zip(path: str, split: str | None) -> None:
    assert official_split(path) == split


def test_a_dialogue_that_is_cut_off_is_a_bad_file(tmp_path: Path) -> None:
    write_json(tmp_path / "Empathy_1.json", empathy("하나"))
    write_json(tmp_path / "Empathy_3.json", [empathy("셋", "BE3"), empathy("넷", "BE4")])
    whole = json.dumps(empathy("둘")).encode()
    (tmp_path / "Empathy_2.json").write_bytes(whole[:-9])
    assert_stops_and_skips(tmp_path, said="Empathy_2.json is not the dialogue its", read=["하나", "셋", "넷"])


@given(utterances=UTTERANCES)
def test_whatever_stands_in_a_conversation_is_one_row_each(utterances: list[Any]) -> None:
    first = {"Text": "처음", "SpeakerEmotionTarget": "기쁨"}
    with tempfile.TemporaryDirectory() as folder:
        write_json(Path(folder, "1.json"), {"Conversation": [first, *utterances]})
        rows, _ = read_all(Path(folder))
    assert [row["turn"] for row in rows] == [*range(1, len(utterances) + 2)]
    assert all((row["reason"] == "bad_row") == (row["detail"] is not None) for row in rows)


def test_dialogues_of_an_archive_are_read_together_and_keep_their_files(tmp_path: Path) -> None:
    members = [
        (f"TL_{part}/{number}.json", json.dumps(empathy(f"{part}{number}", f"BE{part}{number}")).encode())
        for part in "ab"
        for number in range(30)
    ]
    (tmp_path / "all.tar").write_bytes(tar(members))
    rows, log = read_all(tmp_path)
    assert {row["member"]: row["raw_text"] for row in rows} == {
        name: json.loads(content)["utterances"][0]["text"] for name, content in members
    }
    assert [entry["rows"] for entry in log.inputs] == [1] * 60


def test_annotations_without_any_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "annotation" / "Sess01_eval.csv"
    path.parent.mkdir()
    path.write_text(f"{KEMDY}1,0,1,Sess01_script01_User001F_001,happy,4,4\n", encoding="utf-8")
    (tmp_path / "kote.tsv").write_bytes(kote("성한 파일"))
    assert_stops_and_skips(tmp_path, said="has emotions, but no sentences", read=["성한 파일"])


def test_recordings_with_the_same_words_are_no_copies(tmp_path: Path) -> None:
    names = [f"Sess01_script01_User001F_{number:03d}" for number in range(1, 4)]
    lines = [f"{number},0,1,{name},happy,4,4\n" for number, name in enumerate(names, start=1)]
    (tmp_path / "Sess01_eval.csv").write_text(KEMDY + "".join(lines), encoding="cp949")
    for name in names:
        (tmp_path / f"{name}.txt").write_bytes("네.\n".encode("cp949"))
    rows, log = read_all(tmp_path)
    assert [(row["raw_text"], row["raw_label"], row["reason"]) for row in rows] == [
        ("네.", "happy", None)
    ] * 3
    assert log.left_aside == []


def test_an_array_of_sentences_that_is_cut_off_is_a_bad_file(tmp_path: Path) -> None:
    record = {"id": "nikluge-2023-ea-dev-000001", "input": {"form": "문장"}, "output": {"joy": "True"}}
    (tmp_path / "1.json").write_bytes(json.dumps([record, record]).encode()[:-20])
    with pytest.raises(InputError) as caught:
        read_all(tmp_path)
    assert "not the array of sentences" in caught.value.text()


def test_sentences_without_a_number_have_the_split_of_their_file_or_none(tmp_path: Path) -> None:
    record = {"input": {"form": "문장"}, "output": {"joy": "True", "sadness": "False"}}
    for name in ("train.jsonl", "dev.jsonl", "rest.jsonl"):
        (tmp_path / name).write_text(json.dumps({**record, "about": name}) + "\n", encoding="utf-8")
    rows, _ = read_all(tmp_path)
    assert [row["split"] for row in rows] == ["validation", None, "train"]


@given(data=st.data(), name=st.sampled_from(sorted(WHOLE)), encoding=st.sampled_from(["utf-8", "cp949"]))
def test_a_damaged_file_is_read_or_explained(data: st.DataObject, name: str, encoding: str) -> None:
    content = bytearray(WHOLE[name].encode(encoding))
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=3)):
        content[place] ^= 1 << data.draw(st.integers(0, 7))
    end = data.draw(st.integers(0, len(content)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, Path(name).name)
        path.write_bytes(content[:end])
        try:
            rows, _ = read_all(Path(folder))
        except InputError as error:
            assert error.what and error.next_step
        else:
            assert all(row["id"] for row in rows)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_json_that_is_nested_beyond_measure_is_explained(opening: str, tmp_path: Path) -> None:
    deep = opening * 1_200
    (tmp_path / "1.json").write_text(
        f'{{"utterances": [{deep}], "speaker_emotion": "기쁨"}}', encoding="utf-8"
    )
    (tmp_path / "2.json").write_text(
        f'[{{"input": {{"form": "문장"}}, "joy": 1, "sadness": 1, "output": {deep}}}]'
    )
    for name in ("1.json", "2.json"):
        with pytest.raises(InputError):
            read_all(tmp_path / name)


def test_topics_are_read_from_every_sheet_that_has_them_and_below_a_title(tmp_path: Path) -> None:
    header, row = ["구분", "유저", "챗봇"], ["감정/화", "문을 세게 닫았어요.", "그러셨군요."]
    sheets: dict[str, list[list[Any]]] = {
        "처음": [["웰니스 대화 스크립트", None, None], header, row],
        "둘째": [header, ["증상/불면", "밤을 새웠어요.", None]],
        "집계": [["주제", "건수"], ["감정", 2]],
    }
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, cells in sheets.items():
        sheet = workbook.create_sheet(name)
        for each in cells:
            sheet.append(each)
    workbook.save(tmp_path / "웰니스.xlsx")
    rows, log = read_all(tmp_path)
    assert [(row["member"], row["raw_text"]) for row in rows] == [
        ("처음", "문을 세게 닫았어요."),
        ("둘째", "밤을 새웠어요."),
    ]
    assert [entry["member"] for entry in log.left_aside] == ["집계"]


def test_reviews_are_read_from_a_parquet_file(tmp_path: Path) -> None:
    (tmp_path / "reviews.parquet").write_bytes(parquet([{"RawText": "곱다", "GeneralPolarity": "1"}]))
    rows, _ = read_all(tmp_path)
    assert [(row["raw_text"], row["raw_label"]) for row in rows] == [("곱다", "1")]


def test_a_table_with_the_columns_of_topics_but_other_topics_is_another_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("구분,유저\n감정/화,문을 세게 닫았어요.\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("구분,유저\n관리자,kim\n손님,lee\n", encoding="utf-8")
    rows, log = read_all(tmp_path)
    assert [row["raw_text"] for row in rows] == ["문을 세게 닫았어요."]
    assert [entry["file"] for entry in log.left_aside] == ["b.csv"]

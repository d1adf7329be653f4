"""What single readers promise beyond their test data: groups, ids, headers, errors."""

from __future__ import annotations

import itertools
import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.raw_files import parquet, xlsx
from support.reading import SKIP, assert_stops_and_skips, kote, read_all, texts

from etl.errors import EtlError, InputError, SettingsError
from etl.ingestion.sources.aihub_multimodal import speaker_groups

TABLE = {"text_column": "문장", "label_column": "감정"}


def dialogue(sentence: Any, talk: str = "Pro_1_1") -> dict[str, Any]:
    return {
        "profile": {"emotion": {"emotion-id": "S01_D02_E18", "type": "E18", "situation": ["S01", "D02"]}},
        "talk": {"id": {"profile-id": "Pro_1", "talk-id": talk}, "content": {"HS01": sentence}},
    }


def clip(number: Any, person: str = "1", frame: str = "1") -> bytes:
    emotion = {"text": {"emotion": "happy", "valence": 8, "arousal": 6}}
    spoken = {"script": f"{number}번 클립", "script_start": 1, "script_end": 1}
    thing = {"person_id": person, "emotion": emotion, "text": spoken}
    return json.dumps({"clip_id": number, "data": {frame: {"1": thing}}}, ensure_ascii=False).encode()


# ------------------------------------------------------------------------------------------- groups of actors


@pytest.mark.parametrize(
    ("actors", "groups"),
    [
        ({}, {}),
        ({0: {"a"}, 1: {"b"}}, {0: 0, 1: 1}),
        ({0: {"a"}, 1: {"a"}}, {0: 0, 1: 0}),
        # a and c never meet, but b knows both
        ({0: {"a", "b"}, 7: {"b", "c"}, 9: {"c"}}, {0: 0, 7: 0, 9: 0}),
        # the block that joins two groups comes last
        ({3: {"a"}, 5: {"b"}, 8: {"a", "b"}}, {3: 3, 5: 3, 8: 3}),
        ({8: {"a", "b"}, 5: {"b"}, 3: {"a"}}, {8: 3, 5: 3, 3: 3}),
        ({1: set(), 2: {"a"}, 4: set()}, {1: 1, 2: 2, 4: 4}),
    ],
)
def test_blocks_that_share_an_actor_are_one_group_named_by_its_first_block(
    actors: dict[int, set[str]], groups: dict[int, int]
) -> None:
    assert speaker_groups(actors) == groups


def reachable(block: int, actors: dict[int, set[str]]) -> set[int]:
    """All blocks that share an actor with `block` or with a block that is reachable from it."""
    found, people = {block}, set(actors[block])
    while True:
        more = {other for other, theirs in actors.items() if theirs & people} - found
        if not more:
            return found
        found |= more
        people |= set().union(*(actors[other] for other in more))


@given(st.dictionaries(st.integers(0, 30), st.sets(st.sampled_from("abcdefgh"), max_size=3)))
def test_a_group_is_all_that_is_reachable_by_shared_actors(actors: dict[int, set[str]]) -> None:
    groups = speaker_groups(actors)
    assert groups.keys() == actors.keys()
    for block in actors:
        assert groups[block] == min(reachable(block, actors))


def test_forty_consecutive_clips_are_one_block(tmp_path: Path) -> None:
    for number in (1, 40, 41, 80, 81):
        (tmp_path / f"clip_{number}.json").write_bytes(clip(number, person=f"p{number}"))
    rows, _ = read_all(tmp_path)
    groups = {row["raw_text"]: row["group"] for row in rows}
    assert groups["1번 클립"] == groups["40번 클립"] != groups["41번 클립"]
    assert groups["41번 클립"] == groups["80번 클립"] != groups["81번 클립"]


def test_a_clip_is_known_however_its_keys_are_ordered(tmp_path: Path) -> None:
    shown = json.loads(clip(3))
    thing = shown["data"]["1"]["1"]
    shown["data"] |= {str(frame): {"1": thing} for frame in range(2, 1000)}
    (tmp_path / "clip_3.json").write_text(json.dumps({"data": shown["data"], "clip_id": 3}), encoding="utf-8")
    assert texts(tmp_path) == ["3번 클립"]


@pytest.mark.parametrize(
    "broken",
    [clip("열셋"), clip(3, frame="처음"), clip(3)[:60], clip(3).replace(b'"text": {"emo', b'"text": [{"emo')],
)
def test_a_clip_that_is_not_what_its_contract_describes_is_a_bad_file(broken: bytes, tmp_path: Path) -> None:
    (tmp_path / "clip_1.json").write_bytes(clip(1))
    (tmp_path / "clip_2.json").write_bytes(broken)
    (tmp_path / "clip_5.json").write_bytes(clip(5))
    assert_stops_and_skips(tmp_path, said="clip_2.json is not the clip its", read=["1번 클립", "5번 클립"])


def test_a_clip_may_lack_ids_and_labels_and_is_still_read(tmp_path: Path) -> None:
    shown = {"clip_id": 1, "data": {"1": {"1": {"text": {"script": "누구 목소리지?"}}}, "2": {}}}
    (tmp_path / "clip_1.json").write_text(json.dumps(shown), encoding="utf-8")
    rows, _ = read_all(tmp_path)
    assert [(row["raw_text"], row["raw_label"]) for row in rows] == [("누구 목소리지?", None)]


# ------------------------------------------------------------------------------------------------ dialogues


def test_a_talk_id_is_told_apart_however_far_away_it_is_repeated(tmp_path: Path) -> None:
    many = [dialogue(str(number), talk=f"t{number % 20_500}") for number in range(21_000)]
    (tmp_path / "Training.json").write_text(json.dumps(many), encoding="utf-8")
    rows, _ = read_all(tmp_path)
    assert len({row["id"] for row in rows}) == len(rows) == 21_000
    assert [row["position"] for row in rows] == list(range(21_000))


def test_json_that_is_cut_off_is_a_bad_file(tmp_path: Path) -> None:
    content = json.dumps([dialogue("하나"), dialogue("둘")], ensure_ascii=False).encode()
    (tmp_path / "Training.json").write_bytes(content[:-40])
    (tmp_path / "Validation.json").write_bytes(content)
    assert_stops_and_skips(tmp_path, said="Training.json is not the corpus its", read=["하나", "둘"])


def test_half_a_letter_spoils_its_own_dialogue_only(tmp_path: Path) -> None:
    content = json.dumps([dialogue("하나", "t1"), dialogue("반쪽 \ud83d", "t2"), dialogue("셋", "t3")])
    (tmp_path / "Training.json").write_text(content, encoding="ascii")
    rows, _ = read_all(tmp_path)
    assert [(row["raw_text"], row["reason"]) for row in rows] == [
        ("하나", None),
        (None, "bad_row"),
        ("셋", None),
    ]


def test_half_a_letter_spoils_its_own_review_only(tmp_path: Path) -> None:
    reviews = [
        {"review": text, "rating": "10", "review_id": str(number), "movie_id": "1"}
        for number, text in enumerate(["하나", "반쪽 \udc00", "셋"])
    ]
    (tmp_path / "1.json").write_text(json.dumps(reviews), encoding="ascii")
    rows, _ = read_all(tmp_path)
    assert [(row["raw_text"], row["reason"]) for row in rows] == [
        ("하나", None),
        (None, "bad_row"),
        ("셋", None),
    ]


def test_reviews_that_are_cut_off_are_a_bad_file(tmp_path: Path) -> None:
    content = json.dumps([{"review": "하나", "rating": "10", "review_id": "1", "movie_id": "1"}] * 3).encode()
    (tmp_path / "1.json").write_bytes(content[:-10])
    (tmp_path / "a.tsv").write_bytes(kote("성한 파일"))
    assert_stops_and_skips(tmp_path, said="1.json is not the array of reviews its", read=["성한 파일"])


def test_without_a_hint_json_is_the_train_part_of_the_first_release(tmp_path: Path) -> None:
    (tmp_path / "dialogues.json").write_text(json.dumps([dialogue("하나")]), encoding="utf-8")
    rows, _ = read_all(tmp_path)
    assert (rows[0]["release"], rows[0]["split"]) == ("v1", "train")


def test_one_opening_of_a_table_is_one_group_however_it_is_spaced(tmp_path: Path) -> None:
    openings = ["비가 또 온다.", " 비가  또 온다. ", "비가\n또 온다.", "눈이 또 온다."]
    header = ["번호", "감정_대분류", "감정_소분류", "사람문장1", "시스템응답1"]
    cells = [[str(number), "슬픔", "슬픔", text, "네."] for number, text in enumerate(openings)]
    (tmp_path / "Training.xlsx").write_bytes(xlsx([header, *cells]))
    rows, _ = read_all(tmp_path)
    assert [row["group"] for row in rows] == [rows[0]["group"]] * 3 + [rows[3]["group"]]
    assert rows[0]["group"] != rows[3]["group"]


# ---------------------------------------------------------------------------------------------- header names


def decomposed(cells: list[str]) -> list[str]:
    return [unicodedata.normalize("NFD", cell) for cell in cells]


HEADERS = {
    "aihub-dialogue": {
        "번호": "1",
        "감정_대분류": "슬픔",
        "감정_소분류": "슬픔",
        "사람문장1": "하나",
        "시스템응답1": "네",
    },
    "aihub-speech": {"wav_id": "5e1", "발화문": "하나", **{f"{n}번 감정": "Angry" for n in range(1, 6)}},
    "keti-dialogue": {"dialog #": "S", "발화": "하나", "감정": "중립"},
}


@pytest.mark.parametrize("slug", HEADERS)
def test_a_header_that_was_decomposed_on_a_mac_is_understood(slug: str, tmp_path: Path) -> None:
    header, cells = list(HEADERS[slug]), list(HEADERS[slug].values())
    if slug == "keti-dialogue":
        (tmp_path / "x.xlsx").write_bytes(xlsx([decomposed(header), cells]))
    else:
        lines = [",".join(row) + "\n" for row in (decomposed(header), cells)]
        (tmp_path / "x.csv").write_text("".join(lines), encoding="utf-8")
    rows, _ = read_all(tmp_path)
    assert [(row["source"], row["raw_text"], row["reason"]) for row in rows] == [(slug, "하나", None)]


def test_headers_may_be_padded_and_repeated(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(" Q ,A, label,,memo,memo\n하나,네,0,,,\n", encoding="utf-8")
    (tmp_path / "y.xlsx").write_bytes(
        xlsx([["Sentence ", " Emotion", None, "memo", "memo"], ["둘", "공포", 1, 2, 3]])
    )
    assert sorted(texts(tmp_path)) == ["둘", "하나"]


# ----------------------------------------------------------------------------------------------------- tables


def test_rows_of_tables_of_one_name_have_ids_of_their_own(tmp_path: Path) -> None:
    for name in ("2023/글.csv", "2024/글.csv", "2024/글.tsv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        separator = "\t" if name.endswith("tsv") else ","
        (tmp_path / name).write_text(f"문장{separator}감정\n{name}{separator}기쁨\n", encoding="utf-8")
    rows, _ = read_all(tmp_path, table=TABLE)
    assert len({row["id"] for row in rows}) == len(rows) == 3


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("b.csv", "글,감정\n하나,기쁨\n".encode()),
        ("b.tsv", "글\t감정\n하나\t기쁨\n".encode()),
        ("b.xlsx", xlsx([["글", "감정"], ["하나", "기쁨"]])),
        ("b.parquet", parquet([{"글": "하나", "감정": "기쁨"}])),
    ],
)
def test_a_table_without_the_named_column_says_which_columns_it_has(
    name: str, content: bytes, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("문장,감정\n성한 표,기쁨\n", encoding="utf-8")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_all(tmp_path, table=TABLE)
    assert f"{name} has no column '문장'" in caught.value.what
    assert "글, 감정" in caught.value.text()
    assert "--text-column" in caught.value.next_step
    rows, log = read_all(tmp_path, table=TABLE, read=SKIP)
    assert [row["raw_text"] for row in rows] == ["성한 표"]
    assert [entry["file"] for entry in log.skipped] == [name]


def test_a_column_of_lists_cannot_hold_sentences(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(parquet([{"문장": ["하", "나"], "감정": "기쁨"}]))
    with pytest.raises(EtlError) as caught:
        read_all(tmp_path, table=TABLE)
    assert "문장" in caught.value.text()


def test_a_parquet_file_that_is_cut_off_is_a_bad_file(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(parquet([{"문장": "하나", "감정": "기쁨"}])[:-20])
    with pytest.raises(InputError, match=r"a\.parquet is not a readable Parquet file"):
        read_all(tmp_path, table=TABLE)


def test_a_table_needs_the_column_of_the_sentence_to_be_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("문장,감정\n하나,기쁨\n", encoding="utf-8")
    named = {name: column for name, column in TABLE.items() if name != "text_column"}
    with pytest.raises(SettingsError, match="text_column"):
        read_all(tmp_path, table=named, read={"source": "table"})


# ----------------------------------------------------------------------------------------- nothing to be read


def test_files_of_no_known_corpus_are_an_explained_error(tmp_path: Path) -> None:
    (tmp_path / "other.xlsx").write_bytes(xlsx([["날짜", "금액"], [1, 2]]))
    (tmp_path / "film.mp4").write_bytes(b"x")
    with pytest.raises(InputError) as caught:
        read_all(tmp_path)
    assert "other.xlsx" in caught.value.text()
    assert ".mp4 (1)" in caught.value.text()
    assert "etl sources" in caught.value.next_step


def test_a_corpus_that_was_asked_for_and_is_not_there_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(kote("하나"))
    with pytest.raises(InputError, match="nsmc"):
        read_all(tmp_path, read={"source": "nsmc"})
    assert texts(tmp_path, read={"source": "kote"}) == ["하나"]


def test_a_corpus_that_nobody_knows_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(kote("하나"))
    with pytest.raises(SettingsError, match=r"expected one of .*aihub-dialogue"):
        read_all(tmp_path, read={"source": "감성대화"})


def test_a_path_that_is_missing_is_an_error_also_when_bad_files_are_skipped(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_all(tmp_path / "없는 폴더", read=SKIP)


# ------------------------------------------------------------------------------------------- order and limits


def test_rows_come_in_the_order_of_corpora_and_of_paths(tmp_path: Path) -> None:
    for name in ("b.tsv", "a/z.tsv", "c/a.tsv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(kote(name, first=ord(name[0])))
    (tmp_path / "z.csv").write_text("Q,A,label\n질문,네,0\n", encoding="utf-8")
    (tmp_path / "0.xlsx").write_bytes(xlsx([["Sentence", "Emotion"], ["문장", "공포"]]))
    assert texts(tmp_path) == ["문장", "질문", "a/z.tsv", "b.tsv", "c/a.tsv"]


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_a_limit_counts_the_rows_of_each_corpus(limit: int, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(kote("하나", "둘"))
    (tmp_path / "b.tsv").write_bytes(kote("셋", "넷", first=3))
    (tmp_path / "z.csv").write_text("Q,A,label\n질문,네,0\n질문 둘,네,0\n질문 셋,네,0\n", encoding="utf-8")
    rows, _ = read_all(tmp_path, read={"limit": limit})
    counts = {slug: len(list(group)) for slug, group in itertools.groupby(rows, lambda row: row["source"])}
    assert counts == {"chatbot": min(limit, 3), "kote": min(limit, 4)}


def test_a_key_that_no_json_line_has_is_a_missing_column(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        '{"text": "오늘 날씨가 참 좋다", "label": "기쁨"}\n' * 3, encoding="utf-8"
    )
    with pytest.raises(InputError, match="has no column 'sentence'") as caught:
        read_all(tmp_path, table={"text_column": "sentence", "label_column": "label"})
    assert "its columns are text, label" in caught.value.text()

"""The sample, read back with the standard library and openpyxl, without the readers of ingest."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import unicodedata
import zipfile
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path
from random import Random

import openpyxl
import pytest
import typer
from typer.testing import CliRunner

from etl.commands.sample import sample as sample_command
from etl.errors import SettingsError
from etl.sample import phrases
from etl.sample.corpora import write_sample
from etl.schema import resources, row, taxonomy
from etl.schema.resolver import make_resolver

FILLERS = "\u200b\ufeff\u115f\u1160\u3164\u2800"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    written = tmp_path_factory.mktemp("sample") / "corpora"
    write_sample(written, dialogues=120, clips=15)
    return written


@pytest.fixture(scope="module")
def truth(folder) -> dict:
    return json.loads((folder / "truth.json").read_text(encoding="utf-8"))


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {member.filename: archive.read(member) for member in archive.infolist()}


def sheet(content: bytes) -> list[tuple]:
    return list(openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True))


def cleaned(text: str) -> str:
    text = unicodedata.normalize("NFC", text).translate(dict.fromkeys(map(ord, FILLERS), " "))
    return re.sub(r"(.)\1{3,}", r"\1\1\1", " ".join(text.split()))


def key(text: str) -> str:
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", cleaned(text)).lower())


def clips(folder: Path) -> dict[str, dict]:
    """Every clip by its path in the repaired spelling; parts are joined."""
    found = {}
    where = folder / "멀티모달 영상"
    archives = {path.name: path.read_bytes() for path in where.glob("*.zip")}
    archives["parts"] = b"".join(path.read_bytes() for path in sorted(where.glob("*.part*")))
    for content in archives.values():
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                if member.filename.endswith(".json"):
                    raw = archive.read(member)
                    try:
                        text = raw.decode("utf-8")
                    except UnicodeDecodeError:
                        text = raw.decode("cp949")
                    found[member.filename.encode("cp437").decode("cp949")] = json.loads(text)
    return found


def utterances(clip: dict) -> dict[tuple, list[dict]]:
    """The speaker's entry on every frame of every utterance."""
    found = defaultdict(list)
    for things in clip["data"].values():
        for thing in things.values():
            if "text" in thing:
                spoken = thing["text"]
                found[thing["person_id"], str(spoken["script_start"]), str(spoken["script_end"])].append(
                    thing
                )
    return found


def test_every_row_of_the_truth_is_kept_or_rejected_for_a_known_reason(truth):
    assert set(truth["sources"]) == {
        "aihub-dialogue",
        "aihub-multimodal",
        "aihub-speech",
        "keti-dialogue",
        "keti-single",
    }
    for counts in truth["sources"].values():
        assert counts["read"] == counts["kept"] + sum(counts["rejected"].values())
        assert counts["kept"] > 0
        assert set(counts["rejected"]) <= set(row.reasons())


def test_the_function_returns_what_it_wrote_as_truth(tmp_path):
    returned = write_sample(tmp_path / "corpora", dialogues=0, clips=3)
    assert returned == json.loads((tmp_path / "corpora" / "truth.json").read_text(encoding="utf-8"))


def test_archive_names_are_cp949_without_the_utf8_flag(folder):
    with zipfile.ZipFile(folder / "멀티모달 영상" / "0801-1200.zip") as archive:
        assert archive.testzip() is None
        for member in archive.infolist():
            assert not member.flag_bits & 0x800
            repaired = member.filename.encode("cp437").decode("cp949")
            assert re.fullmatch(r"라벨데이터/0801-1200/clip_(\d+)/clip_\1\.(json|mp4)", repaired)
    assert all(name.isascii() for name in members(folder / "멀티모달 영상" / "0001-0400.zip"))
    assert any(path.startswith("5201-5600-수정본/5201-5600-수정본/clip_5201/") for path in clips(folder))


def test_one_clip_is_cp949_and_the_others_are_utf8(folder):
    failed = 0
    for archive in ("0001-0400.zip", "0801-1200.zip"):
        for name, content in members(folder / "멀티모달 영상" / archive).items():
            if name.endswith(".json"):
                try:
                    content.decode("utf-8")
                except UnicodeDecodeError:
                    failed += 1
                    content.decode("cp949")
    assert failed == 1


def test_an_utterance_stands_on_every_frame_of_its_span(folder, truth):
    total = 0
    for clip in clips(folder).values():
        for (_, start, end), frames in utterances(clip).items():
            assert len({frame["text"]["script"] for frame in frames}) == 1
            assert len(frames) == int(end) - int(float(start)) + 1
        total += len(utterances(clip))
    assert total == truth["sources"]["aihub-multimodal"]["read"]


def test_listeners_have_no_text_things_no_emotion_and_some_numbers_are_strings(folder):
    types, starts = set(), set()
    for clip in clips(folder).values():
        types |= {type(clip["nr_frame"]), type(clip["clip_id"])}
        for things in clip["data"].values():
            people = [thing for thing in things.values() if thing["label"] == "person"]
            assert len(people) == 2
            assert sum("text" in person for person in people) == 1
            assert all("emotion" in person for person in people)
            assert any("emotion" not in thing for thing in things.values())
            starts |= {type(person["text"]["script_start"]) for person in people if "text" in person}
    assert types == {str, int}
    assert starts == {str, int}


def test_clips_plant_missing_blank_unknown_and_alias_labels_and_repeated_short_answers(folder, truth):
    spoken = [frames[0] for clip in clips(folder).values() for frames in utterances(clip).values()]
    labels = [each["emotion"].get("text", {}).get("emotion") for each in spoken]
    assert (
        labels.count(None) + labels.count("")
        == truth["sources"]["aihub-multimodal"]["rejected"]["missing_label"]
    )
    assert "bored" in labels
    assert {"happiness", "anger", "disgust", "sadness"} & set(labels)
    assert Counter(each["text"]["script"] for each in spoken)["네."] == 2


def test_clips_come_from_several_blocks_and_some_blocks_share_a_person(folder, tmp_path):
    write_sample(tmp_path / "more", dialogues=0, clips=60)
    people = defaultdict(set)
    for clip in clips(tmp_path / "more").values():
        people[(int(clip["clip_id"]) - 1) // 40] |= set(clip["actor"])
    assert len(people) == 12
    assert any(one & other for one, other in combinations(people.values(), 2))
    assert any(not one & other for one, other in combinations(people.values(), 2))


def test_keti_files_have_their_headers_typos_and_blanks(folder, truth):
    where = folder / "한국어 감정 정보 대화 데이터셋"
    single = sheet((where / "한국어_단발성_대화_데이터셋.xlsx").read_bytes())
    assert single[0] == ("Sentence", "Emotion", None, None, None)
    assert len(single) - 1 == truth["sources"]["keti-single"]["read"]
    texts, labels = [line[0] for line in single[1:]], [line[1] for line in single[1:]]
    assert any(text.startswith(" ") and text.strip() for text in texts)
    assert (
        sum(not cleaned(text) for text in texts) == truth["sources"]["keti-single"]["rejected"]["empty_text"]
    )
    assert "행복 " in labels
    assert None in labels
    dialogue = sheet((where / "한국어_연속적_대화_데이터셋.xlsx").read_bytes())
    assert dialogue[0] == (None, None, None)
    assert dialogue[1] == ("dialog #", "발화", "감정")
    body = dialogue[2:]
    assert len(body) == truth["sources"]["keti-dialogue"]["read"]
    assert [index for index, line in enumerate(body) if line[0] == "S"] == list(range(0, len(body), 5))
    assert {"ㅈ중립", "ㄴ중립", "중림", "줄", "분ㄴ", "분", "ㅍ", None} <= {line[2] for line in body}


def test_speech_files_are_cp949_with_the_header_that_misspells_one_column(folder, truth):
    rows, doubtful, asked_for = 0, 0, defaultdict(set)
    paths = sorted((folder / "감정 분류를 위한 대화 음성 데이터셋").iterdir())
    names = {unicodedata.normalize("NFC", path.name): path for path in paths}
    assert set(names) == {"4차년도.csv", "5차년도.csv", "5차년도_2차.csv"}
    assert names["5차년도_2차.csv"].name != "5차년도_2차.csv", "written decomposed, as macOS does"
    for name, path in names.items():
        header, *body = csv.reader(io.StringIO(path.read_bytes().decode("cp949")))
        assert len(header) == 15
        assert header[9:11] == ["4번 감정", "4번감정세기"]
        for line in body:
            assert len(line) == 15
            asked_for[name].add(line[2])
            doubtful += max(Counter(line[3:13:2]).values()) < 3
        rows += len(body)
    assert {"anger", "sad"} <= asked_for["4차년도.csv"]
    assert {"angry", "sadness"} <= asked_for["5차년도.csv"]
    counts = truth["sources"]["aihub-speech"]
    assert (rows, doubtful) == (counts["read"], counts["rejected"]["label_ambiguous"])


def test_labels_of_the_other_corpora_mean_the_emotion_they_are_listed_under():
    corpora = resources.load("schemas", "sample", "corpora.yaml")
    listed = {
        "keti-single": corpora["keti"]["labels"],
        "keti-dialogue": corpora["keti"]["labels"],
        "aihub-multimodal": corpora["aihub-multimodal"]["labels"],
        "aihub-speech": {
            emotion: [",".join([vote] * 3)] for emotion, vote in corpora["aihub-speech"]["labels"].items()
        },
    }
    ko7 = taxonomy.load("ko7")
    for slug, labels in listed.items():
        resolve = make_resolver(ko7, slug)
        for emotion, raws in labels.items():
            for raw in [raws] if isinstance(raws, str) else raws:
                assert resolve(raw).label == emotion, (slug, raw)


def test_the_emotions_of_the_sentences_are_the_targets_of_the_default_taxonomy():
    assert phrases.emotions() == list(taxonomy.load("ko7").targets)


def test_there_are_eight_thousand_sentences_of_at_least_four_eojeols_and_no_two_say_the_same():
    dealt = phrases.deal_sentences(Random(1))
    texts = [
        next(dealt[emotion]).text for emotion, amount in phrases.capacity().items() for _ in range(amount)
    ]
    assert len(texts) >= 8_000
    assert len({key(text) for text in texts}) == len(texts)
    assert min(len(text.split()) for text in texts) >= 4
    assert not any("{" in text for text in texts)


def test_no_two_sentences_are_near_duplicates():
    dealt = phrases.deal_sentences(Random(2))
    grams = [
        {key(text)[index : index + 3] for index in range(len(key(text)) - 2)}
        for emotion in phrases.emotions()
        for text in (next(dealt[emotion]).text for _ in range(100))
    ]
    assert max(len(one & other) / len(one | other) for one, other in combinations(grams, 2)) < 0.8


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path):
    digests = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_sample(tmp_path / name, dialogues=20, clips=3, seed=seed)
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        digests.append(
            {
                str(path.relative_to(tmp_path / name)): hashlib.sha256(path.read_bytes()).digest()
                for path in files
            }
        )
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]
    assert set(digests[0]) == set(digests[2])


def test_a_folder_with_something_in_it_is_refused_and_left_as_it_is(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(SettingsError, match="another folder"):
        write_sample(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_more_rows_than_there_are_sentences_is_an_error_that_leaves_nothing_behind(tmp_path):
    with pytest.raises(SettingsError, match="not enough"):
        write_sample(tmp_path / "corpora", dialogues=50_000)
    with pytest.raises(SettingsError, match="clips"):
        write_sample(tmp_path / "corpora", clips=5_000)
    assert list(tmp_path.iterdir()) == []


def test_the_command_shows_the_truth_as_json(tmp_path):
    app = typer.Typer()
    app.command()(sample_command)
    arguments = [str(tmp_path / "corpora"), "--dialogues", "10", "--clips", "3", "--json"]
    shown = CliRunner().invoke(app, arguments)
    assert shown.exit_code == 0
    assert json.loads(shown.stdout) == json.loads(
        (tmp_path / "corpora/truth.json").read_text(encoding="utf-8")
    )

"""The sample's 감성대화, read back without the readers of ingest: formats, planted defects, and a recount."""

from __future__ import annotations

import io
import json
import re
import unicodedata
import zipfile
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path

import openpyxl
import pytest

from etl.sample import phrases
from etl.sample.corpora import write_sample
from etl.schema import taxonomy

V1, V2 = "[감성대화]", "018.감성대화"
FINAL = "감성대화말뭉치(최종데이터)_{}"
FILLERS = "\u200b\ufeff\u115f\u1160\u3164\u2800"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    written = tmp_path_factory.mktemp("sample") / "corpora"
    write_sample(written, dialogues=120, clips=3)
    return written


@pytest.fixture(scope="module")
def truth(folder) -> dict:
    return json.loads((folder / "truth.json").read_text(encoding="utf-8"))


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {member.filename: archive.read(member) for member in archive.infolist()}


def sheet(content: bytes) -> list[tuple]:
    return list(openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True))


def dialogues(folder: Path) -> dict[tuple[str, str], list[dict]]:
    """The final JSON of each release and split, in the order of their paths."""
    found = {}
    for release, where in (
        ("v2", f"{V2}/{{split}}_221115_add/라벨링데이터"),
        ("v1", f"{V1}/{{split}}"),
    ):
        for split in ("Training", "Validation"):
            name = FINAL.format(split)
            content = members(folder / where.format(split=split) / f"{name}.zip")[f"{name}.json"]
            found[release, split] = json.loads(content.decode("utf-8-sig"))
    return found


def cleaned(text: str) -> str:
    text = unicodedata.normalize("NFC", text).translate(dict.fromkeys(map(ord, FILLERS), " "))
    return re.sub(r"(.)\1{3,}", r"\1\1\1", " ".join(text.split()))


def key(text: str) -> str:
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", cleaned(text)).lower())


def test_both_releases_have_the_official_folders_archives_and_members(folder):
    for split in ("Training", "Validation"):
        name = FINAL.format(split)
        assert set(members(folder / V1 / split / f"{name}.zip")) == {f"{name}.json", f"{name}.xlsx"}
        second = folder / V2 / f"{split}_221115_add"
        assert set(members(second / "라벨링데이터" / f"{name}.zip")) == {f"{name}.json"}
        assert set(members(second / "원천데이터" / f"{name}.zip")) == {f"{name}.xlsx"}
    raw = members(folder / V1 / "원천데이터" / "감성대화말뭉치(원천데이터)_Training.zip")
    assert set(raw) == {f"감성대화말뭉치(원시데이터)_Training.{ending}" for ending in ("json", "xlsx")}


def test_dialogues_have_the_shape_of_the_corpus(folder):
    talks = Counter()
    for part in dialogues(folder).values():
        for dialogue in part:
            emotion, talk = dialogue["profile"]["emotion"], dialogue["talk"]
            assert emotion["emotion-id"] == "_".join([*emotion["situation"], emotion["type"]])
            assert list(talk["content"]) == ["HS01", "SS01", "HS02", "SS02", "HS03", "SS03"]
            assert all(talk["content"][turn] for turn in ("HS01", "SS01", "HS02", "SS02"))
            assert dialogue["profile"]["persona-id"] == talk["id"]["profile-id"]
            talks[talk["id"]["talk-id"]] += 1
    assert set(talks.values()) == {1}
    third = [
        (bool(d["talk"]["content"]["HS03"]), bool(d["talk"]["content"]["SS03"]))
        for part in dialogues(folder).values()
        for d in part
    ]
    assert {(True, True), (False, False), (True, False)} <= set(third)


def own_reason(raw: str, code: str, targets: dict) -> str | None:
    """What is wrong with a row in itself."""
    if not cleaned(raw):
        return "empty_text"
    if not code:
        return "missing_label"
    if code not in targets:
        return "unknown_label"
    return None if targets[code] else "label_not_in_taxonomy"


def mark_repeats(train: list[dict]) -> None:
    seen, labels = set(), defaultdict(set)
    for each in train:
        labels[each["text"]].add(each["label"])
        if (each["text"], each["label"]) in seen:
            each["reason"] = "duplicate"
        seen.add((each["text"], each["label"]))
    for each in train:
        if each["reason"] is None and len(labels[each["text"]]) > 1:
            each["reason"] = "conflicting_labels"


def mark_leaks_by_text(train: list[dict], validation: list[dict]) -> None:
    raws, keys = {each["raw"] for each in validation}, {key(each["raw"]) for each in validation}
    for each in train:
        if each["reason"] is None and key(each["raw"]) in keys:
            each["reason"] = "leak_exact" if each["raw"] in raws else "leak_normalised"


def test_an_independent_recount_of_the_dialogues_gives_the_truth(folder, truth):
    """The rules of the dataset, spelt out row by row on the JSON that is read."""
    targets = taxonomy.load("ko7").maps["aihub-dialogue"]
    rows = []
    for (_, split), part in dialogues(folder).items():
        for dialogue in part:
            raw, code = dialogue["talk"]["content"]["HS01"], dialogue["profile"]["emotion"]["type"]
            group = dialogue["talk"]["id"]["profile-id"]
            reason = own_reason(raw, code, targets)
            label = targets.get(code)
            rows.append(
                {
                    "split": split,
                    "raw": raw,
                    "text": cleaned(raw),
                    "label": label,
                    "group": group,
                    "reason": reason,
                }
            )
    alive = [each for each in rows if each["reason"] is None]
    train = [each for each in alive if each["split"] == "Training"]
    validation = [each for each in alive if each["split"] == "Validation"]
    long_train = [each for each in train if len(each["text"].split()) >= 3 or len(each["text"]) >= 10]
    mark_repeats(long_train)
    mark_leaks_by_text(long_train, validation)
    groups = {each["group"] for each in validation}
    for each in train:
        if each["reason"] is None and each["group"] in groups:
            each["reason"] = "leak_group"

    counts = truth["sources"]["aihub-dialogue"]
    assert len(rows) == counts["read"]
    assert Counter(each["reason"] for each in rows if each["reason"]) == counts["rejected"]
    planted = {"duplicate", "conflicting_labels", "leak_exact", "leak_normalised", "leak_group"}
    assert planted <= set(counts["rejected"])


def test_profiles_are_shared_between_splits_only_where_that_is_planted(folder, truth):
    profiles = {
        part: {d["talk"]["id"]["profile-id"] for d in rows} for part, rows in dialogues(folder).items()
    }
    shared = [one & other for one, other in combinations(profiles.values(), 2) if one & other]
    assert len(shared) == 2
    assert truth["sources"]["aihub-dialogue"]["rejected"]["leak_group"] == 4


def test_the_releases_overlap_in_one_dialogue_of_train(folder):
    texts = {part: {d["talk"]["content"]["HS01"] for d in rows} for part, rows in dialogues(folder).items()}
    short = set(phrases.load_phrases()["planted"]["short"])
    both = (texts["v1", "Training"] & texts["v2", "Training"]) - short
    assert len([text for text in both if cleaned(text)]) == 1


def test_spreadsheets_have_the_columns_of_their_release_and_their_careless_labels(folder):
    first, second = FINAL.format("Training"), FINAL.format("Validation")
    v1 = sheet(members(folder / V1 / "Training" / f"{first}.zip")[f"{first}.xlsx"])
    assert len(v1[0]) == 15
    assert v1[0][0] == "번호"
    assert v1[0][7:9] == ("사람문장1", "시스템응답1")
    assert v1[0][-1] == "시스템응답4"
    raw_name = "감성대화말뭉치(원시데이터)_Training"
    raw = sheet(
        members(folder / V1 / "원천데이터" / "감성대화말뭉치(원천데이터)_Training.zip")[f"{raw_name}.xlsx"]
    )
    assert raw[0][:3] == ("번호", "value", "연령")
    assert len(raw[0]) == 14
    v2 = sheet(members(folder / V2 / "Validation_221115_add/원천데이터" / f"{second}.zip")[f"{second}.xlsx"])
    assert v2[0][:2] == (None, "연령")
    assert v2[0][-1] == "시스템문장3"
    assert len(v2[0]) == 13
    majors, pairs = {line[5] for line in v1[1:]}, {line[5:7] for line in v1[1:]}
    assert {"기쁨", "기쁨 "} <= majors
    assert None in majors
    minors = Counter(minor for _, minor in {(major.strip(), minor) for major, minor in pairs if major})
    assert minors["혼란스러운"] == 2 or minors["고립된"] == 2, (
        "a minor name that is ambiguous without its major"
    )


def test_spreadsheets_have_more_rows_than_the_json_beside_them(folder):
    name = FINAL.format("Training")
    both = members(folder / V1 / "Training" / f"{name}.zip")
    in_json = {d["talk"]["content"]["HS01"] for d in json.loads(both[f"{name}.json"])}
    in_sheet = [line[7] for line in sheet(both[f"{name}.xlsx"])[1:]]
    assert len(in_sheet) == len(json.loads(both[f"{name}.json"])) + 2
    assert len([text for text in in_sheet if text not in in_json]) == 2


def test_raw_dialogues_overlap_the_final_ones(folder):
    packed = members(folder / V1 / "원천데이터" / "감성대화말뭉치(원천데이터)_Training.zip")
    raw = {
        d["talk"]["content"]["HS01"] for d in json.loads(packed["감성대화말뭉치(원시데이터)_Training.json"])
    }
    final = {d["talk"]["content"]["HS01"] for d in dialogues(folder)["v1", "Training"]}
    assert raw & final
    assert raw - final


def test_one_json_begins_with_a_bom(folder):
    name = FINAL.format("Training")
    packed = members(folder / V2 / "Training_221115_add/라벨링데이터" / f"{name}.zip")
    assert packed[f"{name}.json"].startswith(b"\xef\xbb\xbf[")

"""Tables of the user's own: their labels, several of them in a run, and splits from the names of files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from support.raw_files import write_files
from support.reading import read_all, settings
from support.small_tables import ingest

import etl
from etl.errors import InputError, SettingsError
from etl.ingestion.ingest import discover

CORPORA = Path(__file__).parents[2] / "data"
COLUMNS = {"text_column": "text", "label_column": "label"}


def write(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def labels(path: Path, **table: Any) -> list[str | None]:
    return [row["raw_label"] for row in read_all(path, table={"text_column": "text"} | table)[0]]


def splits(folder: Path, **sections: Any) -> dict[str, str | None]:
    rows, _ = read_all(folder, **{"table": COLUMNS} | sections)
    return {row["file"]: row["split"] for row in rows}


def test_one_hot_columns_become_the_labels_they_are_called_by(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,기쁨,슬픔,detail", "하나,1,0,0", "둘,0.0,1.0,True", "셋,,0,False")
    assert labels(path, label_columns=["기쁨", "슬픔", "detail"]) == ["기쁨", "슬픔,detail*", None]


def test_several_label_columns_are_joined_by_a_slash_without_their_blanks(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,대분류,소분류", "하나, 불안 ,혼란스러운", "둘,기쁨,", "셋,,")
    assert labels(path, label_column=["대분류", "소분류"]) == ["불안/혼란스러운", "기쁨", None]


def test_of_columns_of_one_name_the_first_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,label,label", "하나,기쁨,슬픔")
    rows, log = read_all(path, table=COLUMNS)
    assert [row["raw_label"] for row in rows] == ["기쁨"]
    assert log.warnings == ["a.csv has several columns 'label': the first is read, not label#2"]
    assert labels(path, label_column="label#2") == ["슬픔"]


def test_a_table_with_a_label_column_only_is_told_to_name_the_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="which column holds the sentence"):
        read_all(write(tmp_path / "a.csv", "text,label", "하나,기쁨"), table={"label_column": "label"})


def test_a_file_of_an_unknown_ending_is_told_which_are_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="ending") as caught:
        read_all(write(tmp_path / "a.dat", "text,label", "하나,기쁨"), table=COLUMNS)
    assert "got .dat (1)" in caught.value.text()


def test_a_label_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,기쁨", "하나,1")
    with pytest.raises(InputError, match="no column '슬픔'"):
        labels(path, label_columns=["기쁨", "슬픔"])


def test_each_of_several_tables_has_its_own_columns_labels_split_and_domain(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    write(
        raw / "a" / "one.csv",
        "문장,점수",
        "첫 번째 표의 문장이다,1",
        "첫 번째 표의 다른 문장,0",
        "모르는 점수이다,7",
    )
    write(raw / "b" / "two.tsv", "x\t기쁨\t슬픔", "두 번째 표의 문장이다\t0\t1")
    write(raw / "ChatbotData.csv", "Q,A,label", "챗봇의 물음이다,답,0")
    tables = [
        {
            "path": "a/*",
            "text_column": "문장",
            "label_column": "점수",
            "domain": "review",
            "labels": {"1": "joy", "0": None},
        },
        {"path": "*.tsv", "text_column": "x", "label_columns": ["기쁨", "슬픔"], "split": "test"},
        {"path": "c/*", "text_column": "x", "label_column": "y"},
    ]

    chosen = settings(tables=tables, tag={"tagger": "whitespace"})
    dataset = etl.ingest(raw, tmp_path / "out", chosen, workers=1)
    rows = pl.concat(
        [
            pl.read_parquet(tmp_path / "out" / name / "*.parquet").select(
                "file", "label", "raw_label", "domain", "split"
            )
            for name in ("data",)
        ]
    ).sort("file")
    assert rows.select("file", "label", "raw_label", "domain").rows() == [
        ("a/one.csv", "기쁨", "1", "review"),
        ("b/two.tsv", "슬픔", "슬픔", "comment"),
    ]
    assert rows["split"][1] == "test"
    rejected = dataset.manifest.counts["table"].rejected
    assert rejected == {"unknown_label": 1, "label_not_in_taxonomy": 1}
    assert "chatbot" in dataset.manifest.counts
    assert dataset.manifest.warnings[0] == "tables[2]: no table is at 'c/*'"


@pytest.mark.parametrize("meant", ["{1: 기쁨, 0: 슬픔}", "{1.0: 기쁨, 0.0: 슬픔}", "{yes: 기쁨, no: 슬픔}"])
def test_labels_that_yaml_takes_for_numbers_or_truths_are_labels(meant: str, tmp_path: Path) -> None:
    cells = ("yes", "no") if "yes" in meant else ("1", "0")
    path = write(tmp_path / "a.csv", "text,label", f"하나,{cells[0]}", f"둘,{cells[1]}")
    table = f"{{text_column: text, label_column: label, labels: {meant}}}"
    by_settings = write(tmp_path / "etl.yaml", "tag: {tagger: whitespace}", f"table: {table}")
    etl.ingest(path, tmp_path / "a", by_settings)
    named = write(
        tmp_path / "own.yaml", "name: own", "about: x", "targets: [기쁨, 슬픔]", f"maps: {{table: {meant}}}"
    )
    etl.ingest(path, tmp_path / "b", taxonomy=str(named), tagger="whitespace", **COLUMNS)
    for name in ("a", "b"):
        kept = pl.read_parquet(tmp_path / name / "data/*.parquet")
        assert dict(kept.select("raw_label", "label").iter_rows()) == dict(
            zip(cells, ["기쁨", "슬픔"], strict=True)
        )


def test_a_file_without_a_table_is_said_to_have_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none of 1 readable files holds a table"):
        read_all(write(tmp_path / "a.json", '{"version": 1}'), table=COLUMNS)


def test_a_map_of_labels_is_that_of_its_own_table(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    write(raw / "a.csv", "text,label", "이 문장은 좋은 쪽이다,1")
    write(raw / "b.csv", "text,label", "이 글은 나쁜 쪽이었다,1", '둘 다인 글도 하나 있다,"1,2"')
    tables = [
        COLUMNS | {"path": "a.csv", "labels": {"1": "기쁨"}},
        COLUMNS | {"path": "b.csv", "labels": {"1": "슬픔", "2": "슬픔"}},
    ]

    etl.ingest(raw, tmp_path / "out", settings(tables=tables, tag={"tagger": "whitespace"}), workers=1)
    kept = pl.read_parquet(tmp_path / "out" / "data" / "*.parquet").sort("file", "position")
    assert kept["label"].to_list() == ["기쁨", "슬픔", "슬픔"]


def test_settings_of_a_table_are_checked_before_anything_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,label", "하나,기쁨")
    with pytest.raises(SettingsError, match="domain"):
        ingest(path, out=tmp_path / "out", table__domain="poem")
    assert not (tmp_path / "out").exists()


def test_names_of_files_and_folders_give_the_official_split(tmp_path: Path) -> None:
    for name in ("train.csv", "dev.csv", "test/one.csv", "other.csv"):
        write(tmp_path / name, "text,label", f"{name}의 문장,기쁨")
    official = {"train.csv": "train", "dev.csv": "validation", "test/one.csv": "test", "other.csv": None}
    assert splits(tmp_path) == official
    assert splits(tmp_path, split={"mode": "grouped"}) == dict.fromkeys(official)
    _, log = read_all(tmp_path, table=COLUMNS)
    assert {entry["file"]: entry["split"] for entry in log.inputs} == official


def test_sheets_and_arrays_may_be_named_after_splits(tmp_path: Path) -> None:
    rows = {name: [{"text": f"{name}의 문장", "label": "기쁨"}] for name in ("train", "dev_set", "기타")}
    path = write(tmp_path / "a.json", json.dumps(rows))
    read = {row["member"]: row["split"] for row in read_all(path, table=COLUMNS)[0]}
    assert read == {"train": "train", "dev_set": "validation", "기타": None}
    grouped = read_all(path, table=COLUMNS, split={"mode": "grouped"})[0]
    assert {row["split"] for row in grouped} == {None}
    write(tmp_path / "a.json", json.dumps({"test": rows["train"], "dev": rows["기타"]}))
    assert {row["split"] for row in read_all(path, table=COLUMNS)[0]} == {None}


def test_a_column_goes_before_the_name_of_the_file(tmp_path: Path) -> None:
    write(tmp_path / "train.csv", "text,label,나눔", "하나,기쁨,dev", "둘,기쁨,?")
    write(tmp_path / "test.csv", "text,label,나눔", "셋,기쁨,학습")
    rows, _ = read_all(tmp_path, table=COLUMNS | {"split_column": "나눔"})
    assert [row["split"] for row in rows] == ["train", "validation", None]


def test_what_names_no_split_is_said(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,label,나눔", "하나,기쁨,dev", "둘,기쁨,A", "셋,기쁨,", "넷,기쁨,B")
    columns = COLUMNS | {"split_column": "나눔"}
    rows, log = read_all(path, table=columns)
    assert [row["split"] for row in rows] == ["validation", None, None, None]
    assert log.warnings == [
        "a.csv: 2 rows name no split in the column '나눔', but values such as 'A': they are split by group"
    ]
    assert read_all(path, table=columns, split={"mode": "grouped"})[1].warnings == []


@pytest.mark.parametrize("names", [["test.csv"], ["dev.csv", "test.csv"], ["train.csv"]])
def test_names_that_would_leave_train_or_all_else_empty_are_no_splits(
    names: list[str], tmp_path: Path
) -> None:
    for name in names:
        write(tmp_path / name, "text,label", f"{name}의 문장,기쁨")
    rows, log = read_all(tmp_path, table=COLUMNS)
    assert [row["split"] for row in rows] == [None] * len(names)
    assert ["their names are not taken for official splits" in warning for warning in log.warnings] == [True]


def test_a_corpus_without_an_official_split_takes_that_of_the_names(tmp_path: Path) -> None:
    for name in ("학습", "검증"):
        write(tmp_path / name / "ChatbotData.csv", "Q,A,label", f"{name}할 때의 물음,답,0")
    rows, _ = read_all(tmp_path)
    assert [row["split"] for row in rows] == ["validation", "train"]


def test_an_official_split_of_the_corpus_itself_is_kept(tmp_path: Path) -> None:
    for name, words in (("train/val.tsv", "하나"), ("train/train.tsv", "둘"), ("dev.tsv", "셋")):
        write(tmp_path / name, f"1\t{words}\t22,24")
    found, _ = discover([tmp_path], settings())
    assert {file.raw.file: file.official_split for file in found["kote"]} == {
        "dev.tsv": "validation",
        "train/train.tsv": "train",
        "train/val.tsv": "validation",
    }


def test_an_adapter_that_reads_many_files_at_once_takes_the_split_of_each(tmp_path: Path) -> None:
    case = yaml.safe_load((CORPORA / "aihub-multimodal" / "clips.yaml").read_text(encoding="utf-8"))
    first, *others = case["files"]
    named = [
        {**file, "path": f"{folder}/{file['path']}"}
        for folder, file in [("Training", first), *(("검증", file) for file in others)]
    ]
    rows, log = read_all(write_files(tmp_path, named))
    assert {row["split"] for row in rows} == {"train", "validation"}
    assert all(
        row["split"] == ("train" if row["file"].startswith("Training") else "validation") for row in rows
    )
    assert {entry["split"] for entry in log.inputs} == {"train", "validation"}

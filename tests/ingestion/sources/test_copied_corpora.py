"""Copies of the known corpora, in every form in which people keep them, are the same sentences and labels."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.corpus_copies import (
    CORPORA,
    FORMATS,
    SENTENCES,
    SEVEN,
    Corpus,
    delimited,
    each,
    read_file,
    written,
)
from support.raw_files import xlsx

from etl.errors import InputError
from etl.ingestion.ingest import ingest


def assert_same_rows(corpus: Corpus, rows: list[dict[str, Any]]) -> None:
    at = corpus.columns.index(corpus.sentence)
    assert {row["source"] for row in rows} == {corpus.slug}
    assert [row["raw_text"] for row in rows] == [row[at] for row in corpus.rows]
    assert all(row["raw_label"] and row["reason"] is None for row in rows)
    assert len({row["id"] for row in rows}) == len(rows)


# ----------------------------------------------------------------------------------------------------- copies


@pytest.mark.parametrize("how", FORMATS)
@pytest.mark.parametrize("corpus", CORPORA.values(), ids=CORPORA)
def test_a_copy_of_a_corpus_is_read_in_every_format(corpus: Corpus, how: str) -> None:
    rows, _ = read_file(f"{corpus.name}.{how}", written(corpus.columns, corpus.rows, how))
    assert_same_rows(corpus, rows)


@given(st.data())
def test_columns_may_stand_in_any_order_with_others_between_them(data: st.DataObject) -> None:
    corpus = CORPORA[data.draw(st.sampled_from(sorted(CORPORA)))]
    how = data.draw(st.sampled_from(["utf-8.csv", "plain.tsv", "json", "parquet"]))
    table = {name: [row[at] for row in corpus.rows] for at, name in enumerate(corpus.columns)}
    table |= {"Unnamed: 0": [str(n) for n in range(len(SENTENCES))], "비고": ["-"] * len(SENTENCES)}
    columns = data.draw(st.permutations(sorted(table)))
    spell = data.draw(
        st.sampled_from(
            [lambda name: name, lambda name: f" {name} ", lambda name: unicodedata.normalize("NFD", name)]
        )
    )
    cells = [list(row) for row in zip(*(table[name] for name in columns), strict=True)]
    rows, _ = read_file(f"{corpus.name}.{how}", written([spell(name) for name in columns], cells, how))
    assert_same_rows(corpus, rows)


def test_the_table_of_counts_beside_the_sentences_is_no_part_of_them() -> None:
    counts = [["라벨", "개수"], *[[label, number] for number, label in enumerate(SEVEN)]]
    single = CORPORA["keti-single"]
    cells = [
        [*row, None, None, None, *(counts[at] if at < len(counts) else [])]
        for at, row in enumerate([single.columns, *single.rows])
    ]
    assert_same_rows(single, read_file("한국어_단발성_대화_데이터셋.xlsx", xlsx(cells))[0])


def test_blank_rows_at_the_end_of_a_copy_spoil_no_other(tmp_path: Path) -> None:
    single = CORPORA["keti-single"]
    (tmp_path / "copy.csv").write_bytes(delimited([single.columns, *single.rows, *[["", ""]] * 50], ","))
    dataset = ingest(tmp_path, tmp_path / "out", tagger="whitespace")
    counts = dataset.manifest.counts["keti-single"]
    assert (counts.read, counts.rejected) == (len(SENTENCES) + 50, {"empty_text": 50})


@pytest.mark.parametrize("labels", ["[3, 20, 43]", "[ 3 20 43]", "['3', '20', '43']", "3, 20, 43"])
def test_label_ids_may_be_a_list_as_a_program_writes_it(labels: str) -> None:
    content = delimited([["text", "labels"], ["비가 온다", labels]], ",")
    assert [row["raw_label"] for row in read_file("kote.csv", content)[0]] == ["3,20,43"]


@pytest.mark.parametrize("with_ids", [True, False])
def test_the_first_layout_of_comments_has_a_zero_or_one_for_each_label(with_ids: bool) -> None:
    one_hot = ",".join("1" if label in (3, 20, 43) else "0" for label in range(44))
    fields = ["3,20,43", one_hot] if with_ids else [one_hot]
    content = "".join("\t".join([str(n), text, *fields]) + "\r\n" for n, text in enumerate(SENTENCES))
    rows, _ = read_file("val.tsv", content.encode())
    assert {(row["source"], row["raw_label"], row["split"]) for row in rows} == {
        ("kote", "3,20,43", None)
    } or {(row["source"], row["raw_label"]) for row in rows} == {("kote", "3,20,43")}


def test_dialogues_may_be_on_lines_or_within_an_object() -> None:
    emotion = {"emotion-id": "S01_D02_E18", "type": "E18", "situation": ["S01", "D02"]}
    dialogues = [
        {"profile": {"emotion": emotion}, "talk": {"id": {"talk-id": f"t{n}"}, "content": {"HS01": text}}}
        for n, text in enumerate(SENTENCES)
    ]
    lines = "\n".join(json.dumps(dialogue, ensure_ascii=False) for dialogue in dialogues)
    for name, content in (
        ("a.jsonl", lines),
        ("a.json", lines),
        ("a.json", json.dumps({"data": dialogues}, indent=1)),
    ):
        rows, _ = read_file(name, content.encode())
        assert [(row["raw_text"], row["raw_label"]) for row in rows] == [(text, "E18") for text in SENTENCES]


def test_numbers_of_a_spreadsheet_that_became_fractions_are_whole_again() -> None:
    corpus = CORPORA["aihub-speech"]
    cells = [[float(cell) if cell.isdecimal() else cell for cell in row] for row in corpus.rows]
    rows, _ = read_file("5차년도.xlsx", xlsx([corpus.columns, *cells]))
    assert rows[0]["annotations"] == "asked_for=anger;strength=1,1,1,1,1;age=31;gender=male"


# ---------------------------------------------------------------------------------------------------- speech


def test_a_recording_under_two_names_is_one(tmp_path: Path) -> None:
    corpus = CORPORA["aihub-speech"]
    (tmp_path / "5차년도.csv").write_bytes(written(corpus.columns, corpus.rows, "cp949.csv"))
    (tmp_path / "대화음성.xlsx").write_bytes(written(corpus.columns, corpus.rows, "xlsx"))
    counts = ingest(tmp_path, tmp_path / "out", tagger="whitespace").manifest.counts["aihub-speech"]
    assert (counts.read, counts.rejected["duplicate_id"]) == (2 * len(SENTENCES), len(SENTENCES))


def test_without_votes_the_label_is_what_the_actor_was_asked_for_and_this_is_said(tmp_path: Path) -> None:
    rows = each(lambda n, text: [text, ["anger", "sad", "happiness"][n % 3]])
    (tmp_path / "cut.csv").write_bytes(delimited([["발화문", "상황"], *rows], ","))
    dataset = ingest(tmp_path / "cut.csv", tmp_path / "out", tagger="whitespace", taxonomy="ko7")
    assert dataset.manifest.counts["aihub-speech"].kept == len(SENTENCES)
    assert any("has no votes" in warning for warning in dataset.manifest.warnings)


def test_a_copy_that_lost_some_votes_is_not_read_by_what_the_actor_was_asked_for() -> None:
    corpus = CORPORA["aihub-speech"]
    kept = [at for at, name in enumerate(corpus.columns) if name != "3번 감정"]
    table = [[row[at] for at in kept] for row in [corpus.columns, *corpus.rows]]
    with pytest.raises(InputError) as caught:
        read_file("copy.csv", delimited(table, ","))
    assert "looks like aihub-speech, but the column `3번 감정` is missing" in caught.value.text()


# ------------------------------------------------------------------------------------------------- dialogues


def test_sentences_that_are_mostly_neutral_are_dialogues_that_lost_their_marks() -> None:
    rows = [[f"{n}번째 말", "분노" if n % 5 == 0 else "중립"] for n in range(20)]
    found, warnings = read_file("copy.csv", delimited([["Sentence", "Emotion"], *rows], ","))
    assert {row["source"] for row in found} == {"keti-single"}
    assert "looks like keti-dialogue" in warnings[0]
    assert "in train and in test" in warnings[0]
    single = CORPORA["keti-single"]
    assert read_file("copy.csv", written(single.columns, single.rows, "utf-8.csv"))[1] == []
    [warning] = read_file("연속적 대화.csv", written(single.columns, single.rows, "utf-8.csv"))[1]
    assert "looks like keti-dialogue" in warning


def test_dialogues_may_be_numbered_instead_of_marked() -> None:
    rows = [["첫째" if n < 2 else "둘째", f"{n}번째 말", "중립"] for n in range(4)]
    found, _ = read_file("copy.csv", delimited([["dialog #", "발화", "감정"], *rows], ","))
    assert [row["turn"] for row in found] == [1, 2, 1, 2]
    assert found[0]["group"] == found[1]["group"] != found[2]["group"] == found[3]["group"]


def test_numbers_for_labels_are_taken_in_alphabetical_order_where_four_is_the_commonest(
    tmp_path: Path,
) -> None:
    records = [{"발화": f"{n}번째로 한 말이다", "label": 2 if n % 5 == 0 else 4} for n in range(20)]
    (tmp_path / "copy.json").write_text(json.dumps(records, ensure_ascii=False), encoding="utf-8")
    manifest = ingest(tmp_path / "copy.json", tmp_path / "out", tagger="whitespace", taxonomy="ko7").manifest
    counts = [count for split in manifest.splits.values() for count in split.labels.items()]
    assert {label for label, number in counts if number} == {"중립", "분노"}
    assert any("alphabetical order" in warning for warning in manifest.warnings)

    other = json.dumps([{"발화": "말", "label": 2 if n % 5 == 0 else 0} for n in range(20)]).encode()
    with pytest.raises(InputError, match="none of 1 readable files"):
        read_file("copy.json", other)
    _, warnings = read_file("copy.json", other, read={"source": "keti-dialogue"})
    assert any("4 is not the commonest" in warning for warning in warnings)

"""What is recognised as a corpus, and what only looks like one: strangers, lost columns, bad rows."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.corpus_copies import (
    CORPORA,
    SENTENCES,
    Rows,
    delimited,
    each,
    read_file,
    written,
)
from support.reading import kote, read_all

import etl
from etl.errors import InputError
from etl.ingestion.sources.detect import detect
from etl.ingestion.sources.raw import InputLog, RawFile
from etl.settings import Settings, Tag

REVIEWS = "".join(f"{9_300_000 + n}\t{text}\t{n % 2}\n" for n, text in enumerate(SENTENCES)).encode()


@pytest.mark.parametrize("name", ["a.tsv", "reviews.txt", "train.tsv"])
def test_numbers_texts_and_zeros_or_ones_without_a_header_are_no_corpus(name: str) -> None:
    with pytest.raises(InputError) as caught:
        read_file(name, REVIEWS)
    assert "--source nsmc" in caught.value.text()


@pytest.mark.parametrize("name", ["ratings_train.txt", "ratings_test.tsv", "nsmc.tsv"])
def test_a_name_of_the_corpus_makes_up_for_its_header(name: str) -> None:
    rows, _ = read_file(name, REVIEWS)
    assert [row["raw_text"] for row in rows] == SENTENCES
    assert {row["raw_label"] for row in rows} == {"label:0", "label:1"}
    assert rows[0]["id"] == "nsmc:9300000"


def test_the_input_folder_may_be_called_after_the_corpus(tmp_path: Path) -> None:
    (tmp_path / "nsmc").mkdir()
    (tmp_path / "nsmc/a.tsv").write_bytes(REVIEWS)
    rows, _ = read_all(tmp_path / "nsmc")
    assert {(row["source"], row["file"]) for row in rows} == {("nsmc", "a.tsv")}


@pytest.mark.parametrize("order", [[0, 1, 2], [1, 2], [2, 1]])
@pytest.mark.parametrize("delimiter", ["\t", ","])
def test_the_named_corpus_is_read_without_a_header(order: list[int], delimiter: str) -> None:
    table = each(lambda n, text: [9_300_000 + n, text, n % 2])
    content = delimited([[row[at] for at in order] for row in table], delimiter)
    rows, _ = read_file("a.csv", content, read={"source": "nsmc"})
    assert [(row["raw_text"], row["raw_label"]) for row in rows] == [
        (text, f"label:{n % 2}") for n, text in enumerate(SENTENCES)
    ]


# ------------------------------------------------------------------------------------------------- strangers

STRANGERS = {
    "other emotions": (["Sentence", "Emotion"], [["hello", "joy"], ["good bye", "sadness"]], "keti-single"),
    "a question with another label": (
        ["Q", "A", "label"],
        [["왜", "응", "yes"], ["응", "왜", "no"]],
        "chatbot",
    ),
    "ids that are no numbers": (
        ["id", "document", "label"],
        [["a1", "좋다", "1"], ["a2", "아니", "0"]],
        "nsmc",
    ),
    "five classes": (
        ["id", "document", "label"],
        [[str(n), "좋다", str(n % 5 + 2)] for n in range(9)],
        "nsmc",
    ),
    "three classes": (
        ["id", "document", "label"],
        [[str(n), "좋다", str(n % 3)] for n in range(9)],
        "nsmc",
    ),
    "five topics": (["Q", "A", "label"], [["왜", "응", str(n % 5)] for n in range(10)], "chatbot"),
    "another polarity": (["labels", "kor_sentence"], [["spam", "좋다"], ["ham", "아니"]], "finance"),
    "one class a text": (["text", "labels"], [["좋다", "3"], ["아니", "5"]], "kote"),
    "another 상황": (["발화문", "상황"], [["안녕", "학교"], ["잘 가", "병원"]], "aihub-speech"),
}


@pytest.mark.parametrize("how", ["utf-8.csv", "plain.tsv", "xlsx", "jsonl"])
@pytest.mark.parametrize(("columns", "rows", "slug"), STRANGERS.values(), ids=STRANGERS)
def test_a_table_with_the_columns_of_a_corpus_and_other_labels_is_none(
    columns: list[str], rows: Rows, slug: str, how: str
) -> None:
    with pytest.raises(InputError) as caught:
        read_file(f"mine.{how}", written(columns, rows, how))
    assert f"it may be {slug}" in caught.value.text()
    assert f"--source {slug}" in caught.value.text()
    found, _ = read_file(f"mine.{how}", written(columns, rows, how), read={"source": slug})
    assert {row["source"] for row in found} == {slug}


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (["Sentence", "Label"], "looks like keti-single, but the column `Emotion` is missing"),
        (["사람문장1", "감정_대분류"], "looks like aihub-dialogue, but the column `감정_소분류` is missing"),
        (["Q", "A"], "looks like chatbot, but the column `label` is missing"),
    ],
)
@pytest.mark.parametrize("how", ["utf-8.csv", "xlsx", "json", "parquet"])
def test_a_table_that_lacks_a_column_of_a_corpus_is_named_with_it(
    columns: list[str], said: str, how: str, tmp_path: Path
) -> None:
    content = written(columns, [["하나", "분노"], ["둘", "슬픔"]], how)
    with pytest.raises(InputError) as caught:
        read_file(f"mine.{how}", content)
    assert f"{said}; its columns are {', '.join(columns)}" in caught.value.text()
    # Beside a file that is read it is left aside, and not in silence.
    single = CORPORA["keti-single"]
    (tmp_path / "single.csv").write_bytes(written(single.columns, single.rows, "utf-8.csv"))
    (tmp_path / f"mine.{how}").write_bytes(content)
    rows, log = read_all(tmp_path)
    assert len(rows) == len(SENTENCES)
    assert [said in warning for warning in log.warnings] == [True]
    assert said in log.left_aside[0]["why"]


def test_the_name_of_a_file_says_which_corpus_it_lacks_columns_of() -> None:
    content = delimited([["labels", "sentence"], ["neutral", "It rained."]], ",")
    with pytest.raises(InputError, match="looks like finance, but the column `kor_sentence` is missing"):
        read_file("finance_data.csv", content)


def test_all_sheets_with_the_columns_are_read_and_the_others_are_named(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    for name, rows in (("처음", [["하나", "행복"]]), ("안내", [["읽어 보세요"]]), ("다음", [["둘", "슬픔"]])):
        sheet = workbook.create_sheet(name)
        for row in [["Sentence", "Emotion"], *rows] if len(rows[0]) == 2 else rows:
            sheet.append(row)
    workbook.save(tmp_path / "copy.xlsx")
    rows, log = read_all(tmp_path)
    assert [(row["raw_text"], row["member"]) for row in rows] == [("하나", "처음"), ("둘", "다음")]
    assert len({row["id"] for row in rows}) == 2
    assert any("안내 is left aside" in warning for warning in log.warnings)


def test_a_header_is_no_row_of_the_named_corpus() -> None:
    content = delimited([["no", "review_text", "label"], *each(lambda n, text: [n, text, n % 2])], ",")
    with pytest.raises(InputError) as caught:
        read_file("a.csv", content, read={"source": "nsmc"})
    assert "the column `document` is missing; its columns are no, review_text, label" in caught.value.text()


NAMES = st.sampled_from(
    ["Sentence", "Emotion", "발화", "감정", "Q", "A", "label", "id", "document", "text", "labels"]
)
CELLS = st.sampled_from(["", "1", "2,3", "행복", "중립", '"', "한 문장", "x"])


@given(st.lists(NAMES, min_size=1, max_size=4), st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=6))
def test_any_table_is_read_as_one_corpus_or_refused_with_an_explanation(
    columns: list[str], rows: Rows
) -> None:
    for name, delimiter in (("a.csv", ","), ("a.tsv", "\t")):
        try:
            found, _ = read_file(name, delimited([columns, *rows], delimiter))
        except InputError as error:
            assert error.details and error.next_step
        else:
            assert len({row["source"] for row in found}) <= 1
            assert len(found) <= len(rows) + 1


def test_of_the_named_corpus_all_missing_columns_are_said() -> None:
    with pytest.raises(InputError) as caught:
        read_file("mine.csv", "문장,감정\n하나,행복\n".encode(), read={"source": "keti-single"})
    assert (
        "none of the columns of keti-single, `Sentence`, `Emotion`; its columns are 문장, 감정"
        in caught.value.text()
    )


# -------------------------------------------------------------------------------------------------- bad rows


def reviews(good: int, bad: int) -> bytes:
    lines = [*["1\t탭이\t많다\t1"] * bad, *[f"{n}\t{n}번째 리뷰\t1" for n in range(good)]]
    return "\n".join(["id\tdocument\tlabel", *lines, ""]).encode()


def test_a_file_of_bad_rows_was_not_recognised() -> None:
    with pytest.raises(InputError) as caught:
        read_file("ratings.txt", reviews(good=0, bad=5))
    assert caught.value.exit_code == 4
    assert "not one of its 5 rows" in caught.value.text()
    assert "expected 3 fields, got 4" in caught.value.text()


@pytest.mark.parametrize(("good", "bad", "is_warned"), [(2, 3, True), (3, 3, False), (3, 0, False)])
def test_a_file_of_mostly_bad_rows_is_named(good: int, bad: int, is_warned: bool) -> None:
    rows, warnings = read_file("ratings.txt", reviews(good, bad))
    assert len(rows) == good + bad
    assert (f"ratings.txt: {bad} of {good + bad} rows" in "".join(warnings)) == is_warned


def test_comments_of_kote_are_without_the_quotes_of_csv(tmp_path: Path) -> None:
    path = tmp_path / "kote" / "val.tsv"
    path.parent.mkdir()
    lines = ['1\t"그는 ""정말?"" 하고 울었다"\t0,6,10', "2\t오늘은 무척 즐거웠다\t2,28,42"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    dataset = etl.ingest(path, tmp_path / "out", Settings(tag=Tag("whitespace")))
    rows = pl.concat([dataset.scan(), dataset.scan_rejects()], how="diagonal").sort("position").collect()
    assert rows["raw_text"].to_list() == ['그는 "정말?" 하고 울었다', "오늘은 무척 즐거웠다"]


def test_a_small_file_that_no_corpus_knows_is_opened_once() -> None:
    opened: list[str] = []

    def raw_file(name: str, content: bytes) -> RawFile:
        def open_stream() -> io.BytesIO:
            opened.append(name)
            return io.BytesIO(content)

        return RawFile(name, "", len(content), open_stream)

    unknown = [
        raw_file("a.json", b'{"name": "x", "items": [1, 2], "data": {"alpha": 0.1}}'),
        raw_file("b.jsonl", '{"이름": "x"}\n{"이름": "y"}\n'.encode()),
        raw_file("c.csv", "이름,나이\n가,1\n나,2\n".encode()),
    ]
    log = InputLog()
    known = raw_file("kote.tsv", kote("오늘은 좋은 날"))
    assert list(detect(iter([*unknown, known]), Settings(), log)) == ["kote"]
    assert [entry["file"] for entry in log.left_aside] == ["a.json", "b.jsonl", "c.csv"]
    assert opened[:3] == ["a.json", "b.jsonl", "c.csv"]

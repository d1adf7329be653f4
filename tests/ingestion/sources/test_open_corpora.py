"""The open corpora have plain columns: what tells them apart, and their copies in other formats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.raw_files import write_files
from support.reading import read_all

from etl.errors import InputError
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.sentences import find_rated_lines, read_sentences
from etl.ingestion.tables.preview import Preview
from etl.ingestion.tables.reader import raw_file_in_memory

STARS = [("5", "빨리 왔어요"), ("1", "깨져서 왔어요"), ("4", "색이, 예뻐요"), ("2", "금방 고장 났어요")]
VOTES = [("1", "친구랑 하면 재밌다"), ("0", "자꾸 튕긴다")]


def lines(rows: list[tuple[str, str]], header: str = "", delimiter: str = "\t") -> list[str]:
    quoted = [(label, f'"{text}"' if delimiter in text else text) for label, text in rows]
    return [*([header] if header else []), *(delimiter.join(row) for row in quoted)]


def read(folder: Path, *files: dict[str, Any], source: str | None = None) -> list[tuple[str, str, str]]:
    """The corpus, label and text of each row."""
    rows, _ = read_all(write_files(folder, list(files)), read={"source": source})
    return [(row["source"], row["raw_label"], row["raw_text"]) for row in rows]


def of(source: str, rows: list[tuple[str, str]]) -> list[tuple[str, str, str]]:
    return [(source, *row) for row in rows]


@pytest.mark.parametrize(
    "file",
    [
        {"path": "any.txt", "lines": lines(STARS)},
        {"path": "any.txt", "lines": lines(STARS), "encoding": "cp949", "ending": "\r\n", "cut": True},
        {"path": "any.tsv", "lines": lines(STARS), "encoding": "utf-8-sig"},
        {"path": "any.csv", "lines": lines(STARS, delimiter=",")},
        {"path": "any.csv", "lines": lines(STARS, "label,document", ",")},
        {"path": "any.txt", "lines": lines(STARS, "ratings\treviews"), "encoding": "utf-16"},
        {"path": "any.xlsx", "sheet": [["label", "document"], *STARS]},
        {"path": "any.json", "json": [{"document": text, "label": int(label)} for label, text in STARS]},
        {
            "path": "any.parquet",
            "records": [{"label": int(label), "document": text} for label, text in STARS],
        },
    ],
    ids=lambda file: "-".join(str(file.get(key, "")) for key in ("path", "encoding")),
)
def test_stars_without_a_three_are_naver_shopping_in_any_format(file: dict[str, Any], tmp_path: Path) -> None:
    assert read(tmp_path, file) == of("naver-shopping", STARS)


@pytest.mark.parametrize(
    ("source", "rows"),
    [("naver-shopping", [*STARS, ("3", "보통이에요")]), ("naver-shopping", STARS[:2]), ("steam", VOTES)],
)
def test_other_ratings_are_no_corpus_unless_the_user_says_so(
    source: str, rows: list[tuple[str, str]], tmp_path: Path
) -> None:
    file = {"path": "reviews.txt", "lines": lines(rows)}
    with pytest.raises(InputError):
        read(tmp_path, file)
    assert read(tmp_path, file, source=source) == of(source, rows)


def test_votes_are_never_read_as_stars(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read(tmp_path, {"path": "naver_shopping.txt", "lines": lines(VOTES)}, source="naver-shopping")


def test_votes_are_steam_where_the_name_says_so(tmp_path: Path) -> None:
    assert read(tmp_path, {"path": "steam.txt", "lines": lines(VOTES)}) == of("steam", VOTES)
    with pytest.raises(InputError):
        read(tmp_path / "other", {"path": "steam.txt", "lines": lines([*STARS, ("3", "보통")])})


def test_lists_of_ids_are_k_mhas_and_other_numbers_with_the_same_header_are_not(tmp_path: Path) -> None:
    rows = [("8", "좋은 기사네요"), ("2,3", "그쪽 사람들이 다 그렇지")]
    file = {"path": "any.csv", "lines": ["document,label", *(f'{text},"{label}"' for label, text in rows)]}
    assert read(tmp_path, file) == of("k-mhas", rows)
    for numbers in (VOTES, [(str(number), "아무 말") for number in range(9)]):
        with pytest.raises(InputError):
            read(tmp_path / "other", {"path": "any.tsv", "lines": lines(numbers, "label\tdocument")})


def test_the_copy_of_k_mhas_on_the_hub_has_lists_of_names(tmp_path: Path) -> None:
    records = [{"text": "하나", "label": ["not_hate_speech"]}, {"text": "둘", "label": ["politics", "age"]}]
    file = {"path": "kmhas_korean_hate_speech/data.parquet", "records": records}
    assert read(tmp_path, file) == of(
        "k-mhas", [('["not_hate_speech"]', "하나"), ('["politics", "age"]', "둘")]
    )
    with pytest.raises(InputError):
        read(tmp_path / "other", file | {"path": "comments.parquet"})


def test_one_column_of_comments_is_the_test_file_of_beep_by_its_name_only(tmp_path: Path) -> None:
    file = {"path": "test.no_label.tsv", "lines": ["comments", "노래 좋다, 정말", '"또 ""그"" 얘기"']}
    rows, _ = read_all(write_files(tmp_path, [file]))
    assert [(row["raw_text"], row["raw_label"], row["split"]) for row in rows] == [
        ("노래 좋다, 정말", None, "test"),
        ('또 "그" 얘기', None, "test"),
    ]
    with pytest.raises(InputError):
        read_all(write_files(tmp_path / "other", [file | {"path": "comments.tsv"}]))


def test_columns_of_unsmile_may_be_floats_or_booleans(tmp_path: Path) -> None:
    header = ["문장", "남성", "악플/욕설", "clean"]
    cells = [["하나", "1.0", "0.0", "0.0"], ["둘", "False", "True", "False"], ["셋", "0", "", "1"]]
    file = {"path": "any.csv", "lines": [",".join(row) for row in (header, *cells)]}
    assert read(tmp_path, file) == of("unsmile", [("남성", "하나"), ("악플/욕설", "둘"), ("clean", "셋")])


@given(
    st.lists(
        st.tuples(
            st.sampled_from("1245"), st.text(st.characters(exclude_characters="\t\r\n", codec="utf-8"))
        ),
        min_size=1,
        max_size=20,
    )
)
def test_each_line_is_a_review_whatever_stands_in_it(reviews: list[tuple[str, str]]) -> None:
    content = "".join(f"{label}\t{text}\n" for label, text in reviews).encode()
    raw = raw_file_in_memory(content, "naver_shopping.txt")
    copy = find_rated_lines(Preview(raw), "naver-shopping")
    assert copy
    frames = read_sentences(
        [copy.recognised("naver-shopping", Preview(raw))],
        InputLog(),
        raw_text=pl.col("document"),
        raw_label=pl.col("label"),
    )
    assert pl.concat(frames).select("raw_label", "raw_text").rows() == reviews

"""Copies of the known corpora as people keep them: a few made-up rows of each, written in any format."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from support.raw_files import xlsx
from support.reading import read_all

Rows = list[list[str]]
WORDS = ["창문", "우산", "연필", "사다리", "주전자", "빗자루", "가방", "모자", "시계", "거울", "베개", "열쇠"]
SENTENCES = [f'{word}, "제자리"에 두었어' for word in WORDS]
SEVEN = ["공포", "놀람", "분노", "슬픔", "중립", "행복", "혐오"]
PAIRS = [["분노", "툴툴대는"], ["슬픔", "우울한"], ["기쁨", "감사하는"], ["당황", "고립된(당황한)"]]
VOTES = ["Happiness", "Angry", "Sadness", "Fear", "Disgust", "Surprise", "Neutral"]


def each(make: Callable[[int, str], list[Any]]) -> Rows:
    return [[str(cell) for cell in make(number, text)] for number, text in enumerate(SENTENCES)]


def votes(label: str) -> list[str]:
    return [cell for _ in range(5) for cell in (label, "1")]


@dataclass(frozen=True)
class Corpus:
    """Rows of a corpus as the publisher has them: columns, cells, and which column is the sentence."""

    slug: str
    columns: list[str]
    rows: Rows
    sentence: str
    name: str = "copy"


VOTE_COLUMNS = [f"{n}번 감정{what}" for n in range(1, 6) for what in ("", "세기")]
CORPORA = {
    "keti-single": Corpus(
        "keti-single", ["Sentence", "Emotion"], each(lambda n, text: [text, SEVEN[n % 7]]), "Sentence"
    ),
    "keti-dialogue": Corpus(
        "keti-dialogue",
        ["dialog #", "발화", "감정"],
        each(lambda n, text: ["" if n % 3 else "S", text, SEVEN[n % 7]]),
        "발화",
    ),
    "aihub-dialogue": Corpus(
        "aihub-dialogue",
        ["연령", "감정_대분류", "감정_소분류", "사람문장1", "시스템문장1"],
        each(lambda n, text: ["청년", *PAIRS[n % 4], text, "네."]),
        "사람문장1",
    ),
    "aihub-dialogue without replies": Corpus(
        "aihub-dialogue",
        ["감정_대분류", "감정_소분류", "사람문장1", "사람문장2"],
        each(lambda n, text: [*PAIRS[n % 4], text, "그랬어"]),
        "사람문장1",
    ),
    "aihub-speech": Corpus(
        "aihub-speech",
        ["wav_id", "발화문", "상황", *VOTE_COLUMNS, "나이", "성별"],
        each(lambda n, text: [f"5e{n:04}", text, "anger", *votes(VOTES[n % 7]), "31", "male"]),
        "발화문",
    ),
    "nsmc": Corpus(
        "nsmc",
        ["id", "document", "label"],
        each(lambda n, text: [9_100_000 + 7 * n, text, n % 2]),
        "document",
    ),
    "nsmc without ids": Corpus(
        "nsmc", ["label", "document"], each(lambda n, text: [n % 2, text]), "document", "nsmc_copy"
    ),
    "raw nsmc": Corpus(
        "nsmc",
        ["review_id", "movie_id", "review", "rating"],
        each(lambda n, text: [9_100_000 + n, 700 + n % 3, text, 1 + n % 10]),
        "review",
    ),
    "chatbot": Corpus("chatbot", ["Q", "A", "label"], each(lambda n, text: [text, "네", n % 3]), "Q"),
    "kote": Corpus(
        "kote", ["ID", "text", "labels"], each(lambda n, text: [500 + n, text, f"{n},{20 + n},43"]), "text"
    ),
}


def delimited(rows: Iterable[list[str]], delimiter: str, encoding: str = "utf-8") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def frame(columns: list[str], rows: Rows) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


def lines(columns: list[str], rows: Rows, ending: str = "\n") -> str:
    return "".join("\t".join(row) + ending for row in [columns, *rows])


def records(columns: list[str], rows: Rows) -> list[dict[str, str]]:
    return [dict(zip(columns, row, strict=True)) for row in rows]


def columnar(columns: list[str], rows: Rows, how: str) -> bytes:
    packed = io.BytesIO()
    getattr(frame(columns, rows), how)(packed)
    return packed.getvalue()


# How a copy is written, by the ending of its name.
FORMATS: dict[str, Callable[[list[str], Rows], bytes]] = {
    "utf-8.csv": lambda columns, rows: delimited([columns, *rows], ","),
    "utf-8-sig.csv": lambda columns, rows: delimited([columns, *rows], ",", "utf-8-sig"),
    "cp949.csv": lambda columns, rows: delimited([columns, *rows], ",", "cp949"),
    "semicolons.csv": lambda columns, rows: delimited([columns, *rows], ";"),
    "quoted.tsv": lambda columns, rows: delimited([columns, *rows], "\t"),
    "plain.tsv": lambda columns, rows: lines(columns, rows).encode(),
    "utf-16.txt": lambda columns, rows: lines(columns, rows, "\r\n").encode("utf-16"),
    "xlsx": lambda columns, rows: xlsx([columns, *rows]),
    "title.xlsx": lambda columns, rows: xlsx([["내려받은 표"], [], columns, *rows]),
    "json": lambda columns, rows: json.dumps(records(columns, rows), ensure_ascii=False).encode(),
    "escaped.json": lambda columns, rows: json.dumps({"data": records(columns, rows)}).encode(),
    "columns.json": lambda columns, rows: json.dumps(frame(columns, rows).to_dict(as_series=False)).encode(),
    "jsonl": lambda columns, rows: frame(columns, rows).write_ndjson().encode(),
    "parquet": lambda columns, rows: columnar(columns, rows, "write_parquet"),
    "arrow": lambda columns, rows: columnar(columns, rows, "write_ipc"),
}


def written(columns: list[str], rows: Rows, how: str) -> bytes:
    """A copy of a table in one of `FORMATS`."""
    return FORMATS[how](columns, rows)


def read_file(name: str, content: bytes, **sections: Any) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows of a file, and the warnings."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(content)
        rows, log = read_all(Path(folder), **sections)
    return rows, log.warnings

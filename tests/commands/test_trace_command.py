from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.run_etl import etl, succeeded
from support.small_tables import write_lines

SENTENCES = {
    "기쁨": ["오늘 영화가 정말 좋았어요", "친구가 좋은 선물을 줘서 행복해요", "좋다 좋아 너무 신나요"],
    "슬픔": ["비가 와서 하루 종일 울었다", "헤어지고 나니 눈물만 나요", "외로워서 밤마다 울어요"],
}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mecab", reason="the tagger mecab is not installed")
    folder = tmp_path_factory.mktemp("trace")
    rows = [
        {"text": f"{text} {number}번", "label": label}
        for label, texts in SENTENCES.items()
        for text in texts
        for number in range(20)
    ]
    write_lines(folder / "sentences.jsonl", rows)
    options = ("--text-column", "text", "--label-column", "label", "--tagger", "mecab")
    succeeded(etl("ingest", folder / "sentences.jsonl", "--out", folder / "dataset", *options))
    succeeded(etl("build-vocab", folder / "dataset", "--min-count", "1"))
    return folder / "dataset"


def traced(dataset: Path, what: str) -> dict:
    return json.loads(succeeded(etl("trace", dataset, what, "--json")).stdout)[0]


def test_a_token_leads_to_its_id_its_words_and_its_rows_and_a_row_back_to_the_ids(dataset) -> None:
    lines = (dataset / "vocab.tsv").read_text(encoding="utf-8").splitlines()
    number, token, count = lines[3].split("\t")
    by_token, by_id = traced(dataset, token), traced(dataset, f"id:{number}")
    assert by_token == by_id
    assert (by_token["token_id"], by_token["in_train"]) == (int(number), int(count))
    assert by_token["forms"]
    assert {"좋았어요", "좋은"} <= set(traced(dataset, "좋")["forms"])
    place = by_token["places"][0]
    row = traced(dataset, place["id"])
    assert token in row["tokens"]
    assert row["ids"][row["tokens"].index(token)] == int(number)
    assert (row["file"], row["position"]) == (place["file"], place["position"])


def test_what_is_nothing_of_the_dataset_is_refused(dataset) -> None:
    for what, answer in (
        ("아무것도아님", "neither a token nor the id"),
        ("4109", "no token has the id 4,109"),
        ("id:1", "<unk> is no token of a sentence"),
        ("<unk>", "<unk> is no token of a sentence"),
    ):
        result = etl("trace", dataset, what)
        assert result.returncode == 4
        assert answer in result.stderr


def test_a_number_is_the_token_if_there_is_one_else_the_id(dataset) -> None:
    tokens = [line.split("\t")[1] for line in (dataset / "vocab.tsv").read_text("utf-8").splitlines()[1:]]
    word = next(number for number in range(2, len(tokens)) if str(number) not in tokens)
    digits = next(token for token in tokens if token.isdecimal() and 1 < int(token) < len(tokens))
    assert traced(dataset, str(word))["token_id"] == word
    assert traced(dataset, digits)["token"] == digits
    assert traced(dataset, f"id:{digits}")["token_id"] == int(digits)


def test_the_tables_name_the_file_and_the_words(dataset) -> None:
    token = (dataset / "vocab.tsv").read_text(encoding="utf-8").splitlines()[3].split("\t")[1]
    shown = succeeded(etl("trace", dataset, token)).stdout
    assert token in shown
    assert "position" in shown
    assert "words: " in shown

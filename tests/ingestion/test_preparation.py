"""What ingest did to its sentences can be done again, to others, from one file."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import polars as pl
import pytest
from support.views import view_of

import etl
from etl.dataset import preparation
from etl.dataset.read import open_dataset
from etl.errors import InputError
from etl.ingestion.prepare import prepare
from etl.settings import Clean, Settings, Table, Tag
from etl.validation.checks import files

TEXTS = [
    "오늘은 정말 좋은 날이다ㅋㅋㅋㅋㅋㅋㅋ",
    "친구가 안 와서\u200b 너무   슬펐어 ㅠㅠ",
    "왜 그런 말을 하는지 모르겠다!!!!!!!!",
    "\u3164",
    "은 는 이 가",
    "김밥천국에서 밥을 먹었다",
]


def settings(tmp_path: Path, **tag: object) -> Settings:
    (tmp_path / "words.txt").write_text("김밥천국\n", encoding="utf-8")
    (tmp_path / "stop.txt").write_text("# 자주 나온다\n오늘\n날이다\n", encoding="utf-8")
    chosen = {"tagger": "whitespace", "stop_words": str(tmp_path / "stop.txt"), **tag}
    return Settings(
        clean=Clean(max_repeats=2),
        tag=msgspec.convert(chosen, Tag),
        table=Table(text_column="text", label_column="label"),
    )


def ingest(tmp_path: Path, chosen: Settings, name: str = "dataset") -> Path:
    rows = [{"text": text, "label": "기쁨"} for text in TEXTS]
    raw = tmp_path / "rows.jsonl"
    raw.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    etl.ingest([raw], tmp_path / name, chosen, workers=1, progress=lambda _amount, _description=None: None)
    return tmp_path / name


@pytest.mark.jvm
@pytest.mark.parametrize("tagger", ["whitespace", "okt", "komoran"])
def test_any_sentence_is_prepared_as_ingest_prepared_those_of_the_dataset(
    tmp_path: Path, tagger: str
) -> None:
    takes_words = {} if tagger == "whitespace" else {"dictionary": str(tmp_path / "words.txt")}
    dataset = ingest(tmp_path, settings(tmp_path, tagger=tagger, **takes_words))
    kept, rejected = open_dataset(dataset).scan().collect(), open_dataset(dataset).scan_rejects().collect()
    expected = {row["raw_text"]: (row["text"], row["tokens"], None) for row in kept.to_dicts()}
    expected |= {row["raw_text"]: (row["text"], row["tokens"], row["reason"]) for row in rejected.to_dicts()}

    # The files of the user are no longer needed.
    (tmp_path / "words.txt").unlink()
    (tmp_path / "stop.txt").unlink()
    stored = preparation.load(dataset / preparation.FILE)
    with preparation.open_tagger(stored, 1) as opened:
        prepared = prepare(stored, pl.Series([*TEXTS, *reversed(TEXTS)]), opened)

    assert prepared["raw_text"].to_list() == [*TEXTS, *reversed(TEXTS)]
    for row in prepared.to_dicts():
        assert (row["text"], row["tokens"], row["reason"]) == expected[row["raw_text"]]
    assert "empty_text" in prepared["reason"].to_list()
    if takes_words:
        assert "김밥천국" in prepared["tokens"][5].to_list()


def test_a_dataset_that_is_older_than_the_choice_has_kept_its_html(tmp_path: Path) -> None:
    stored = preparation.of(settings(tmp_path))
    path = tmp_path / preparation.FILE
    path.write_bytes(preparation.to_bytes(stored).replace(b'    "keep_markup": false,\n', b""))
    assert preparation.load(path).clean.keep_markup
    path.write_bytes(preparation.to_bytes(stored))
    assert preparation.load(path) == stored


@pytest.mark.jvm
def test_all_tokens_are_those_of_the_tagger_before_the_filter(tmp_path: Path) -> None:
    stored = preparation.of(settings(tmp_path, tagger="komoran"), "all")
    with preparation.open_tagger(stored, 1) as opened:
        prepared = prepare(stored, pl.Series(["은 는 이 가", "오늘은 좋은 날이다"]), opened)
        tagged = opened(pl.Series(["오늘은 좋은 날이다"]))
    assert prepared["reason"].to_list() == [None, None]
    assert prepared["tokens"][1].to_list() == tagged["tokens"][0].to_list()
    assert "오늘" in prepared["tokens"][1].to_list()


def test_it_is_part_of_the_dataset_and_has_the_same_bytes_each_time(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    first, second = ingest(tmp_path, chosen, "first"), ingest(tmp_path, chosen, "second")
    content = (first / preparation.FILE).read_bytes()
    assert content == (second / preparation.FILE).read_bytes()
    assert preparation.to_bytes(preparation.load(first / preparation.FILE)) == content
    assert str(tmp_path).encode() not in content
    manifest = json.loads((first / "manifest.json").read_text(encoding="utf-8"))
    stored = json.loads(content)
    assert manifest["files"][preparation.FILE]["bytes"] == len(content)
    assert stored["fingerprint"] == manifest["tagger"]["fingerprint"]
    assert stored["key_tokens"] == manifest["key_tokens"]["sha256"]
    assert stored["stop_words"] == ["날이다", "오늘"]


def test_validate_notices_that_it_was_edited(tmp_path: Path) -> None:
    dataset = open_dataset(ingest(tmp_path, settings(tmp_path)))
    assert not files.measure(view_of(dataset.path)).changed
    with (dataset.path / preparation.FILE).open("a", encoding="utf-8") as stream:
        stream.write(" ")
    assert files.measure(view_of(dataset.path)).changed == (preparation.FILE,)


@pytest.mark.parametrize("name", ["fingerprint", "key_tokens"])
def test_other_tokens_than_those_of_the_dataset_are_refused_with_both_hashes(
    tmp_path: Path, name: str
) -> None:
    stored = preparation.of(settings(tmp_path))
    found = getattr(stored, name)
    other = msgspec.structs.replace(stored, **{name: "0" * 64})
    with pytest.raises(InputError) as refused, preparation.open_tagger(other, 1):
        pytest.fail("it was opened")
    assert found in str(refused.value)
    assert "0" * 64 in str(refused.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "does not say how"),
        (b"", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b'{"format": 1}', "missing required field `clean`"),
    ],
)
def test_a_file_that_is_no_preparation_is_explained(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / preparation.FILE
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        preparation.load(path)


def test_a_preparation_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / preparation.FILE
    stored = preparation.of(settings(tmp_path))
    path.write_bytes(preparation.to_bytes(msgspec.structs.replace(stored, format=2)))
    with pytest.raises(InputError, match="expected format 1, got 2"):
        preparation.load(path)

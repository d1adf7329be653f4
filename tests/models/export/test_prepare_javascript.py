"""A sentence is prepared in JavaScript exactly as `etl.ingestion.prepare` prepares it."""

import json
import os
import random
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from support.node import run_node
from support.real_texts import real_texts

from etl.dataset import preparation as preparations
from etl.dataset.preparation import Preparation
from etl.errors import SettingsError
from etl.ingestion.pipeline import SENTENCE, Tools, run_steps, sentences
from etl.models.export.pack.container import write_pack
from etl.models.export.pack.preparation import pack_preparation
from etl.schema import resources
from etl.settings import Clean, Settings, Tag
from etl.tagging import policy
from etl.tagging.native.open import load_tables
from etl.tagging.okt import made_up
from etl.tagging.okt.native import NATIVE

PREPARE = """
import { openPack } from "runtime/pack.js";
import { openPreparation } from "runtime/prepare.js";

const given = GIVEN;
const { config, tensors } = await openPack(readFileSync(given.pack));
const prepare = openPreparation(config, tensors);
const answer = given.texts.map(prepare);
"""
LETTERS = "가힣뷁각것데가지인는은ㅋㅠㅜㅎㅏ아.,!?~1aZ-'%·…’^:;/@#$_()<>&=*"
BLANKS = "\u200d\ufe0f\u3164\t\n\xa0\u3000\xad\x00\x1f\x85\u2028"
# Words, numbers, links, negation, repeats, markup, faces; | stands between them.
WORDS = """오늘|영화|좋아요|머구뮤ㅠㅠ|그랰ㅋㅋ|소린가|친군데|잇엇|어케|됏|우혀니|김영희|너무우우\
|하다|해서|었다|는데|으로|로|을|3시간|10,000원|1.5|12:30|5만원짜리|삼십만원|네이버.com|삼성.|.한국|a@b.kr|http://a.kr/가|#태그|@이름\
|😀|❤️|漢|㈜|é|\u1100\u1161|e\u0301\
| 하지 마세요| 안 가|안 좋|하지못해|보지 말고|아니에요| 못 |ㅋㅋㅋㅋ|ㅎㅎ|ㅋㅎㅋㅎㅋㅎㅋㅎ|!!!!!!|1 2 3\
|<br>|<b>|</b>|&lt;|&amp;lt;|&#44032;|&#x1f600;|&nbsp;|&nothing;|&#0;|&#128;|&#٣;|<!--|-->|<script>|</script>|</a>\
|<a href="x">|^^|ㅠ_ㅠ|:)|T_T|;;|<3|orz|(ツ)| | """
PIECES = [*LETTERS, *BLANKS, *WORDS.split("|")]
ODD = [
    *("", " ", "\u3164", "\x00", "\ufeff", "\u200d\u200d", "\ud800", "좋\udc00아\ud83d", "...", "1 2", "ㅋ"),
    *(
        "ㅋ" * 5000,
        "좋아요 " * 300,
        "가나다라마바사아자" * 100,
        "가나" * 60_000,
        "<b>" * 5000,
        "&amp;" * 5000,
        "<!--" * 20_000,
    ),
    *("a." * 400, "😀" * 999, "😀가" * 500, "각" + "\u0301" * 3000, "(" * 900, "http://" + "a" * 900),
    *("constructor", "__proto__"),
]
KEEP = ("noun", "verb", "-negation")
IS_ALL = "ETL_TEST_ALL" in os.environ


def prepared_in_python(preparation: Preparation, texts: list[str]) -> list[dict[str, Any]]:
    with preparations.open_tagger(preparation, workers=1, is_cached=False) as tagger:
        kept = policy.load(tagger.settings) if preparation.tokens == "key" else policy.KEEP_ALL
        tools = Tools(Settings(clean=preparation.clean), tagger, kept)
        raw = pl.Series([text.encode("utf-8", "replace").decode() for text in texts], dtype=pl.String)
        rows = run_steps(sentences(raw), tools, SENTENCE)
    names = ["text", "reason", "tokens", "tags", "all_tokens", "all_tags"]
    return rows.select(names).with_columns(pl.col(names[2:]).fill_null([])).to_dicts()


def prepared_in_javascript(
    preparation: Preparation, texts: list[str], folder: Path, **options: bool
) -> list[dict[str, Any]]:
    packed = pack_preparation(preparation, "javascript", **options)
    pack = folder / "pack.gz"
    pack.write_bytes(write_pack(packed.config, packed.tensors))
    answers: list[dict[str, Any]] = run_node(PREPARE, {"pack": str(pack), "texts": texts}, folder)
    return answers


def columns(answer: dict[str, Any]) -> dict[str, Any]:
    """What JavaScript answers, as the steps of ingest have it."""
    kept = [token for token in answer["tokens"] if token["isKept"]]
    return {
        "text": answer["text"],
        "reason": answer["reason"],
        "tokens": [token["token"] for token in kept],
        "tags": [token["tag"] for token in kept],
        "all_tokens": [token["token"] for token in answer["tokens"]],
        "all_tags": [token["tag"] for token in answer["tokens"]],
    }


def differing(preparation: Preparation, texts: list[str], folder: Path) -> list[Any]:
    expected = prepared_in_python(preparation, texts)
    answers = map(columns, prepared_in_javascript(preparation, texts, folder))
    return [each for each in zip(texts, answers, expected, strict=True) if each[1] != each[2]]


def preparation_of(
    folder: Path, tokens: str = "key", *, clean: Clean | None = None, **tag: object
) -> Preparation:
    (folder / "words.txt").write_text("갓생러\n꾸안꾸\n영화관람객수\n뷁뷁\n", "utf-8")
    (folder / "stop.txt").write_text("오늘\n좋다\n!\n가\n", "utf-8")
    for name in ("dictionary", "stop_words"):
        if name in tag:
            tag[name] = str(folder / str(tag[name]))
    settings = Settings(clean=clean or Clean(), tag=msgspec.convert(tag, Tag))
    return preparations.of(settings, tokens)  # type: ignore[arg-type]


def jumbles(count: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    texts = ["".join(chance.choices(PIECES, k=chance.randint(1, 14))) for _ in range(count)]
    return list(dict.fromkeys(texts))


def any_texts(count: int) -> list[str]:
    """Of all characters that Python knows: Node may know more, and normalise them."""
    chance = random.Random(5)
    known = [
        chr(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) not in {"Cn", "Cs", "Co"}
    ]
    basic = known[:8000] + [
        each for each in known if "\u2000" <= each <= "\u33ff" or "\ufb00" <= each <= "\uffff"
    ]
    return [
        "".join(chance.choices(chance.choice((known, basic)), k=chance.randint(1, 12))) for _ in range(count)
    ]


def eojeols() -> list[str]:
    tables = load_tables(NATIVE, Tag())
    assert tables is not None
    return made_up.eojeols(tables.words["word"].to_list(), [typo for typo, _ in tables.typos])


VARIANTS: dict[str, dict[str, Any]] = {
    "default": {},
    "neither": {"norm": False, "stem": False},
    "norm": {"stem": False},
    "stem": {"norm": False},
    "all tokens": {"tokens": "all"},
    "own words": {"dictionary": "words.txt", "stop_words": "stop.txt"},
    "other classes": {"keep": KEEP},
    "no filter of repeats": {"clean": Clean(max_repeats=100, keep_markup=True)},
    "short": {"clean": Clean(max_repeats=1, fold_vowels=True, max_chars=20, max_raw_chars=40)},
    "whitespace": {"tagger": "whitespace", "stop_words": "stop.txt"},
    "whitespace, all tokens": {"tagger": "whitespace", "tokens": "all", "clean": Clean(fold_vowels=True)},
}


@pytest.mark.parametrize("name", VARIANTS)
def test_made_up_texts_of_all_kinds_come_out_as_in_python(name: str, tmp_path: Path) -> None:
    """A fifth of them for all variants but the default; all with ETL_TEST_ALL=1."""
    preparation = preparation_of(tmp_path, **VARIANTS[name])
    own = ["갓생러가 꾸안꾸로 뷁뷁 입었다", "영화관람객수는 줄었다"]
    share = 1 if name == "default" or IS_ALL else 5
    texts = [*ODD, *own, *jumbles(2500 // share, seed=len(name)), *any_texts(1000 // share)]
    assert differing(preparation, texts, tmp_path) == []


@pytest.mark.parametrize("name", ["default", "neither"])
def test_the_eojeols_that_prove_okt_come_out_as_in_python(name: str, tmp_path: Path) -> None:
    """A quarter of them; all with ETL_TEST_ALL=1."""
    chosen = eojeols()[:: 1 if IS_ALL else 4]
    assert len(chosen) >= 1000
    assert differing(preparation_of(tmp_path, **VARIANTS[name]), chosen, tmp_path) == []


def test_kote_chatbot_and_50000_reviews_come_out_as_in_python(
    shared_data: Callable[[str], Path], tmp_path: Path
) -> None:
    """A tenth of them; all with ETL_TEST_ALL=1."""
    texts = real_texts(shared_data, 50_000)
    assert len(texts) > 60_000
    chosen = texts if IS_ALL else texts[::10]
    assert differing(preparation_of(tmp_path), chosen, tmp_path) == []


def test_what_only_the_library_can_tag_has_a_reason(tmp_path: Path) -> None:
    very_long = "".join(f"@{number}." for number in range(300))
    texts = ["좋은 \U000e1fff 영화", "좋은 \U0010ffff", f"영화 {very_long}", f"좋은 영화 {very_long[:900]}"]
    preparation = preparation_of(tmp_path, clean=Clean(max_chars=2000))
    answers = prepared_in_javascript(preparation, texts, tmp_path)
    assert [answer["reason"] for answer in answers] == ["tagger_error", "tagger_error", "tagger_error", None]
    assert answers[0]["tokens"] == []
    assert "tagger_error" in resources.load("schemas", "columns.yaml")["reasons"]


def test_a_model_of_cleaned_text_has_no_tagger(tmp_path: Path) -> None:
    preparation = preparation_of(tmp_path)
    answers = prepared_in_javascript(preparation, ["좋아요<br>ㅋㅋㅋㅋㅋ", " "], tmp_path, is_tagged=False)
    assert [answer["text"] for answer in answers] == ["좋아요 ㅋㅋㅋ", ""]
    assert [answer["reason"] for answer in answers] == [None, "empty_text"]
    assert not pack_preparation(preparation, "javascript", is_tagged=False).tensors


@pytest.mark.parametrize("tagger", ["komoran", "mecab"])
def test_another_tagger_is_refused(tagger: str, tmp_path: Path) -> None:
    preparation = msgspec.structs.replace(preparation_of(tmp_path), tagger=tagger)
    with pytest.raises(SettingsError, match=f"the tagger {tagger}") as refused:
        pack_preparation(preparation, "java")
    assert "--tagger" in str(refused.value.next_step)


def test_names_of_html_are_packed_only_where_markup_goes(tmp_path: Path) -> None:
    kept = pack_preparation(preparation_of(tmp_path, clean=Clean(keep_markup=True)), "javascript").config
    assert kept["clean"]["markup"] is None
    assert "entities" in json.dumps(pack_preparation(preparation_of(tmp_path), "javascript").config)


def test_the_same_preparation_gives_the_same_bytes_and_few(tmp_path: Path) -> None:
    packs = [pack_preparation(preparation_of(tmp_path), "javascript") for _ in range(2)]
    first, second = (write_pack(pack.config, pack.tensors) for pack in packs)
    assert first == second
    assert len(first) < 1_000_000

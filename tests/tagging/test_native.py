"""How a native tagger is opened: a library that is known, one that is proved, and one that is refused.

The library is one that cuts at spaces, in a worker process; ours does, too, or is wrong on purpose.
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from support import stand_in_tagger

from etl.settings import Tag
from etl.tagging.native import compiled, registry
from etl.tagging.native.native import Native, TagTexts, Words
from etl.tagging.native.open import begin_to_open, folder, open_native, prove_installed
from etl.tagging.native.proof import prove

TEXTS = ["가 나", "다", "라 마 바", "사 아"]
SETTINGS = Tag(tagger="okt")


def make(into: Path) -> None:
    (into / "separator.txt").write_text(" ", encoding="utf-8")


def load(made: Path, words: Words) -> str:
    text = (made / "separator.txt").read_text(encoding="utf-8")
    if len(text) != 1:
        raise ValueError("the separator is damaged")
    return text


def cut(separator: str, settings: Tag, tag_left: TagTexts) -> TagTexts:
    """Leaves texts with 사 to the library."""

    def tag(texts: pl.Series) -> pl.DataFrame:
        is_left = texts.str.contains("사")
        whole = texts.filter(~is_left).to_frame("text")
        tokens = pl.col("text").str.split(separator)
        nothing = [pl.lit(None, pl.String).alias(name) for name in ("problem", "found")]
        tags = tokens.list.eval(pl.lit(stand_in_tag()))
        own = whole.with_columns(tokens=tokens, tags=tags).with_columns(*nothing)
        frame = pl.concat([own, tag_left(texts.filter(is_left))], how="vertical_relaxed")
        return texts.to_frame("text").join(frame, on="text", maintain_order="left")

    return tag


def stand_in_tag() -> str:
    [(_, tag)] = stand_in_tagger.load(SETTINGS, ())("가")
    return tag


def cut_nothing(separator: str, settings: Tag, tag_left: TagTexts) -> TagTexts:
    return cut("|", settings, tag_left)


def refuse(texts: pl.Series) -> pl.DataFrame:
    assert texts.is_empty(), f"{texts.to_list()} were left to the library"
    lists = dict.fromkeys(("tokens", "tags"), pl.List(pl.String))
    return pl.DataFrame(schema={"text": pl.String, **lists, "problem": pl.String, "found": pl.String})


RIGHT = Native(
    name="okt",
    title="Stand-in",
    format=0,
    is_known=lambda: False,
    make=make,
    load=load,
    tagger=cut,
    made_up_texts=lambda _: TEXTS,
    proved=(SETTINGS,),
    load_library=stand_in_tagger.load,
)
WRONG = replace(RIGHT, tagger=cut_nothing)


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ETL_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def begin(native: Native) -> Callable[[], TagTexts] | None:
    with ThreadPoolExecutor(1) as thread:
        return begin_to_open(native, SETTINGS, refuse, thread)


def made_in(native: Native) -> Path:
    into = folder(native).with_name("made")
    into.mkdir(parents=True)
    native.make(into)
    return into


def test_what_is_left_to_the_library_is_not_compared() -> None:
    checked = prove(RIGHT, made_in(RIGHT))
    assert (checked.compared, checked.differing) == (3, ())


def test_what_differs_is_shown() -> None:
    checked = prove(WRONG, made_in(WRONG))
    assert checked.compared == 3
    assert len(checked.differing) == 2
    assert checked.differing[0].startswith("'가 나': 가 나/")


def test_a_library_that_is_not_known_is_proved_before_it_is_used(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        opened = begin(RIGHT)
    assert opened
    assert opened()(pl.Series(["나 다"]))["tokens"].to_list() == [["나", "다"]]
    assert [record.message for record in caplog.records] == [
        "this version of Stand-in is compared with what is made of it, once"
    ]


def test_it_is_proved_once(caplog: pytest.LogCaptureFixture) -> None:
    assert open_native(RIGHT, SETTINGS, refuse)
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        assert open_native(RIGHT, SETTINGS, refuse)
    assert caplog.records == []


def test_where_one_text_differs_the_library_tags_for_good(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        with caplog.at_level(logging.WARNING):
            assert begin(WRONG) is None
        assert caplog.records[-1].message == (
            "Stand-in is tagged by its library, many times slower: of 3 made-up texts 2 come out otherwise."
        )
    assert len(caplog.records) == 3  # it was compared once


def test_a_library_that_is_known_is_not_asked() -> None:
    known = replace(WRONG, is_known=lambda: True)
    opened = begin(known)
    assert opened
    assert opened()(pl.Series(["가 나"]))["tokens"].to_list() == [["가 나"]]


def test_more_may_be_left_to_the_library_until_nothing_differs() -> None:
    def weaken(made: Path) -> None:
        (made / "separator.txt").write_text(" ", encoding="utf-8")

    def make_wrongly(into: Path) -> None:
        (into / "separator.txt").write_text("|", encoding="utf-8")

    weak = replace(RIGHT, make=make_wrongly, weaken=weaken)
    opened = open_native(weak, SETTINGS, refuse)
    assert opened
    assert opened(pl.Series(["가 나"]))["tokens"].to_list() == [["가", "나"]]


@pytest.mark.parametrize("damaged", ["", "|"], ids=["cut off", "another"])
def test_a_damaged_folder_is_made_again(damaged: str) -> None:
    assert open_native(RIGHT, SETTINGS, refuse)
    (folder(RIGHT) / "separator.txt").write_text(damaged, encoding="utf-8")
    assert open_native(RIGHT, SETTINGS, refuse)
    assert load(folder(RIGHT), ()) == " "


def test_without_a_cache_folder_all_is_made_for_the_one_run(empty_cache: Path) -> None:
    empty_cache.write_text("no folder", encoding="utf-8")
    opened = open_native(replace(RIGHT, is_known=lambda: True), SETTINGS, refuse)
    assert opened
    assert opened(pl.Series(["가 나"]))["tokens"].to_list() == [["가", "나"]]


def test_where_the_code_cannot_be_compiled_the_library_tags(caplog: pytest.LogCaptureFixture) -> None:
    def not_here(separator: str, settings: Tag, tag_left: TagTexts) -> TagTexts:
        raise RuntimeError("no target for this processor\nmore of it")

    native = replace(RIGHT, tagger=not_here, is_known=lambda: True)
    with caplog.at_level(logging.WARNING):
        assert open_native(native, SETTINGS, refuse) is None
    assert caplog.messages == [
        "Stand-in is tagged by its library, many times slower: RuntimeError: no target for this processor"
    ]


def test_what_was_refused_can_be_looked_at() -> None:
    assert open_native(WRONG, SETTINGS, refuse) is None
    [checked] = prove_installed(WRONG)
    assert len(checked.differing) == 2


@pytest.mark.parametrize("name", registry.names())
def test_every_native_tagger_has_its_name(name: str) -> None:
    native = registry.native_of(name)
    assert native
    assert native.name == name
    assert all(settings.tagger == name for settings in native.proved)


def test_no_other_tagger_is_native() -> None:
    assert registry.native_of("whitespace") is None


INDEX_WORDS = compiled.Code(
    "etl.tagging.okt.lookup",
    "index_words",
    ("uint16*", "int64*", "int64", "uint64*", "int64", "uint64*"),
    ("etl.tagging.okt.layout",),
)


def indexed(index_words: Callable[..., None]) -> np.ndarray:
    slots, bitmap = np.zeros((4, 3), np.uint64), np.zeros(1 << 17, np.uint64)
    index_words(np.array([0xAC00], np.uint16), np.array([1], np.int64), 1, slots, 3, bitmap)
    return slots


def test_machine_code_is_kept_and_a_damaged_file_is_made_again(empty_cache: Path) -> None:
    first = indexed(compiled.load(INDEX_WORDS))
    assert first[:, 2].sum() == 1
    [kept] = (empty_cache / "compiled").glob("*.o")
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-100])
    assert (indexed(compiled.load(INDEX_WORDS)) == first).all()
    assert len(kept.read_bytes()) == len(whole)


def test_compiled_code_takes_no_array_of_another_type() -> None:
    index_words = compiled.load(INDEX_WORDS)
    with pytest.raises(TypeError, match="expected a contiguous array of uint16, got int64"):
        index_words(np.zeros(1, np.int64), np.zeros(1, np.int64), 1, *[np.zeros(4, np.uint64)] * 3)

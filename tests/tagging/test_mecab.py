"""mecab-ko by compiled code answers exactly what python-mecab-ko answers."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from support.real_texts import real_texts

from etl.schema import resources
from etl.settings import Tag
from etl.tagging import dictionary, taggers
from etl.tagging.native import open as native_open
from etl.tagging.native import proof, registry
from etl.tagging.tagger import open_tagger

pytest.importorskip("mecab", reason="python-mecab-ko is not installed")

MECAB = Tag(tagger="mecab")
WORDS = ["갓생", "킹받네\tinterjection", "겁나게\tadverb", "그런저런\tdeterminer", "a,b", 'a"b', "C++", "뷁"]


def tagged(texts: list[str], settings: Tag = MECAB) -> list[taggers.Tagged]:
    """Tags texts of which nothing is handed around the tagger."""
    with open_tagger(settings, workers=1, is_cached=False) as tagger:
        frame = tagger.tag_whole(pl.Series("text", texts, pl.String))
    assert frame["problem"].null_count() == len(texts)
    return [list(zip(*row, strict=True)) for row in frame.select("tokens", "tags").iter_rows()]


def test_nothing_reads_the_files_of_the_tagger_after_its_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ETL_CACHE_DIR", str(tmp_path))
    texts = pl.Series("text", ["모든 문장을 이미 아는 때에도"])
    with open_tagger(MECAB, workers=1) as tagger:
        tagger(texts)
    before = {*threading.enumerate()}
    with open_tagger(MECAB, workers=1) as tagger:
        tagger(texts)  # which is known, so that nothing waits for the tables
    assert {*threading.enumerate()} <= before


def differing(texts: list[str]) -> list[tuple[str, taggers.Tagged, taggers.Tagged]]:
    tag = taggers.load(MECAB)
    both = ((text, ours, tag(text)) for text, ours in zip(texts, tagged(texts), strict=True))
    return [each for each in both if each[1] != each[2]]


def test_made_up_texts_are_tagged_as_the_library_does(tmp_path: Path) -> None:
    native = registry.native_of("mecab")
    assert native
    native.make(tmp_path)
    checked = proof.prove(native, tmp_path)
    assert checked.differing == ()
    assert checked.compared >= 3000


def test_real_sentences_are_tagged_as_the_library_does(shared_data: Callable[[str], Path]) -> None:
    """A tenth of comments, dialogues and 50,000 reviews; with ETL_TEST_ALL=1 all, and 250,000 more."""
    has_time = "ETL_TEST_ALL" in os.environ
    texts = real_texts(shared_data, 300_000 if has_time else 50_000)
    assert len(texts) > 60_000
    assert differing(texts if has_time else texts[::10]) == []


def test_so_is_a_text_that_needs_more_room_and_one_that_is_left_to_the_library() -> None:
    word, spaced = "재미있었는데도", "재미있었는데도 안 봤다 ㅋㅋ "
    texts = [word * 1400, spaced * 700, "짧다", spaced * 1000, "끝에\x00뒤", "끝 \uffff", "", " ", "a" * 200]
    assert differing(texts) == []


def test_tokens_of_white_space_are_left_out() -> None:
    [tokens] = tagged(["한\u3000글\u00a0자 \u2028 끝"])
    assert [token for token, _ in tokens] == ["한", "글", "자", "끝"]


def test_words_of_the_users_own_are_known_as_the_library_knows_them(tmp_path: Path) -> None:
    path = tmp_path / "words.tsv"
    path.write_text("".join(f"{word}\n" for word in WORDS), encoding="utf-8")
    settings = Tag(tagger="mecab", dictionary=str(path))
    texts = ["요즘 갓생 산다", "킹받네 진짜 겁나게 그런저런 일", 'a,b 와 a"b 를 C++ 로', "뷁뷁 뷁은 갓생이다"]
    tag = taggers.load(settings, dictionary.tagged(settings))
    assert tagged(texts, settings) == [tag(text) for text in texts]
    assert ("갓생", "NNP") in tagged(texts, settings)[0]
    assert tagged(texts, settings) != tagged(texts)


def test_files_that_were_damaged_are_made_again() -> None:
    native = registry.native_of("mecab")
    assert native
    tagged(["만들어 둔다"])
    folder = native_open.folder(native)
    (folder / "tags.npy").write_bytes(b"\x93NUMPY")
    assert tagged(["정말 좋다"]) == [[("정말", "MAG"), ("좋", "VA"), ("다", "EC")]]


def test_every_tag_it_gives_is_one_of_the_policys(tmp_path: Path) -> None:
    native = registry.native_of("mecab")
    assert native
    native.make(tmp_path)
    parts = {part for tag in native.load(tmp_path, ()).tag_names for part in tag.split("+")}
    assert parts - {"UNKNOWN"} <= set(resources.load("schemas", "pos", "mecab.yaml")["classes"])

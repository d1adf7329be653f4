"""No hazard stops a tagger, loses a sentence, or leaves a process behind."""

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
from support.hazards import BLANK, EMOJI, HAZARDS, SURROGATE, many_hazards, mixed, real_sentences

from etl.settings import Tag
from etl.tagging.pool import Pool
from etl.tagging.tagger import Tagger, open_tagger

TAGGERS = ["okt", "komoran", "hannanum", "kkma", "mecab", "kiwi", "whitespace"]
PACKAGE = {"mecab": "mecab", "kiwi": "kiwipiepy"}
SECONDS = 3
REASONS = {"tagger_timeout", "tagger_crash", "tagger_error"}
SENTENCES = [f"{number}번째 날은 정말 기분이 좋았다" for number in range(len(HAZARDS))]


@pytest.fixture(scope="module", params=TAGGERS)
def tagger(request: pytest.FixtureRequest) -> Iterator[Tagger]:
    if request.param in PACKAGE:
        pytest.importorskip(PACKAGE[request.param])
    with open_tagger(Tag(tagger=request.param, seconds=SECONDS), workers=1, is_cached=False) as opened:
        yield opened
    assert not multiprocessing.active_children()


def check_answers(frame: pl.DataFrame) -> None:
    """Tokens with as many tags, or a problem with what was found."""
    for row in frame.to_dicts():
        assert len(row["tokens"]) == len(row["tags"]), row
        if row["problem"] is not None:
            assert row["problem"] in REASONS, row
            assert row["found"], row
            assert row["tokens"] == [], row


def test_every_hazard_has_an_answer_and_harms_no_sentence_beside_it(tagger: Tagger) -> None:
    texts = [text for pair in zip(HAZARDS, SENTENCES, strict=True) for text in pair]
    frame = tagger(pl.Series("text", texts))
    assert frame["text"].to_list() == texts
    check_answers(frame)
    beside = frame[1::2]
    assert beside["problem"].null_count() == len(SENTENCES)
    assert beside["tokens"].list.len().min() > 3  # type: ignore[operator]


def test_what_is_blank_has_no_tokens(tagger: Tagger) -> None:
    if tagger.settings.tagger == "whitespace":
        pytest.skip("cuts at spaces whatever it is given: the cleaner leaves nothing blank")
    rows = tagger(pl.Series("text", BLANK)).to_dicts()
    assert [(row["tokens"], row["problem"]) for row in rows] == [([], None)] * len(BLANK)


def test_emoji_are_tagged(tagger: Tagger) -> None:
    frame = tagger(pl.Series("text", EMOJI))
    assert frame["problem"].to_list() == [None] * len(EMOJI)
    assert all("😀" in "".join(tokens) for tokens in frame["tokens"][:2])
    if tagger.settings.tagger in {"komoran", "hannanum", "kkma"}:
        pairs = list(zip(frame["tokens"][1], frame["tags"][1], strict=True))
        assert ("😀", "Emoji") in pairs[1:-1], "in its place"


@pytest.mark.parametrize("name", ["okt", "komoran", "mecab", "kiwi"])
def test_half_a_character_is_refused_and_the_next_sentence_tagged(name: str) -> None:
    if name in PACKAGE:
        pytest.importorskip(PACKAGE[name])
    pool = Pool(Tag(tagger=name), workers=1)
    try:
        before, refused, after = pool.tag([SENTENCES[0], f"좋아 {SURROGATE}", SENTENCES[1]])
    finally:
        pool.stop()
    assert (before[2], refused[2], after[2]) == (None, "tagger_error", None)
    assert refused[3]


def test_hazards_among_real_sentences_cost_none_of_them(
    tagger: Tagger, shared_data: Callable[[str], Path]
) -> None:
    count, hazard_count = (150, 10) if tagger.settings.tagger == "kkma" else (2000, 25)
    hazards = many_hazards(hazard_count)
    texts = mixed(real_sentences(shared_data, count), hazards)
    frame = tagger(pl.Series("text", texts))
    assert frame["text"].to_list() == texts
    check_answers(frame)
    sentences = frame.filter(~pl.col("text").is_in(hazards))
    assert sentences.height == count
    assert sentences.filter(pl.col("problem").is_not_null()).to_dicts() == []
    assert sentences["tokens"].list.len().min() > 0  # type: ignore[operator]


TAGS_AND_TELLS = """
import sys
import polars as pl
from support.hazards import BLANK, EMOJI, UNSEEN
from etl.settings import Tag
from etl.tagging.tagger import open_tagger
if __name__ == "__main__":
    texts = ["정말 좋은 날이다", *BLANK, *EMOJI, *UNSEEN, "\\x00"]
    with open_tagger(Tag(tagger=sys.argv[1], seconds=2), 1, is_cached=False) as tagger:
        frame = tagger(pl.Series("text", texts))
    print(frame["problem"][0], frame.height - len(texts), flush=True)
"""


@pytest.mark.parametrize("name", TAGGERS)
def test_an_interpreter_that_met_hazards_ends_and_prints_nothing_else(name: str, tmp_path: Path) -> None:
    if name in PACKAGE:
        pytest.importorskip(PACKAGE[name])
    script = tmp_path / "script.py"
    script.write_text(TAGS_AND_TELLS, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, script, name],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "None 0\n"
        left_at = time.monotonic()
        printed, errors = run.communicate(timeout=60)
        assert time.monotonic() - left_at < 5
    assert run.returncode == 0
    assert printed == ""
    assert [line for line in errors.splitlines() if not line.startswith("note: ")] == []

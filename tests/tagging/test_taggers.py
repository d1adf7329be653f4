import multiprocessing
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from etl.errors import SettingsError
from etl.ingestion.steps.clean import clean
from etl.schema import resources
from etl.settings import Clean, Tag
from etl.tagging import taggers
from etl.tagging.tagger import Tagger, open_tagger

pytestmark = pytest.mark.jvm

TAGGERS = ["okt", "komoran", "hannanum", "kkma", "mecab", "kiwi", "whitespace"]
SENTENCE = "어제 본 영화는 정말 재미있었어요"
# What the cleaner lets through, and every tagger must cut.
ODD_TEXTS = [
    ".",
    "?",
    "!!!",
    "ㅋ",
    "ㅋㅋㅋ",
    "ㅠㅠ ㅠㅠ",
    "😀",
    "😀😀",
    "좋아 😀",
    "😀 좋아",
    "👨\u200d👩\u200d👧 가족",
    "👩\u200d❤️\u200d👨",
    "❤️",
    "👍🏽 정말ㅋㅋ",
    "🇰🇷",
    "1",
    "10000000원",
    "OK",
    "^^;; :)",
    "ㅡㅡ",
    "𠀀",
    "日本語とかな",
    "Zürich café",
    "와와와",
    "'작은' \"큰\" `역` \\",
    "a\u0301",
    "(웃음)",
    "https://example.com/가?나=1",
    "@이름 #태그",
    "<b>굵게</b>",
]
PIECES = [
    *"가힣뷁ㅋㅠㅏ아.!?~1aZ-'",
    "😀",
    "❤️",
    "오늘",
    "좋아요",
    " ",
    " ",
    "\u200d",
    "漢",
    "㈜",
    "½",
    "\u0301",
]


@pytest.fixture(scope="module", params=TAGGERS)
def tagger(request: pytest.FixtureRequest) -> Iterator[Tagger]:
    """Every tagger, on a machine whose own Java, if there is one, is of no use."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_HOME", "/nowhere")
        with open_tagger(Tag(tagger=request.param), workers=1) as opened:
            yield opened
    assert not multiprocessing.active_children()


def tagged(tagger: Tagger, *texts: str) -> list[dict[str, object]]:
    return tagger(pl.Series("text", texts, pl.String)).to_dicts()


def pairs(tagger: Tagger, text: str) -> list[tuple[str, str]]:
    (row,) = tagged(tagger, text)
    return list(zip(row["tokens"], row["tags"], strict=True))  # type: ignore[call-overload]


def known_tags(tagger: Tagger) -> set[str]:
    # Emoji is the tag of what is handed around a tagger that cannot decode it.
    return {*resources.load("schemas", "pos", f"{tagger.settings.tagger}.yaml")["classes"], "Emoji"}


def check(tagger: Tagger, rows: list[dict[str, object]]) -> None:
    """Every sentence has an answer: as many tags as tokens, none of them blank, all of them known."""
    for row in rows:
        text, tokens, tags = row["text"], row["tokens"], row["tags"]
        assert row["problem"] is None, (text, row["found"])
        assert len(tokens) == len(tags), text  # type: ignore[arg-type]
        assert all(token.strip() for token in tokens), text  # type: ignore[attr-defined]
        assert {tag.split("+")[0] for tag in tags} <= known_tags(tagger), (text, tags)  # type: ignore[attr-defined]


def test_a_sentence_is_cut_into_tokens_with_tags(tagger: Tagger) -> None:
    check(tagger, tagged(tagger, SENTENCE))
    tokens = [token for token, _ in pairs(tagger, SENTENCE)]
    assert ("영화는" if tagger.settings.tagger == "whitespace" else "영화") in tokens
    assert tokens[0] == "어제"


def test_what_the_cleaner_lets_through_is_cut_too(tagger: Tagger) -> None:
    check(tagger, tagged(tagger, *ODD_TEXTS))


def test_so_is_a_jumble_of_characters(tagger: Tagger) -> None:
    chance = random.Random(7)
    raw_texts = ["".join(chance.choices(PIECES, k=chance.randint(1, 12))) for _ in range(60)]
    frame = pl.DataFrame({"raw_text": raw_texts, "reason": None, "detail": None})
    cleaned = clean(frame.cast(pl.String), Clean()).filter(pl.col("reason").is_null())
    check(tagger, tagged(tagger, *cleaned["text"].unique(maintain_order=True)))


def test_answers_come_in_the_order_of_the_questions(tagger: Tagger) -> None:
    texts = [f"{number}번째 문장이다" for number in range(300)]  # more than a worker is given at once
    rows = tagged(tagger, *texts)
    assert [row["text"] for row in rows] == texts
    assert all(str(number) in "".join(row["tokens"]) for number, row in enumerate(rows))  # type: ignore[arg-type]


def test_no_sentences_have_no_answers(tagger: Tagger) -> None:
    frame = tagger(pl.Series("text", [], pl.String))
    assert frame.height == 0
    assert frame.columns == ["text", "tokens", "tags", "problem", "found"]


def test_emoji_are_one_token_whatever_the_tagger_makes_of_them(tagger: Tagger) -> None:
    if tagger.settings.tagger in {"komoran", "hannanum", "kkma"}:
        assert ("😀", "Emoji") in pairs(tagger, "좋아 😀 정말")
        assert pairs(tagger, "👨\u200d👩\u200d👧") == [("👨\u200d👩\u200d👧", "Emoji")]
    else:
        assert "😀" in [token for token, _ in pairs(tagger, "좋아 😀 정말")]


@pytest.mark.parametrize("blank", ["", "   ", "\n", "\t \n", "\r\n", "\u2028"])
def test_what_is_blank_has_no_tokens(tagger: Tagger, blank: str) -> None:
    if tagger.settings.tagger == "whitespace":
        pytest.skip("cuts at spaces whatever it is given: the cleaner leaves nothing blank")
    (row,) = tagged(tagger, blank)
    assert (row["tokens"], row["problem"]) == ([], None)


TAGS_AND_TELLS = """
import sys
import polars as pl
from etl.settings import Tag
from etl.tagging.tagger import open_tagger
if __name__ == "__main__":
    with open_tagger(Tag(tagger=sys.argv[1]), 1, is_cached=False) as tagger:
        frame = tagger(pl.Series("text", ["정말 좋은 날이다", "", "좋아 😀"]))
    print(frame["problem"].to_list())
"""


@pytest.mark.parametrize("name", ["hannanum", "mecab", "kiwi"])
def test_an_interpreter_that_tagged_ends_and_prints_nothing_else(name: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(TAGS_AND_TELLS, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, script, name],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert run.stdout == "[None, None, None]\n"
    assert run.stderr == ""


def test_the_manifest_learns_which_packages_decide(tagger: Tagger) -> None:
    facts = tagger.fingerprint()
    assert facts["name"] == tagger.settings.tagger
    assert all(package in facts["version"] for package in taggers.PACKAGES[tagger.settings.tagger])
    assert len(facts["fingerprint"]) == 64


def test_okt_stems_only_if_asked(tagger: Tagger) -> None:
    if tagger.settings.tagger != "okt":
        pytest.skip("an option of okt")
    assert ("재미있다", "Adjective") in pairs(tagger, SENTENCE)
    with open_tagger(Tag(norm=False, stem=False), 1) as plain:
        assert ("재미있었어요", "Adjective") in pairs(plain, SENTENCE)
        assert plain.fingerprint() != tagger.fingerprint()


@pytest.mark.parametrize("name", ["okt", "mecab", "kiwi"])
def test_a_tagger_that_is_not_installed_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(SettingsError, match=f"the tagger {name} is not installed") as caught:
        taggers.versions(name)
    assert "pip install" in caught.value.next_step


CRASHES = """
import os, signal, sys
from etl.settings import Tag
from etl.tagging import taggers
taggers.load(Tag(tagger="hannanum"))("좋다")
print(os.getpid(), flush=True)
os.kill(os.getpid(), getattr(signal, sys.argv[1]))
"""


@pytest.mark.parametrize("signal_name", ["SIGSEGV", "SIGKILL"])
def test_a_jvm_that_dies_leaves_no_file(tmp_path: Path, signal_name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CRASHES, signal_name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    process = done.stdout.split()[0]
    assert done.returncode < 0
    assert list(tmp_path.iterdir()) == []
    # Java has its own idea of the temporary folder.
    assert list(Path("/tmp").glob(f".*{process}*")) == []
    assert list(Path("/tmp").glob(f"hsperfdata_*/{process}")) == []

"""Emoticons, hash tags and negation are in a kept token of every tagger, on a labelled list."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import polars as pl
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from etl.settings import Tag, Tagger
from etl.tagging.around import load_cutter
from etl.tagging.policy import load
from etl.tagging.tagger import open_tagger

LISTS: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[1] / "support" / "emotion.yaml").read_text(encoding="utf-8")
)
TAGGERS = [name for name in get_args(Tagger) if name != "whitespace"]
SHOWN = {"말": "[말마맙]", "못": "못", "안": "^안", "없": "없", "아니": "아[니닌닐님냐]", "않": "않"}
EMOTICONS = [text for texts in LISTS["emoticons"].values() for text in texts]
ALPHABET = st.sampled_from([*"^_;:=><-.,~*@#()[]TtoOxXDPp3ㅋㅎㅠㅡㅁㅇ가a1 /'", *LISTS["emoticons"]])


@pytest.fixture(scope="module", params=TAGGERS)
def tokens(request: pytest.FixtureRequest) -> Iterator[dict[str, list[tuple[str, str]]]]:
    """The kept tokens of every sentence of the list, with their classes."""
    settings = Tag(tagger=request.param)
    negated = [text for texts in LISTS["negations"].values() for text in texts]
    tagged = [text for texts in LISTS["hash_tags"].values() for text in texts]
    texts = pl.Series("text", list(dict.fromkeys([*EMOTICONS, *tagged, *negated, "좋다 !!! 와"])))
    with open_tagger(settings, workers=1) as tagger:
        frame = tagger(texts)
    assert frame["problem"].null_count() == frame.height
    policy, pair = load(settings), (pl.col("tokens"), pl.col("tags"))
    kept = frame.explode("tokens", "tags").filter(policy.is_kept(*pair))
    found: dict[str, list[tuple[str, str]]] = {text: [] for text in texts}
    for text, token, coarse in kept.select("text", "tokens", policy.coarse_class(*pair)).iter_rows():
        found[text].append((token, coarse))
    yield found


@pytest.mark.jvm
def test_an_emoticon_is_a_token_of_its_own(tokens: dict[str, list[tuple[str, str]]]) -> None:
    lost = [
        (text, tokens[text])
        for emoticon, texts in LISTS["emoticons"].items()
        for text in texts
        if (emoticon, "emoticon") not in tokens[text]
    ]
    assert lost == []


@pytest.mark.jvm
def test_a_hash_tag_is_the_word_that_it_is(tokens: dict[str, list[tuple[str, str]]]) -> None:
    for word, texts in LISTS["hash_tags"].items():
        assert all(word in [token for token, _ in tokens[text]] for text in texts)


@pytest.mark.jvm
def test_exclamation_marks_are_no_word(tokens: dict[str, list[tuple[str, str]]]) -> None:
    assert {coarse for token, coarse in tokens["좋다 !!! 와"] if "!" in token} == {"punctuation"}


@pytest.mark.jvm
@pytest.mark.parametrize("kind", SHOWN)
def test_a_negation_is_in_a_token_that_is_known_as_negation(
    kind: str, tokens: dict[str, list[tuple[str, str]]]
) -> None:
    lost = [
        (text, tokens[text])
        for text in LISTS["negations"][kind]
        if not any(coarse == "negation" and re.search(SHOWN[kind], token) for token, coarse in tokens[text])
    ]
    assert lost == []


@pytest.mark.jvm
def test_where_a_negation_is_put_in_the_rest_stays() -> None:
    with open_tagger(Tag(), workers=1) as tagger:
        frame = tagger(pl.Series("text", ["행복하지못하다 정말", "걱정하지마ㅠㅠ 알겠지", "좋아하지 않는다"]))
        stems = frame["tokens"].to_list()
    assert stems == [
        ["행복하다", "못", "정말"],
        ["걱정", "하다", "말다", "ㅠㅠ", "알다"],
        ["좋아하다", "않다"],
    ]


def test_what_only_looks_like_an_emoticon_is_left_to_the_tagger() -> None:
    cut = load_cutter("mecab")
    assert {text: list(cut(text)) for text in LISTS["no_emoticons"]} == {
        text: [(text, None)] for text in LISTS["no_emoticons"]
    }


@pytest.mark.parametrize("tagger", ["okt", "mecab"])
@given(st.lists(ALPHABET, max_size=12).map("".join))
@example("".join(EMOTICONS))
def test_every_text_with_an_emoticon_has_the_signs_of_one_and_is_cut_without_loss(
    tagger: str, text: str
) -> None:
    cut = load_cutter(tagger)
    pieces = list(cut(text))
    assert "".join(piece for piece, _ in pieces) == text
    if any(tag for _, tag in pieces):
        assert pl.Series([text]).str.contains(cut.signs).item()

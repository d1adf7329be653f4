"""The exact join against brute force: every pair that reaches the threshold, and no other."""

import gzip
import json
import tempfile
from collections.abc import Callable, Iterable
from itertools import combinations, islice
from pathlib import Path
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.similarity.nearest import nearest
from etl.similarity.pairs import near_duplicates
from etl.text.normalise import normalised_key

Pairs = dict[tuple[str, str], float]
# Few letters, so that much is alike; a letter of one, two, three and four bytes each.
TEXTS = st.lists(st.text("ab한é😀", min_size=1, max_size=12), unique=True, max_size=25)
THRESHOLDS = st.one_of(st.sampled_from([0.3, 0.5, 0.6, 0.75, 0.8, 1.0]), st.floats(0.3, 1.0))


def trigrams(text: str) -> frozenset[str]:
    return frozenset(text[at : at + 3] for at in range(max(1, len(text) - 2)))


def similarity(one: str, other: str) -> float:
    common = len(trigrams(one) & trigrams(other))
    return common / (len(trigrams(one)) + len(trigrams(other)) - common)


def brute_force(texts: Iterable[str], threshold: float) -> Pairs:
    pairs = combinations(sorted(texts), 2)
    return {pair: alike for pair in pairs if (alike := similarity(*pair)) >= threshold}


def found(texts: list[str], threshold: float) -> Pairs:
    series = pl.Series(texts, dtype=pl.String)
    pairs = {}
    for frame in near_duplicates(series, threshold):
        for first, second, alike in frame.iter_rows():
            one, other = sorted((texts[first], texts[second]))
            assert (one, other) not in pairs, "a pair is found once"
            pairs[one, other] = alike
    return pairs


@given(TEXTS, THRESHOLDS)
def test_the_pairs_are_those_of_a_brute_force_search(texts: list[str], threshold: float) -> None:
    assert found(texts, threshold) == brute_force(texts, threshold)


@pytest.mark.slow
@settings(max_examples=20)
@given(TEXTS, THRESHOLDS, st.lists(st.integers(0, 3), min_size=75, max_size=75), st.integers(0, 25))
def test_an_index_that_lasts_changes_nothing(
    tmp_path: Path, texts: list[str], threshold: float, kinds: list[int], count: int
) -> None:
    """Also where texts change sides, or go."""
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    runs = [
        (texts[:count], kinds[25:50]),
        (texts, kinds[:25]),
        (texts[::-1], kinds[50:]),
        (texts[:count], kinds),
    ]
    for chosen, sides in runs:
        series = pl.Series(chosen, dtype=pl.String)
        these, those = (
            pl.Series([bool(sides[at] & side) for at in range(len(chosen))], dtype=pl.Boolean)
            for side in (1, 2)
        )
        wanted = [(these, those), (those, these), (these, these)]
        for plain, again in zip(
            nearest(series, threshold, wanted), nearest(series, threshold, wanted, folder), strict=True
        ):
            assert again.equals(plain)


@settings(max_examples=30)
@given(TEXTS, THRESHOLDS, st.randoms(use_true_random=False))
def test_the_order_of_the_texts_does_not_matter(texts: list[str], threshold: float, rng: Random) -> None:
    shuffled = rng.sample(texts, len(texts))
    assert found(shuffled, threshold) == found(texts, threshold)


def test_the_pairs_among_real_reviews_are_those_of_a_brute_force_search(
    shared_data: Callable[[str], Path],
) -> None:
    with gzip.open(shared_data("nsmc") / "reviews-300k.jsonl.gz", "rt", encoding="utf-8") as stream:
        reviews = pl.Series([json.loads(line)["review"] for line in islice(stream, 2000)])
    keys = pl.DataFrame({"text": reviews}).select(normalised_key(pl.col("text"))).to_series()
    texts = keys.drop_nulls().unique(maintain_order=True).to_list()
    texts = [text for text in texts if text]
    pairs = brute_force_by_sets(texts, 0.3)
    assert len(pairs) > 20
    for threshold in (0.3, 0.5, 0.8, 1.0):
        expected = {pair: alike for pair, alike in pairs.items() if alike >= threshold}
        assert found(texts, threshold) == expected


def brute_force_by_sets(texts: list[str], threshold: float) -> Pairs:
    """Like `brute_force`, with the sets made once: two million pairs."""
    sets = {text: trigrams(text) for text in sorted(texts)}
    pairs = {}
    for (one, grams), (other, other_grams) in combinations(sets.items(), 2):
        common = len(grams & other_grams)
        alike = common / (len(grams) + len(other_grams) - common)
        if alike >= threshold:
            pairs[one, other] = alike
    return pairs


def test_hundreds_of_variations_of_one_text_are_all_near_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """More pairs than are held at a time."""
    monkeypatch.setattr("etl.similarity.pairs._MEMORY", 1_000_000)
    stem = "".join(chr(0xAC00 + 7 * number) for number in range(60))
    texts = [f"{stem}{chr(0xB000 + number)}" for number in range(500)]
    frames = list(near_duplicates(pl.Series(texts), 0.8))
    assert sum(frame.height for frame in frames) == 500 * 499 // 2
    assert len(frames) > 1
    pairs = pl.concat(frames)
    assert pairs.select("first", "second").is_duplicated().sum() == 0
    assert pairs["similarity"].unique().to_list() == [58 / 60]


def test_texts_of_one_and_two_characters_are_near_none_but_their_equals() -> None:
    assert found(["가", "나", "가가", "가나", "나가", "가가가"], 0.3) == {}


def test_an_emoji_is_a_character() -> None:
    texts = ["😀😀😀정말좋다", "😀😀😀정말좋아", "정말좋다", "😀😁😂정말좋다"]
    assert found(texts, 0.3) == brute_force(texts, 0.3)
    assert found(["😀😁😂🙂", "😀😁😂🙃"], 0.3) == {("😀😁😂🙂", "😀😁😂🙃"): 1 / 3}


def test_different_texts_of_the_same_trigrams_are_wholly_similar() -> None:
    assert found(["abcabc", "abcabcabc", "abcabd"], 1.0) == {("abcabc", "abcabcabc"): 1.0}


def test_the_threshold_itself_is_near_enough() -> None:
    texts = ["abcdefg", "abcdefgh"]  # five trigrams, and one more
    assert found(texts, 5 / 6) == {("abcdefg", "abcdefgh"): 5 / 6}
    assert found(texts, 5 / 6 + 1e-6) == {}


@pytest.mark.parametrize("texts", [[], ["하나"]])
def test_fewer_than_two_texts_have_no_pair(texts: list[str]) -> None:
    assert found(texts, 0.8) == {}


SIDES = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=25, max_size=25)


@settings(max_examples=50)
@given(TEXTS, THRESHOLDS, SIDES)
def test_nearest_is_the_most_similar_text_of_the_other_side(
    texts: list[str], threshold: float, sides: list[tuple[bool, bool]]
) -> None:
    these, those = ([side[which] for side in sides[: len(texts)]] for which in (0, 1))
    masks = [pl.Series(mask, dtype=pl.Boolean) for mask in (these, those)]
    [forth, back] = nearest(pl.Series(texts, dtype=pl.String), threshold, [(*masks,), (*masks[::-1],)])
    assert list(forth.iter_rows()) == nearest_by_hand(texts, threshold, these, those)
    assert list(back.iter_rows()) == nearest_by_hand(texts, threshold, those, these)


def nearest_by_hand(
    texts: list[str], threshold: float, these: list[bool], those: list[bool]
) -> list[tuple[int, int, float]]:
    best = []
    for text in range(len(texts)):
        others = [other for other in range(len(texts)) if those[other] and other != text and these[text]]
        near = [(-similarity(texts[text], texts[other]), other) for other in others]
        if near and -min(near)[0] >= threshold:
            best.append((text, min(near)[1], -min(near)[0]))
    return best

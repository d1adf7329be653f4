"""What the raters or the several labels of a row say, as votes."""

import random
from collections.abc import Sequence
from math import isclose
from typing import get_args

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.schema import taxonomy, votes
from etl.schema.resolver import make_resolver
from etl.settings import Labels

KO7 = taxonomy.load("ko7")
KOTE44 = taxonomy.load("kote44")
CODES = [str(code) for code in range(44)]
RATED = ["Happiness", "Angry", "Sadness", "Fear", "Disgust", "Surprise", "Neutral"]
SCHEMA = pl.Schema({"label": pl.String(), votes.COLUMN: votes.VOTES})
CELLS = st.one_of(
    st.tuples(st.just("kote"), st.lists(st.sampled_from(CODES), min_size=1, max_size=12)),
    st.tuples(st.just("aihub-speech"), st.lists(st.sampled_from(RATED), min_size=1, max_size=5)),
)
MODES: tuple[Labels, ...] = get_args(Labels)


def rows_of(*rows: tuple[str | None, Sequence[tuple[str, float]]]) -> pl.DataFrame:
    """Rows of a label and votes; no votes are null."""
    said = [[{"label": name, "weight": weight} for name, weight in given] or None for _, given in rows]
    return pl.DataFrame([[label for label, _ in rows], said], schema=SCHEMA)


@given(CELLS, st.randoms(use_true_random=False))
def test_votes_sum_to_1_and_the_label_of_a_row_is_their_argmax_whoever_votes_first(
    cell: tuple[str, list[str]], chance: random.Random
) -> None:
    source, said = cell
    resolve = make_resolver(KO7, source)
    result = resolve(",".join(said))
    if result.votes:
        weights = dict(result.votes)
        assert isclose(sum(weights.values()), 1)
        assert [*weights] == [target for target in KO7.targets if target in weights]
        assert result.label in (None, max(weights, key=weights.__getitem__))
        assert (result.label is None) == (result.reason == "label_ambiguous")
    else:
        assert result.label or result.reason in ("label_not_in_taxonomy", "unknown_label")
    chance.shuffle(said)
    again = resolve(",".join(said))
    assert (again.label, again.votes, again.reason) == (result.label, result.votes, result.reason)


@given(CELLS)
def test_what_the_resolver_makes_is_sound(cell: tuple[str, list[str]]) -> None:
    source, said = cell
    result = make_resolver(KO7, source)(",".join(said))
    sound = rows_of((result.label, result.votes)).select(votes.are_sound(KO7.targets)).item()
    assert sound is (True if result.votes else None)


def test_one_target_needs_no_votes() -> None:
    resolve = make_resolver(KO7, "kote")
    assert resolve("42").votes == ()
    assert resolve("42,40,28").votes == (), "three labels that all become 기쁨"
    assert resolve("42,11").votes == (), "비장함 becomes nothing, and does not count"


def test_a_target_of_too_few_votes_is_no_label_but_stays_in_the_votes() -> None:
    result = make_resolver(KO7, "aihub-speech")("Angry,Angry")
    assert (result.label, result.reason, result.votes) == (None, "label_ambiguous", (("분노", 1.0),))


def test_the_labels_of_kote_are_their_own_targets() -> None:
    result = make_resolver(KOTE44, "kote")("42,0,24")
    assert [name for name, _ in result.votes] == ["불평/불만", "없음", "기쁨"]
    assert [KOTE44.maps["kote"][code] for code in CODES] == list(taxonomy.label_table("kote").codes.values())


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("기쁨", [("슬픔", 0.6), ("분노", 0.4)]),
        ("기쁨", [("기쁨", 0.5), ("슬픔", 0.5)]),
        (None, [("슬픔", 0.5), ("기쁨", 0.5)]),
        (None, [("기쁨", 0.5), ("기쁨", 0.5)]),
        (None, [("기쁨", 0.5), ("환희", 0.5)]),
        (None, [("기쁨", 0.5), ("슬픔", 0.4)]),
        (None, [("기쁨", 1.5), ("슬픔", -0.5)]),
        (None, [("기쁨", 1.0), ("슬픔", 0.0)]),
    ],
    ids=["argmax", "half", "order", "twice", "no target", "sum", "negative", "nothing"],
)
def test_votes_that_are_no_distribution_are_told(label: str | None, said: list[tuple[str, float]]) -> None:
    assert rows_of((label, said)).select(votes.are_sound(KO7.targets)).item() is False


def test_an_empty_list_is_no_votes() -> None:
    empty = pl.DataFrame([[None], [[]]], schema=SCHEMA)
    assert empty.select(votes.are_sound(KO7.targets)).item() is False


def test_rows_are_spread_over_their_labels_by_the_mode() -> None:
    rows = rows_of(
        ("기쁨", []), ("기쁨", [("기쁨", 0.75), ("슬픔", 0.25)]), (None, [("슬픔", 0.5), ("분노", 0.5)])
    )
    spread = {
        mode: sorted(votes.spread(rows[:2].lazy(), mode).collect().rows())
        if mode == "majority"
        else sorted(votes.spread(rows.lazy(), mode).collect().select("label", "weight").rows())
        for mode in MODES
    }
    assert spread["majority"] == [("기쁨", 1.0)] * 2
    assert spread["soft"] == [("기쁨", 0.75), ("기쁨", 1.0), ("분노", 0.5), ("슬픔", 0.25), ("슬픔", 0.5)]
    assert spread["multi"] == [("기쁨", 1.0), ("기쁨", 1.0), ("분노", 1.0), ("슬픔", 1.0), ("슬픔", 1.0)]


@given(st.lists(CELLS, min_size=1, max_size=8))
def test_under_soft_a_row_weighs_as_much_as_any_other(cells: list[tuple[str, list[str]]]) -> None:
    results = [make_resolver(KO7, source)(",".join(said)) for source, said in cells]
    kept = [(result.label, result.votes) for result in results if result.label or result.votes]
    total = votes.spread(rows_of(*kept).lazy(), "soft").select(pl.col("weight").sum()).collect().item()
    assert isclose(total, len(kept))


def test_what_rows_say_is_compared_by_the_mode() -> None:
    rows = rows_of(
        ("기쁨", []),
        ("기쁨", [("기쁨", 0.75), ("슬픔", 0.25)]),
        ("기쁨", [("기쁨", 0.6), ("슬픔", 0.4)]),
        (None, [("기쁨", 1.0)]),
    )
    same = {mode: rows.select(votes.answer(mode)).to_series().rank("dense").to_list() for mode in MODES}
    assert same["majority"][:3] == [1, 1, 1]
    assert len(set(same["soft"][:3])) == 3
    assert same["soft"][0] == same["soft"][3]
    assert same["multi"][1] == same["multi"][2] != same["multi"][0] == same["multi"][3]


@given(st.lists(st.lists(st.tuples(st.sampled_from(KO7.targets), st.floats(0, 1)), max_size=3), max_size=6))
def test_a_column_holds_the_votes_of_each_row_in_order(said: list[list[tuple[str, float]]]) -> None:
    column = votes.make_column(said)
    assert column.dtype == votes.VOTES
    assert column.to_list() == [
        [{"label": label, "weight": weight} for label, weight in of_row] or None for of_row in said
    ]

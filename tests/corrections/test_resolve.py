"""One decision a row: the last of a person, then the majority or the named reviewer, in whatever order."""

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from etl.corrections import Decision, resolve, text_hash
from etl.corrections.decision import Kind
from etl.settings import Corrections

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
HASH = text_hash("그 말을 듣고 한참 웃었다")


def decide(
    by: str,
    label: str | None = None,
    minutes: int = 0,
    kind: Kind | None = None,
    row: str = "a:1",
    text: str = HASH,
) -> Decision:
    return Decision(
        id=row,
        text_hash=text,
        decision=kind or ("relabel" if label else "keep"),
        label=label,
        by=by,
        at=NOON + timedelta(minutes=minutes),
    )  # fmt: skip


def applied(*decisions: Decision, by: Corrections = Corrections()) -> list[tuple[str, list[str]]]:
    return list(resolve(decisions, by).decisions.select("decision", "labels").iter_rows())


def test_the_last_decision_of_a_person_counts() -> None:
    assert applied(decide("kim", "joy", 2), decide("kim", "anger", 1)) == [("relabel", ["joy"])]


def test_an_undo_takes_back_what_was_decided_before() -> None:
    undo = decide("kim", kind="undo", minutes=5)
    assert applied(decide("kim", "joy"), undo) == []
    assert applied(decide("kim", "joy"), undo, decide("kim", "anger", 6)) == [("relabel", ["anger"])]


def test_a_note_changes_nothing() -> None:
    assert applied(decide("kim", "joy"), decide("kim", kind="note", minutes=5)) == [("relabel", ["joy"])]


def test_the_majority_decides() -> None:
    three = [decide("kim", "joy"), decide("lee", "joy"), decide("park", "anger")]
    resolved = resolve(three)
    assert resolved.decisions.select("labels", "by").rows() == [(["joy"], ["kim", "lee"])]
    assert resolved.disagreements.select("labels", "is_applied").rows() == [
        (["anger"], False),
        (["joy"], True),
    ]


def test_without_a_majority_nothing_is_applied() -> None:
    resolved = resolve([decide("kim", "joy"), decide("lee", "anger")])
    assert resolved.decisions.is_empty()
    assert resolved.disagreements["is_applied"].to_list() == [False, False]


def test_the_first_named_reviewer_decides() -> None:
    four = [decide("kim", "joy"), decide("lee", "anger"), decide("park", "joy"), decide("choi", "joy")]
    assert applied(*four, by=Corrections(resolve=("seo", "lee", "kim"))) == [("relabel", ["anger"])]
    assert applied(*four, by=Corrections(resolve=("seo",))) == []
    assert applied(four[0], by=Corrections(resolve=("seo",))) == [("relabel", ["joy"])]


def test_decisions_on_an_earlier_text_do_not_outvote() -> None:
    old = [decide("kim", "joy", text=text_hash("old")), decide("lee", "joy", text=text_hash("old"))]
    resolved = resolve([*old, decide("park", "anger")])
    assert resolved.disagreements.is_empty()
    assert dict(resolved.decisions.select("text_hash", "labels").iter_rows())[HASH] == ["anger"]


def test_labels_of_another_taxonomy_are_left_out() -> None:
    other = msgspec.structs.replace(decide("kim", "positive"), taxonomy="polarity3")
    resolved = resolve([decide("kim", "joy", minutes=-5), other], taxonomy="ko7")
    assert resolved.decisions["labels"].to_list() == [["joy"]]
    assert resolved.other_taxonomy == 1


def test_one_decision_maps_all_rows_of_a_label() -> None:
    maps = [
        Decision(source="table", raw_label="그냥", decision="map_label", label=label, by=by, at=NOON)
        for by, label in (("kim", "neutral"), ("lee", "neutral"), ("park", None))
    ]
    assert applied(*maps) == [("map_label", ["neutral"])]


people = st.sampled_from(["kim", "lee", "park"])
labels = st.sampled_from(["joy", "anger", None])
kinds = st.sampled_from(["drop", "undo", "note", None])
decisions = st.lists(
    st.builds(
        lambda by, label, minutes, kind, row: decide(by, None if kind else label, minutes, kind, row),
        *(people, labels, st.integers(0, 3), kinds, st.sampled_from(["a:1", "a:2"])),
    ),
    max_size=12,
)


@given(decisions, st.randoms(use_true_random=False), st.sampled_from(["majority", ("lee", "kim")]))
def test_the_order_of_lines_does_not_matter(found, random, by) -> None:  # type: ignore[no-untyped-def]
    mixed = random.sample(found, len(found)) + found[:2]  # a line twice is one
    one, other = (resolve(each, Corrections(resolve=by)) for each in (found, mixed))
    assert_frame_equal(one.decisions, other.decisions)
    assert_frame_equal(one.disagreements, other.disagreements)

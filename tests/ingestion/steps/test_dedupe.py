from collections import Counter
from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.decided import decide_rows

from etl.ingestion.steps.records import make_records
from etl.schema import votes
from etl.settings import Dedupe, Labels, Settings

LONG, OTHER = "오늘은 정말 기분이 좋은 하루였다", "어제 본 영화는 끝까지 지루했다"
SPLITS = ("train", "validation", "test")
COLUMNS = ("id", "source", "group", "raw_text", "text", "label", "split", "reason", "detail")
SCHEMA = pl.Schema(dict.fromkeys(COLUMNS, pl.String()) | {votes.COLUMN: votes.VOTES})
Row = dict[str, Any]


def make_row(number: int, text: str = LONG, label: str = "기쁨", split: str = "train", **changes: Any) -> Row:
    """A row whose id and group are its own."""
    row = dict.fromkeys(COLUMNS) | {"id": f"table:{number}", "source": "table", "group": f"g{number}"}
    return row | {"raw_text": text, "text": text, "label": label, "split": split} | changes


def deduped(
    rows: Sequence[Row],
    labels: Labels = "majority",
    batch_rows: int = 20_000,
    n_partitions: int = 1,
    **changes: Any,
) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=SCHEMA)
    chosen = Settings(labels=labels, dedupe=Dedupe(**changes))
    return decide_rows(frame, chosen, batch_rows=batch_rows, n_partitions=n_partitions)


def reasons(*rows: Row, labels: Labels = "majority", **changes: Any) -> list[str | None]:
    return deduped(rows, labels, **changes)["reason"].to_list()


def test_the_first_of_rows_with_the_same_text_and_label_stays() -> None:
    rows = [make_row(1), make_row(2, OTHER), make_row(3), make_row(4)]
    assert reasons(*rows) == [None, None, "duplicate", "duplicate"]
    assert reasons(*rows, duplicates="keep") == [None] * 4


def test_duplicates_are_found_across_corpora() -> None:
    assert reasons(make_row(1), make_row(2, source="kote")) == [None, "duplicate"]


def test_duplicates_go_by_the_cleaned_text() -> None:
    assert reasons(make_row(1), make_row(2, raw_text=f" {LONG} ")) == [None, "duplicate"]
    assert reasons(make_row(1), make_row(2, f"{LONG}!")) == [None, None]


def test_the_same_text_with_different_labels_is_rejected_whole() -> None:
    rows = [make_row(1), make_row(2, label="슬픔"), make_row(3, OTHER, label="슬픔")]
    frame = deduped(rows)
    assert frame["reason"].to_list() == ["conflicting_labels", "conflicting_labels", None]
    assert frame["detail"].to_list() == ["2 different labels for this text in train"] * 2 + [None]
    assert reasons(*rows, conflicts="keep") == [None] * 3


def test_a_duplicate_among_conflicting_rows_is_called_a_duplicate() -> None:
    rows = [make_row(1), make_row(2), make_row(3, label="슬픔")]
    assert reasons(*rows) == ["conflicting_labels", "duplicate", "conflicting_labels"]
    assert reasons(*rows, duplicates="keep") == ["conflicting_labels"] * 3


def test_the_label_of_more_than_half_of_the_rows_may_win() -> None:
    majority = [make_row(1, label="슬픔"), make_row(2), make_row(3)]
    assert reasons(*majority, conflicts="majority") == ["conflicting_labels", None, "duplicate"]
    tie = majority[:2]
    assert reasons(*tie, conflicts="majority") == ["conflicting_labels"] * 2
    half = [*majority, make_row(4, label="분노")]
    assert reasons(*half, conflicts="majority", duplicates="keep") == ["conflicting_labels"] * 4


@pytest.mark.parametrize("split", ["validation", "test"])
def test_validation_and_test_are_never_thinned(split: str) -> None:
    rows = [make_row(1, split=split), make_row(2, split=split), make_row(3, label="슬픔", split=split)]
    assert reasons(*rows) == [None] * 3


def test_duplicates_and_conflicts_across_splits_are_none() -> None:
    rows = [make_row(1, label="슬픔", split="validation"), make_row(2)]
    assert reasons(*rows) == [None, "leak_exact"]


@pytest.mark.parametrize("split", ["validation", "test"])
def test_a_train_row_that_is_also_evaluated_leaks(split: str) -> None:
    frame = deduped([make_row(1), make_row(2, split=split), make_row(3, OTHER)])
    assert frame["reason"].to_list() == ["leak_exact", None, None]
    assert frame["detail"].to_list() == [f"the same raw text is in {split}", None, None]


def test_a_leak_that_differs_in_spelling_only_is_called_normalised() -> None:
    rows = [make_row(1), make_row(2, f"{LONG.replace(' ', '')}!!", split="validation")]
    frame = deduped(rows)
    assert frame["reason"].to_list() == ["leak_normalised", None]
    assert frame["detail"].to_list() == ["the same text, normalised, is in validation", None]
    # The raw text decides what is exact: cleaning made these two equal.
    spaced = [make_row(1), make_row(2, raw_text=f"{LONG} ", split="test")]
    assert reasons(*spaced) == ["leak_normalised", None]


def test_the_detail_names_the_first_split_that_has_the_text() -> None:
    frame = deduped([make_row(1, split="test"), make_row(2, split="validation"), make_row(3)])
    assert frame["detail"].to_list() == [None, None, "the same raw text is in test"]


def test_a_train_row_of_an_evaluated_group_leaks() -> None:
    rows = [
        make_row(1, group="a"),
        make_row(2, OTHER, group="a", split="test"),
        make_row(3, "다른 긴 문장 하나"),
    ]
    frame = deduped(rows)
    assert frame["reason"].to_list() == ["leak_group", None, None]
    assert frame["detail"].to_list() == ["the same group has rows in test", None, None]


# Forty characters without the spaces; a change of one letter changes three of 38 trigrams: 35 / 41.
FORTY = "가나다라 마바사아 자차카타 파하거너 더러머버 서어저처 커터퍼허 고노도로 모보소오 조초코토"
ONE_CHANGED = FORTY.replace("더러머버", "더러머뷁")


@pytest.mark.parametrize("split", ["validation", "test"])
def test_a_train_row_that_is_nearly_an_evaluated_one_leaks(split: str) -> None:
    frame = deduped([make_row(1, FORTY), make_row(2, ONE_CHANGED, split=split), make_row(3, OTHER)])
    assert frame["reason"].to_list() == ["leak_near", None, None]
    assert frame["detail"].to_list() == [
        f"a text in {split} is nearly the same: similarity {35 / 41:.3f} to table:2",
        None,
        None,
    ]


def test_the_detail_of_a_near_leak_names_the_most_similar_text() -> None:
    two_changed = ONE_CHANGED.replace("조초코토", "조초코퉱")
    rows = [
        make_row(1, FORTY, split="test"),
        make_row(2, ONE_CHANGED, split="validation"),
        make_row(3, two_changed),
    ]
    assert (
        deduped(rows)["detail"][2]
        == f"a text in validation is nearly the same: similarity {37 / 39:.3f} to table:2"
    )


def test_how_near_is_near_is_a_setting() -> None:
    rows = [make_row(1, FORTY), make_row(2, ONE_CHANGED, split="test")]
    assert reasons(*rows, near=35 / 41) == ["leak_near", None]
    assert reasons(*rows, near=0.86) == [None, None]
    assert reasons(*rows, near=0) == [None, None]


def test_what_is_near_within_a_split_stays() -> None:
    assert reasons(make_row(1, FORTY), make_row(2, ONE_CHANGED)) == [None, None]
    evaluated = [make_row(1, FORTY, split="validation"), make_row(2, ONE_CHANGED, split="test")]
    assert reasons(*evaluated) == [None, None]


def test_a_rejected_row_is_near_to_nothing() -> None:
    rejected = make_row(2, ONE_CHANGED, split="test", reason="no_key_tokens")
    assert reasons(make_row(1, FORTY), rejected) == [None, "no_key_tokens"]
    rows = [make_row(1, FORTY, reason="bad_row"), make_row(2, ONE_CHANGED, split="test")]
    assert reasons(*rows) == ["bad_row", None]


def test_a_near_leak_comes_after_those_by_the_same_text_and_before_the_group() -> None:
    near = make_row(2, ONE_CHANGED, split="test", group="a")
    assert reasons(make_row(1, FORTY, group="a"), near) == ["leak_near", None]
    assert reasons(make_row(1, FORTY), near, make_row(3, f"{FORTY}!", split="test")) == [
        "leak_normalised",
        None,
        None,
    ]


def test_records_hold_text_only_for_what_may_be_near() -> None:
    rows = [make_row(1, f"{OTHER}!"), make_row(2, "네."), make_row(3, reason="bad_row"), make_row(4, None)]
    frame = pl.DataFrame(rows, schema=SCHEMA)
    assert make_records(frame, Settings()).texts["normalised"].to_list() == [normalised(OTHER)]
    assert "normalised" not in make_records(frame, Settings(dedupe=Dedupe(near=0))).texts.columns


def said(*votes_of_row: tuple[str, float]) -> dict[str, Any]:
    """A row without a majority, or with one, by its votes."""
    largest = max(votes_of_row, key=lambda vote: vote[1])
    label = largest[0] if largest[1] > 0.5 else None
    return {
        "label": label,
        votes.COLUMN: [{"label": name, "weight": weight} for name, weight in votes_of_row],
    }


def test_votes_that_differ_in_weight_are_no_conflict_and_no_duplicate() -> None:
    rows = [
        make_row(1) | said(("기쁨", 0.6), ("슬픔", 0.4)),
        make_row(2) | said(("기쁨", 0.4), ("슬픔", 0.6)),
        make_row(3) | said(("기쁨", 0.6), ("슬픔", 0.4)),
    ]
    assert reasons(*rows, labels="soft") == [None, None, "duplicate"]
    assert reasons(*rows, labels="multi") == [None, "duplicate", "duplicate"], "the same set"
    assert reasons(*rows) == ["conflicting_labels", "conflicting_labels", "duplicate"]


@pytest.mark.parametrize("labels", ["soft", "multi"])
def test_rows_without_a_label_in_common_conflict(labels: Labels) -> None:
    rows = [
        make_row(1) | said(("기쁨", 0.5), ("슬픔", 0.5)),
        make_row(2) | said(("슬픔", 0.5), ("분노", 0.5)),
        make_row(3, label="기쁨"),
    ]
    assert reasons(*rows[:2], labels=labels) == [None, None]
    assert reasons(*rows, labels=labels) == ["conflicting_labels"] * 3
    assert reasons(*rows, labels=labels, conflicts="keep") == [None] * 3
    assert reasons(*rows, labels=labels, conflicts="majority") == [None, None, None], (
        "기쁨 and 슬픔 have two of three"
    )


def test_groups_of_two_corpora_are_not_the_same() -> None:
    assert reasons(make_row(1, group="a"), make_row(2, OTHER, group="a", source="kote", split="test")) == [
        None,
        None,
    ]


def test_a_rejected_row_of_validation_makes_no_leak() -> None:
    rejected = make_row(2, split="validation", group="g1", reason="unknown_label", detail="found '?'")
    frame = deduped([make_row(1), rejected])
    assert frame["reason"].to_list() == [None, "unknown_label"]
    assert frame["detail"].to_list() == [None, "found '?'"]


def test_a_rejected_row_of_train_makes_no_duplicate_and_no_conflict() -> None:
    assert reasons(make_row(1, reason="tagger_error"), make_row(2)) == ["tagger_error", None]
    assert reasons(make_row(1, label="슬픔", reason="tagger_error"), make_row(2)) == ["tagger_error", None]


def test_the_first_reason_wins() -> None:
    rows = [make_row(1), make_row(2, reason="no_key_tokens", detail="0"), make_row(3, split="test")]
    frame = deduped(rows)
    assert frame["reason"].to_list() == ["leak_exact", "no_key_tokens", None]
    # Duplicate, exact, normalised and group at once: the rule that comes first names it.
    rows = [make_row(1), make_row(2, group="a"), make_row(3, OTHER, group="a", split="test")]
    assert reasons(*rows) == [None, "duplicate", None]
    rows = [make_row(1, group="a"), make_row(2, group="a", split="test")]
    assert reasons(*rows) == ["leak_exact", None]


@pytest.mark.parametrize("text", ["네.", "왜?", "아니요 몰라요"])
def test_short_utterances_are_exempt_from_all_that_goes_by_text(text: str) -> None:
    rows = [make_row(1, text), make_row(2, text), make_row(3, text, "슬픔"), make_row(4, text, split="test")]
    assert reasons(*rows) == [None] * 4


def test_short_utterances_are_not_exempt_from_leaking_by_group() -> None:
    rows = [make_row(1, "네.", group="a"), make_row(2, "왜?", group="a", split="validation")]
    assert reasons(*rows) == ["leak_group", None]


@pytest.mark.parametrize("text", ["나 또 왜", "안녕하세요반갑습니다"])
def test_short_means_few_words_and_few_characters(text: str) -> None:
    assert reasons(make_row(1, text), make_row(2, text)) == [None, "duplicate"]


def test_what_is_short_is_a_setting() -> None:
    rows = [make_row(1, "네."), make_row(2, "네.")]
    assert reasons(*rows, short_eojeols=0) == [None, "duplicate"]
    assert reasons(*rows, short_chars=0) == [None, "duplicate"]
    rows = [make_row(1), make_row(2)]
    assert reasons(*rows, short_eojeols=99, short_chars=99) == [None, None]


def test_the_same_id_twice_is_one_row() -> None:
    rows = [make_row(1), make_row(2, OTHER), make_row(1, "네.", split="validation"), make_row(2, OTHER)]
    frame = deduped(rows, duplicates="keep")
    assert frame["reason"].to_list() == [None, None, "duplicate_id", "duplicate_id"]


def test_the_id_of_a_rejected_row_is_free() -> None:
    assert reasons(make_row(1, reason="bad_row"), make_row(1)) == ["bad_row", None]


def test_no_rows_are_no_problem() -> None:
    assert deduped([]).height == 0


# Texts that are equal, equal but for their spelling, and short.
TEXTS = [LONG, f"{LONG}!", LONG.replace(" ", ""), OTHER, "네.", "네 네 네 네", "네네네네", "왜?"]
TEXTS += [LONG + "요", FORTY, ONE_CHANGED, "네 네 네 네 네"]
ROWS = st.lists(
    st.builds(
        lambda number, text, space, label, split, group, source, reason: make_row(
            number, text, label, split, raw_text=text + space, group=group, source=source, reason=reason
        ),
        st.integers(0, 30),
        st.sampled_from(TEXTS),
        st.sampled_from(["", "", " "]),
        st.sampled_from(["기쁨", "슬픔", "분노"]),
        st.sampled_from(["train", "train", "validation", "test"]),
        st.sampled_from(list("abcdefgh")),
        st.sampled_from(["table", "kote"]),
        st.sampled_from([None, None, None, "bad_row"]),
    ),
    max_size=14,
)


def normalised(text: str) -> str:
    return text.translate(str.maketrans("", "", " !?."))


def similarity(*texts: str) -> float:
    one, other = ({text[at : at + 3] for at in range(max(1, len(text) - 2))} for text in texts)
    return len(one & other) / len(one | other)


def is_short(row: Row) -> bool:
    return len(row["text"].split()) < 3 and len(row["text"]) < 10


def mark_by_hand(rows: Sequence[Row], duplicates: str, conflicts: str) -> list[str | None]:
    """The rules of the design, one row at a time."""
    rows = [dict(row) for row in rows]
    ids = set()
    for row in living(rows):
        row["reason"] = "duplicate_id" if row["id"] in ids else None
        ids.add(row["id"])
    mark_train_by_hand([row for row in living(rows, "train") if not is_short(row)], duplicates, conflicts)
    evaluated = living(rows, "validation", "test")
    for row in living(rows, "train"):
        row["reason"] = leak_by_hand(row, evaluated)
    return [row["reason"] for row in rows]


def living(rows: list[Row], *splits: str) -> list[Row]:
    return [row for row in rows if row["reason"] is None and row["split"] in (splits or SPLITS)]


def mark_train_by_hand(rows: list[Row], duplicates: str, conflicts: str) -> None:
    seen: set[tuple[str, str]] = set()
    labels: dict[str, Counter[str]] = {}
    for row in rows:
        labels.setdefault(row["text"], Counter())[row["label"]] += 1
    for row in rows:
        votes = labels[row["text"]]
        wins = conflicts == "majority" and 2 * votes[row["label"]] > votes.total()
        if duplicates == "first" and (row["text"], row["label"]) in seen:
            row["reason"] = "duplicate"
        elif conflicts != "keep" and len(votes) > 1 and not wins:
            row["reason"] = "conflicting_labels"
        seen.add((row["text"], row["label"]))


def leak_by_hand(row: Row, evaluated: list[Row]) -> str | None:
    texts = [other for other in evaluated if not is_short(other) and not is_short(row)]
    if any(other["raw_text"] == row["raw_text"] for other in texts):
        return "leak_exact"
    if any(normalised(other["text"]) == normalised(row["text"]) for other in texts):
        return "leak_normalised"
    if any(similarity(normalised(other["text"]), normalised(row["text"])) >= 0.8 for other in texts):
        return "leak_near"
    groups = {(other["source"], other["group"]) for other in evaluated}
    return "leak_group" if (row["source"], row["group"]) in groups else None


@pytest.mark.slow
@settings(max_examples=35)
@given(
    ROWS,
    st.sampled_from(["first", "keep"]),
    st.sampled_from(["reject", "majority", "keep"]),
    st.integers(1, 15),
    st.sampled_from([1, 2, 8]),
)
def test_the_rules_applied_to_partitions_are_the_rules_applied_by_hand(
    rows: list[Row], duplicates: str, conflicts: str, batch_rows: int, n_partitions: int
) -> None:
    found = reasons(
        *rows, duplicates=duplicates, conflicts=conflicts, batch_rows=batch_rows, n_partitions=n_partitions
    )
    assert found == mark_by_hand(rows, duplicates, conflicts)


@settings(max_examples=12)
@given(ROWS)
def test_rows_keep_their_order_and_every_mark_its_detail(rows: list[Row]) -> None:
    frame = deduped(rows)
    assert frame["label"].to_list() == [row["label"] for row in rows]
    is_new = [row["reason"] is None for row in rows]
    assert (frame.filter(is_new)["reason"].is_null() == frame.filter(is_new)["detail"].is_null()).all()


# A few letters in sentences long enough to count: much is nearly the same, little is the same.
ALIKE = st.text("가나다 ", min_size=10, max_size=30).map(lambda text: " ".join(text.split())).filter(bool)


@settings(max_examples=20)
@given(
    st.lists(st.tuples(ALIKE, st.sampled_from(SPLITS)), max_size=20),
    st.sampled_from([0.3, 0.5, 0.8, 1.0]),
    st.sampled_from(["first", "keep"]),
)
def test_no_living_train_row_is_near_an_evaluated_one(
    drawn: list[tuple[str, str]], near: float, duplicates: str
) -> None:
    rows = [make_row(number, text, split=split) for number, (text, split) in enumerate(drawn)]
    frame = deduped(rows, near=near, duplicates=duplicates)
    for row, reason in zip(rows, frame["reason"], strict=True):
        row["reason"] = reason
    assert not any(row["reason"] for row in rows if row["split"] != "train")
    long = [row for row in living(rows) if not is_short(row)]
    for train in living(long, "train"):
        for evaluated in living(long, "validation", "test"):
            assert similarity(normalised(train["text"]), normalised(evaluated["text"])) < near

from functools import cache
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.ingestion.steps.relabel import relabel
from etl.schema import taxonomy

load = cache(taxonomy.load)


def relabelled(*rows: tuple[str, str | None], name: str = "ko7") -> pl.DataFrame:
    frame = pl.DataFrame(
        [(*row, None, None, None) for row in rows],
        schema=dict.fromkeys(["source", "raw_label", "split", "reason", "detail"], pl.String),
        orient="row",
    )
    return relabel(frame, load(name))


def one(source: str, raw_label: str | None, name: str = "ko7") -> dict[str, Any]:
    return relabelled((source, raw_label), name=name).row(0, named=True)


def test_a_label_of_the_corpus_becomes_a_target() -> None:
    assert one("keti-dialogue", "행복")["label"] == "기쁨"
    assert one("keti-dialogue", " 행복 ")["label"] == "기쁨"


def test_the_raw_label_stays_as_it_was_read() -> None:
    assert one("keti-dialogue", " 행복 ")["raw_label"] == " 행복 "


def test_an_alias_is_understood_and_named() -> None:
    row = one("keti-dialogue", "중림")
    assert (row["label"], row["alias"], row["reason"]) == ("중립", ["중림"], None)
    assert one("keti-dialogue", "중립")["alias"] is None


@pytest.mark.parametrize("raw_label", [None, "", "  "])
def test_a_blank_label_is_missing(raw_label: str | None) -> None:
    row = one("keti-dialogue", raw_label)
    assert (row["label"], row["reason"]) == (None, "missing_label")


def test_an_unknown_label_is_named_and_never_guessed() -> None:
    row = one("keti-dialogue", "ㅍ")
    assert (row["label"], row["reason"]) == (None, "unknown_label")
    assert "ㅍ" in str(row["detail"])


def test_votes_without_a_majority_are_ambiguous() -> None:
    assert one("aihub-speech", "Angry,Angry,Angry,Sadness,Fear")["label"] == "분노"
    assert one("aihub-speech", "Angry,Angry,Sadness,Sadness,Fear")["reason"] == "label_ambiguous"


def test_a_label_that_the_taxonomy_maps_to_nothing_is_rejected_by_name() -> None:
    row = one("nsmc", "label:0", name="ko7")
    assert (row["label"], row["reason"]) == (None, "label_not_in_taxonomy")
    assert one("nsmc", "label:0", name="polarity3")["label"] == "부정"


def test_the_same_label_means_another_thing_in_another_corpus() -> None:
    frame = relabelled(("kote", "1"), ("chatbot", "1"), ("kote", "1"), name="polarity3")
    assert frame["label"].to_list() == ["긍정", "부정", "긍정"]


def test_a_table_may_use_the_targets_themselves() -> None:
    assert one("table", "기쁨")["label"] == "기쁨"
    assert one("table", "행복감")["reason"] == "unknown_label"


def test_letters_in_full_width_are_the_letters_in_a_table() -> None:
    row = one("table", "ＪＯＹ，기쁨")
    assert (row["label"], row["alias"]) == ("기쁨", ["ＪＯＹ"])


def test_the_words_of_known_corpora_are_understood_in_a_table_as_aliases() -> None:
    row = one("table", "['행복', 'Joy', '상처/가난한, 불우한']")
    assert (row["label"], row["alias"]) == ("기쁨", ["행복", "Joy", "상처/가난한, 불우한"])


def test_a_reason_that_is_there_is_kept() -> None:
    frame = pl.DataFrame(
        {
            "source": ["table"],
            "raw_label": ["?"],
            "split": ["train"],
            "reason": ["empty_text"],
            "detail": ["0 raw characters"],
        }
    )
    row = relabel(frame, load("ko7")).row(0, named=True)
    assert (row["reason"], row["detail"]) == ("empty_text", "0 raw characters")


LABELS = st.sampled_from(["기쁨", "슬픔", "행복", "중림", "ㅍ", "", None, "1", "0"]) | st.text(max_size=5)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(["table", "keti-dialogue", "nsmc", "kote"]), LABELS), max_size=12))
def test_rows_keep_their_order_and_have_either_a_label_or_a_reason(
    rows: list[tuple[str, str | None]],
) -> None:
    frame = relabelled(*rows)
    assert frame.select("source", "raw_label").rows() == rows
    assert (frame["label"].is_null() == frame["reason"].is_not_null()).all()
    assert frame["label"].drop_nulls().is_in(load("ko7").targets).all()
    assert frame["label"].to_list() == [one(*row)["label"] for row in rows]

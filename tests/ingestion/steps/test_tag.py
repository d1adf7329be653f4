import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from etl.ingestion.steps.clean import clean
from etl.ingestion.steps.tag import tag
from etl.settings import Clean

BLANKS = " \t\n\r\x00\u00a0\u00ad\u115f\u1160\u200b\u200d\u2800\u3000\u3164\ufe0f\ufeff\uffa0"


class Recorder:
    """A tagger that cuts at spaces, fails on what holds `?`, and remembers what it was given."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, texts: pl.Series) -> pl.DataFrame:
        self.texts += texts.to_list()
        is_bad = pl.col("text").str.contains("?", literal=True)
        tokens = pl.when(is_bad).then(pl.lit([], pl.List(pl.String))).otherwise(pl.col("text").str.split(" "))
        return pl.DataFrame({"text": texts}, schema={"text": pl.String}).select(
            "text",
            tokens=tokens,
            tags=tokens.list.eval(pl.lit("Word")),
            problem=pl.when(is_bad).then(pl.lit("tagger_error")),
            found=pl.when(is_bad).then(pl.lit("no questions")),
        )


def tagged(texts: list[str], reasons: list[str | None]) -> tuple[pl.DataFrame, Recorder]:
    recorder = Recorder()
    frame = pl.DataFrame(
        {"text": texts, "reason": reasons, "detail": reasons},
        schema=dict.fromkeys(["text", "reason", "detail"], pl.String),
    )
    return tag(frame, recorder), recorder


def test_each_distinct_sentence_is_tagged_once_and_every_row_gets_its_tokens() -> None:
    frame, recorder = tagged(["나 간다", "너 와", "나 간다"], [None] * 3)
    assert recorder.texts == ["나 간다", "너 와"]
    assert frame["tokens"].to_list() == [["나", "간다"], ["너", "와"], ["나", "간다"]]
    assert frame["tags"].list.len().to_list() == [2, 2, 2]


def test_a_row_with_a_reason_is_not_tagged() -> None:
    frame, recorder = tagged(["나 간다", ""], [None, "empty_text"])
    assert recorder.texts == ["나 간다"]
    assert frame["tokens"].to_list() == [["나", "간다"], None]
    assert frame["reason"].to_list() == [None, "empty_text"]


def test_a_rejected_row_with_the_text_of_a_living_one_gets_no_tokens() -> None:
    frame, _ = tagged(["나 간다", "나 간다"], [None, "missing_label"])
    assert frame["tokens"].to_list() == [["나", "간다"], None]
    assert frame["tags"].to_list() == [["Word", "Word"], None]


@given(st.lists(st.tuples(st.sampled_from(["나 간다", "너 와", "왜?"]), st.sampled_from([None, "bad_row"]))))
def test_tagging_every_sentence_is_tagging_each_distinct_one(rows: list[tuple[str, str | None]]) -> None:
    schema = dict.fromkeys(["text", "reason", "detail"], pl.String)
    frame = pl.DataFrame([(*row, row[1]) for row in rows], schema=schema, orient="row")
    recorder = Recorder()
    assert_frame_equal(tag(frame, recorder, is_cheap=True), tag(frame, Recorder()))
    assert recorder.texts == [text for text, reason in rows if reason is None]


def test_a_sentence_that_the_tagger_fails_on_is_marked_alone() -> None:
    frame, _ = tagged(["나 간다", "왜?", "너 와"], [None] * 3)
    assert frame["reason"].to_list() == [None, "tagger_error", None]
    assert frame["detail"].to_list() == [None, "no questions", None]


@given(st.lists(st.text(BLANKS + "가?ㅋ", max_size=6) | st.none(), max_size=8))
def test_a_blank_sentence_never_reaches_a_tagger(raw_texts: list[str | None]) -> None:
    frame = pl.DataFrame(
        {"raw_text": raw_texts, "reason": None, "detail": None},
        schema=dict.fromkeys(["raw_text", "reason", "detail"], pl.String),
    )
    recorder = Recorder()
    frame = tag(clean(frame, Clean()), recorder)
    assert all(text.strip(BLANKS) for text in recorder.texts)
    assert frame["raw_text"].to_list() == raw_texts
    is_blank = [not (text or "").strip(BLANKS) for text in raw_texts]
    assert (frame["reason"] == "empty_text").fill_null(value=False).to_list() == is_blank
